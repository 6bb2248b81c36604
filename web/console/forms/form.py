"""A form: the stored values, what was typed over them, and the errors of both."""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from core.api.errors import ErrorResponse
from core.humanize import label_of
from web.console.forms.widgets import (
    OMITTED,
    UnreadableInput,
    Widget,
    digest_of,
    get_value,
    kind_of,
    normalize_newlines,
    set_value,
    text_of,
)

# Fields of a page that are the form's own. `seen` holds a digest of each value that the form showed.
RESERVED = frozenset({"at_most", "csrfmiddlewaretoken", "key", "seen", "version"})
Parts = Mapping[str, type[serializers.Serializer]]


class Form:
    """`initial` holds the stored values; None for something new, which begins with `defaults`. Only what was changed is
    submitted, and what is `fixed`."""

    def __init__(
        self,
        widgets: list[Widget],
        initial: Mapping[str, Any] | None,
        *,
        defaults: Mapping[str, Any] | None = None,
        fixed: Mapping[str, str] | None = None,
    ) -> None:
        self.widgets, self.is_new, self.fixed = widgets, initial is None, dict(fixed or {})
        self.unknown: dict[str, str] = {}
        self.errors: list[str] = []
        for widget in widgets:
            value = (defaults or {}).get(widget.name) if initial is None else get_value(initial, widget.name)
            widget.initial = text_of(widget.kind, value)
            if widget.kind == "line" and "\n" in widget.initial:
                widget.kind = "text"  # one line would lose the others
            if widget.kind == "reference" and widget.lookup and widget.initial and widget.is_visible:
                widget.initial = widget.lookup.name_for(widget.initial)
            widget.text = widget.initial

    def bind(self, post: QueryDict) -> None:
        """Read what was typed. Whatever differs from the digest of what the form showed has been changed."""
        seen = _digests(post.get("seen", ""))
        labels = [widget.label for widget in self.widgets if widget.has_own_action and widget.name in post]
        self.errors += [f"{label} cannot be changed here. Use the button on its page." for label in labels]
        for widget in self.widgets:
            self._bind(widget, post, seen)
        known = {widget.name for widget in self.widgets} | set(self.fixed)
        extra = {f"{widget.name}.{suffix}" for widget in self.widgets for suffix in ("pick", "drop")}
        self.unknown = {name: str(post[name]) for name in post if name not in known | extra | RESERVED}

    def _bind(self, widget: Widget, post: QueryDict, seen: Mapping[str, str]) -> None:
        picked = post.get(f"{widget.name}.pick", "")
        text = normalize_newlines(picked or post.get(widget.name, ""))
        widget.is_cleared = widget.is_clearable and f"{widget.name}.drop" in post
        is_sent = widget.name in post or (widget.kind == "flag" and widget.name in seen)
        before = digest_of("") if self.is_new else seen.get(widget.name)
        is_typed = bool(picked) or (is_sent and digest_of(text) != before)
        widget.is_changed = widget.is_cleared or is_typed or (self.is_new and widget.is_visible)
        if widget.is_changed:
            widget.text = text
            is_outdated = not self.is_new and before not in (None, widget.digest)
            widget.current_value = widget.initial if is_outdated and widget.kind != "secret" else None

    @property
    def parts(self) -> set[str]:
        return {widget.part for widget in self.widgets if widget.part}

    @property
    def changed_data(self) -> set[str]:
        return {widget.name for widget in self.widgets if widget.is_changed}

    def data(self) -> dict[str, Any]:
        """The input for the serializer. What is nested is submitted as a whole, or not at all."""
        data: dict[str, Any] = {}
        changed_parts = {widget.part for widget in self.widgets if widget.is_changed and widget.part}
        for widget in self.widgets:
            if not widget.is_changed and widget.part not in changed_parts:
                continue
            try:
                value = widget.value()
            except UnreadableInput as error:
                widget.errors.append(str(error))
                continue
            if value is not OMITTED:
                set_value(data, widget.name, value)
            elif not self.is_new and widget.kind != "secret":
                widget.errors.append(widget.required_message)
        for part in self.parts if self.is_new else changed_parts:
            data.setdefault(part, {})
        return data | self.fixed | self.unknown

    def add_errors(self, response: ErrorResponse, *, unique: Iterable[str] = (), exclude: Container[str] = ()) -> None:
        """Put each error beside its field, except for those of `exclude`; what concerns no field, above them all."""
        if isinstance(response.detail, list):
            for error in response.detail:
                if ".".join(map(str, error["loc"][1:])) not in exclude:
                    self._add_error(tuple(error["loc"][1:]), error["msg"])
            return
        message = str(response.detail)
        name = next((name for name in unique if message.startswith(f"This {name} is taken")), "")
        self._add_error((name,) if name else (), message)

    def _add_error(self, loc: tuple[str | int, ...], message: str) -> None:
        message = re.sub(r"\bemail\b", "e-mail", message)
        by_name = {widget.name: widget for widget in self.widgets if widget.is_visible}
        for length in range(len(loc), 0, -1):
            widget = by_name.get(".".join(map(str, loc[:length])))
            if widget:
                line = next((f"Line {each + 1}: " for each in loc[length:] if isinstance(each, int)), "")
                widget.errors.append(f"{line}{message}")
                return
        self.errors.append(f"{'.'.join(map(str, loc))}: {message}" if loc else message)

    @property
    def visible_widgets(self) -> list[Widget]:
        return [widget for widget in self.widgets if widget.is_visible]

    @property
    def invalid_widgets(self) -> list[Widget]:
        return [widget for widget in self.visible_widgets if widget.errors]

    @property
    def has_errors(self) -> bool:
        return bool(self.errors or self.invalid_widgets)

    @property
    def digests(self) -> str:
        return json.dumps({widget.name: widget.digest for widget in self.visible_widgets})


def fields_of(serializer: type[serializers.Serializer], parts: Parts) -> Iterator[tuple[str, serializers.Field]]:
    for name, field in serializer().fields.items():
        if name in parts:
            yield from ((f"{name}.{each}", nested) for each, nested in parts[name]().fields.items())
        else:
            yield name, field


def widget_of(name: str, field: serializers.Field, *, is_new: bool) -> Widget:
    choices = [(str(value), label_of(str(value))) for value in getattr(field, "choices", {})]
    return Widget(name, field, kind_of(field), is_new, choices=choices)


def _digests(text: str) -> dict[str, str]:
    try:
        digests = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in digests.items()} if isinstance(digests, dict) else {}
