"""Filters that parse query parameters strictly and describe them in the schema."""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from enum import Enum
from functools import cache, cached_property
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, Value

from core.ids import NIL_ID, Prefix, decode_id
from core.networks import IsWithin, Network, network

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_FLAGS = dict.fromkeys(("1", "on", "t", "true", "y", "yes"), True) | dict.fromkeys(
    ("0", "off", "f", "false", "n", "no"), False
)
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_UP_TO_128 = r"(12[0-8]|1[01][0-9]|[1-9]?[0-9])"
NETWORKS = [
    rf"^{_OCTET}(\.{_OCTET}){{3}}/(3[0-2]|[12]?[0-9])$",
    rf"^([0-9a-f]{{1,4}}:){{1,7}}:/{_UP_TO_128}$",
    rf"^([0-9a-f]{{1,4}}:){{7}}[0-9a-f]{{1,4}}/{_UP_TO_128}$",
]

# Ids are made in the order of time: one key to sort by and to resume from.
IN_TIME: Mapping[str, tuple[str, ...]] = {"created_at": ("id",)}
BY_NAME = {**IN_TIME, "name": ("name", "id")}

Schema = dict[str, Any]


class Filter(django_filters.Filter):
    """A filter with its own schema. The label is its description there."""

    schema: ClassVar[Schema] = {"type": "string"}

    def parameter(self) -> Schema:
        return self.schema


class Form:
    """The values of a query, parsed by the fields of a filter set.

    Django's own form copies all of its fields for each request, the few that the query names and the others.
    """

    def __init__(self, fields: Mapping[str, forms.Field], data: Mapping[str, str]) -> None:
        self.cleaned_data: dict[str, Any] = dict.fromkeys(fields)
        self.errors: dict[str, list[ValidationError]] = {}
        for name, text in data.items():
            try:
                self.cleaned_data[name] = fields[name].clean(text)
            except ValidationError as error:
                self.errors[name] = error.error_list


class FilterSet(django_filters.FilterSet):
    """Copies its filters when it filters, and not before: what is compiled already only needs to know the values.

    `ordering_fields` are what a list can be sorted by, each with the columns that it stands for; the first, backwards,
    is the default. Without any, the action is no list but takes filters all the same.
    """

    ordering_fields: ClassVar[Mapping[str, tuple[str, ...]]] = IN_TIME

    def __init__(self, data: Mapping[str, str], queryset: Any) -> None:
        self.data, self.queryset, self.is_bound = data, queryset, True

    @classmethod
    def orderings(cls) -> list[str]:
        """The values of the parameter `ordering`, the default first."""
        return [f"{sign}{name}" for name in cls.ordering_fields for sign in ("-", "")]

    @cached_property
    def form(self) -> Form:
        filter_set: Any = type(self)
        return Form(_fields(filter_set), self.data)

    @cached_property
    def filters(self) -> dict[str, Filter]:
        filters: dict[str, Filter] = deepcopy(self.base_filters)
        for each in filters.values():
            each.model, each.parent = self.queryset.model, self
        return filters


@cache
def _fields(filter_set: Any) -> dict[str, forms.Field]:
    return {name: each.field for name, each in deepcopy(filter_set.base_filters).items()}


class TextFilter(Filter):
    field_class = forms.CharField

    def __init__(self, *args: Any, max_length: int = 100, **options: Any) -> None:
        super().__init__(*args, max_length=max_length, **options)

    def parameter(self) -> Schema:
        return {"type": "string", "maxLength": self.extra["max_length"], "pattern": r"^[^\u0000]*$"}


class ParsedField(forms.CharField):
    """Text that `parse` converts. A ValueError of `parse` becomes an error message."""

    def __init__(self, *, parse: Callable[[str], Any], expected: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.parse, self.expected = parse, expected

    def clean(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return self.parse(super().clean(value))
        except (ValueError, OverflowError) as error:
            raise ValidationError(f"Input should be {self.expected}", code="invalid") from error


class ParsedFilter(Filter):
    field_class = ParsedField


class IdFilter(ParsedFilter):
    """An id. A malformed id, or one of another kind, matches nothing."""

    schema = {"type": "string", "maxLength": 64, "pattern": r"^[^\u0000]*$"}

    def __init__(self, prefix: Prefix, field_name: str | None = None, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(field_name, max_length=64, parse=lambda text: decode_id(prefix, text) or NIL_ID, **options)


class ChoiceFilter(ParsedFilter):
    """One of the values of an enum."""

    def __init__(self, values: type[Enum], field_name: str | None = None, **options: Any) -> None:
        self.values = [str(choice.value) for choice in values]
        super().__init__(field_name, parse=values, expected=f"one of {', '.join(self.values)}", **options)

    def parameter(self) -> Schema:
        return {"type": "string", "enum": self.values}


class BooleanFilter(ParsedFilter):
    def __init__(self, *args: Any, default: bool, **options: Any) -> None:
        super().__init__(*args, parse=flag, expected="true or false", **options)
        self.default = default

    def parameter(self) -> Schema:
        return {"type": "boolean", "default": self.default}


class DateTimeFilter(ParsedFilter):
    """A time in RFC 3339 format. Without an offset, it is UTC."""

    schema = {"type": "string", "format": "date-time"}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, parse=moment, expected="a time such as 2026-01-31T12:00:00Z", **options)


class NetworkFilter(ParsedFilter):
    """An IP address, or any address in a network."""

    schema = {
        "type": "string",
        "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}, *({"pattern": pattern} for pattern in NETWORKS)],
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, parse=network, expected="an address, or a network such as 192.0.2.0/24", **options)

    def filter(self, rows: Any, value: Network | None) -> Any:
        return rows.filter(IsWithin(F(self.field_name), Value(str(value)))) if value else rows


def flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise ValueError(text)
    return _FLAGS[text.lower()]


def moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    parsed = datetime.fromisoformat(text.upper())
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
