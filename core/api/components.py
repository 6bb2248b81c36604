"""Components of the console's pages."""

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
    """A button that submits the form with this id, with one value."""

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
    """A short coloured label. `kind` is one of Unfold's: success, warning, danger, info."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class DefinitionList:
    """A list of names and values. Empty values are left out."""

    title: str
    rows: Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str = "None."
    more: Link | None = None

    @property
    def labelled_rows(self) -> list[list[tuple[str, Any]]]:
        """The cells with their columns' headings, which a phone shows beside each cell."""
        return [list(zip(self.head, row, strict=True)) for row in self.rows]


def time_tag(moment: datetime | None) -> str:
    """Format a time to the minute, for a list whose heading says that it is UTC."""
    if moment is None:
        return ""
    written = f"{moment:%Y-%m-%d %H:%M}"
    return format_html('<time class="console-time" datetime="{}">{}</time>', moment.isoformat(), written)
