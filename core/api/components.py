"""What the console's pages are put together of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import format_html


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str

    def __str__(self) -> str:
        return format_html('<a class="console-link" href="{}">{}</a>', self.url, self.text)


@dataclass(frozen=True, slots=True)
class Button:
    """Sends the form of that id, with this one value."""

    text: str
    form: str
    name: str
    value: str
    about: str

    def __str__(self) -> str:
        drawn = '<button class="console-button small" form="{}" name="{}" value="{}" aria-label="{}">{}</button>'
        return format_html(drawn, self.form, self.name, self.value, f"{self.text}: {self.about}", self.text)


@dataclass(frozen=True, slots=True)
class Badge:
    """One word that tells good from bad at a glance; `kind` is Unfold's: success, warning, danger, info."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class DefinitionList:
    """What is known of something, line by line. What is not known has no line."""

    title: str
    rows: Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str = "None."
    more: Link | None = None


def time_tag(moment: datetime | None) -> str:
    """To the minute, for a list whose head says that it is UTC."""
    if moment is None:
        return ""
    written = f"{moment:%Y-%m-%d %H:%M}"
    return format_html('<time class="console-time" datetime="{}">{}</time>', moment.isoformat(), written)
