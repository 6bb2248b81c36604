"""Addresses in bodies."""

from collections.abc import Callable
from typing import Any

from core import addresses
from core.fields import Text


class Url(Text):
    """An address that `meaning` takes, to the letter."""

    default_error_messages = {"address": "This cannot be used: {why}"}
    meaning: Callable[[str], str]

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=addresses.LONGEST, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return type(self).meaning(text)
        except ValueError as error:
            self.fail("address", why=error)


class RedirectUri(Url):
    meaning = staticmethod(addresses.redirect_uri)


class WebOrigin(Url):
    meaning = staticmethod(addresses.origin)


class FetchedUrl(Url):
    """One that this server will ask for."""

    meaning = staticmethod(addresses.fetched_url)
