"""Strict serializer fields: no implicit conversion from one type to another."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from django.core.validators import RegexValidator
from django.db.models import TextChoices
from rest_framework import serializers

from core import addresses, ids, public_urls
from core.ids import NIL_ID, Prefix, decode_id, encode_id
from core.jsonb import MAX_EXACT_INTEGER, normalize

MAX_DEPTH, MAX_BYTES = 16, 65_536
SLUG = RegexValidator(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z", "Lowercase letters and digits, with hyphens between them")
SCOPE_TOKEN = RegexValidator(r"^[!#-\[\]-~]+\Z", "Printable ASCII characters without space, quote or backslash")


class StrictString(serializers.CharField):
    """A string that is not blank and has no NUL, which PostgreSQL cannot store. Numbers are not converted."""

    pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Url(StrictString):
    """An address that `meaning` takes, to the letter."""

    default_error_messages = {"address": "This cannot be used: {why}"}
    meaning: Callable[[str], str]

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=addresses.MAX_LENGTH, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return type(self).meaning(text)
        except ValueError as error:
            self.fail("address", why=error)


class RedirectUri(Url):
    pattern = r"^https?://[!$&-)+-;=?-Z_a-z~%\[\]]+$"
    meaning = staticmethod(addresses.redirect_uri)


class WebOrigin(Url):
    pattern = r"^https?://[0-9a-z.:\[\]-]+$"
    meaning = staticmethod(addresses.origin)


class FetchedUrl(StrictString):
    pattern = r"^https://([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*(:(443|8443))?([/?][!$-)+-;=?-Z_a-z~]*)?$"
    default_error_messages = {"address": "This URL cannot be used: {why}"}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=public_urls.MAX_LENGTH, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return public_urls.public_https_url(text)
        except ValueError as error:
            self.fail("address", why=error)


class OptionalText(StrictString):
    """Text that may be empty and is not trimmed."""

    pattern = r"^[^\u0000]*$"

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **options)


class Secret(StrictString):
    """A secret, not trimmed. Its length is limited, since hashing is expensive."""

    pattern = r"^[^\u0000]+$"

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=1024, trim_whitespace=False, write_only=True, **options)


class StrictBoolean(serializers.BooleanField):
    """True or false. Strings and numbers are not converted."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictInteger(serializers.IntegerField):
    """An integer. Strings and booleans are not converted; 3.0 is accepted."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is float and data.is_integer():
            data = int(data)
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictChoice(serializers.ChoiceField):
    """One of the given values, in exactly this spelling."""

    def __init__(self, choices: type[TextChoices], **options: Any) -> None:
        super().__init__(choices=choices.choices, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", input=data)
        return data


class Slug(StrictString):
    pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"

    def __init__(self, *, max_length: int = 63, **options: Any) -> None:
        super().__init__(max_length=max_length, trim_whitespace=False, validators=[SLUG], **options)


class ScopeToken(StrictString):
    """OAuth scopes (RFC 6749, appendix A.4): printable characters except space, quote and backslash."""

    pattern = r"^[!#-\[\]-~]+$"

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, trim_whitespace=False, validators=[SCOPE_TOKEN], **options)


class UniqueList(serializers.ListField):
    """A list without duplicates."""

    default_error_messages = {"repeated": "The list contains duplicates"}

    def __init__(self, child: serializers.Field, *, most: int, **options: Any) -> None:
        super().__init__(child=child, max_length=most, **options)

    def to_internal_value(self, data: Any) -> list[Any]:
        values = super().to_internal_value(data)
        if len(set(values)) < len(values):
            self.fail("repeated")
        return values


class Email(serializers.EmailField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(data)
        if self.max_length and len(text.lower()) > self.max_length:  # as stored: some letters become two in lower case
            self.fail("max_length", max_length=self.max_length)
        return text


class IdText(StrictString):
    """An id that stays text."""

    def __init__(self, prefix: Prefix, **options: Any) -> None:
        super().__init__(max_length=64, **options)
        self.prefix, self.pattern = prefix, ids.pattern(prefix)


class IdField(StrictString):
    """An id. A malformed one is decoded to NIL_ID, so that it is refused like an unknown one."""

    def __init__(self, prefix: Prefix, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)
        self.prefix, self.pattern = prefix, ids.pattern(prefix)

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if "\0" in text:
            self.fail("invalid")
        return decode_id(self.prefix, text) or NIL_ID

    def to_representation(self, value: Any) -> str:
        return encode_id(self.prefix, value)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return NIL_ID if data == "" else super().run_validation(data)


class JsonObject(serializers.DictField):
    """A JSON object of the caller, stored unchanged. Values that jsonb cannot represent exactly are refused."""

    default_error_messages = {
        "inexact": f"Numbers must be between -{MAX_EXACT_INTEGER} and {MAX_EXACT_INTEGER}",
        "too_deep": f"At most {MAX_DEPTH} levels of nesting",
        "too_large": f"At most {MAX_BYTES} bytes",
        "unreadable": "Text must not contain NUL or unpaired surrogates",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        for leaf in _leaves(data, self):
            match leaf:
                case str() if "\0" in leaf or any("\ud800" <= letter <= "\udfff" for letter in leaf):
                    self.fail("unreadable")
                case int() | float() if abs(leaf) > MAX_EXACT_INTEGER:
                    self.fail("inexact")
        if len(orjson.dumps(data)) > MAX_BYTES:
            self.fail("too_large")
        return normalize(data)


def _leaves(value: Any, field: JsonObject, depth: int = 1) -> Iterator[Any]:
    if depth > MAX_DEPTH:
        field.fail("too_deep")
    match value:
        case dict():
            for name, each in value.items():
                yield name
                yield from _leaves(each, field, depth + 1)
        case list():
            for each in value:
                yield from _leaves(each, field, depth + 1)
        case _:
            yield value


def one_of(*shapes: dict[str, Any]) -> dict[str, Any]:
    """Return the rule that a body has one of these shapes.

    As a condition, validators apply it and code generators ignore it; a plain `anyOf` would generate a type per shape.
    """
    return {"if": {"type": "object"}, "then": {"anyOf": list(shapes)}}
