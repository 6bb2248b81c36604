"""A form as it stands and as it was typed, what of it was touched, and what is wrong with it."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from core.api.errors import ErrorResponse
from web.console.forms.widgets import LEFT_OUT, Unread, Widget, digest_of, kind_of, plain, put, text_of, within

OURS = frozenset({"at_most", "csrfmiddlewaretoken", "key", "seen", "version"})
Parts = Mapping[str, type[serializers.Serializer]]


class Form:
    """`now` is what v1 says of the thing; None, if there is none yet: then it begins with what is usual. Only what was
    touched is sent, and what is `fixed`."""

    def __init__(
        self,
        controls: list[Widget],
        now: Mapping[str, Any] | None,
        *,
        usual: Mapping[str, Any] | None = None,
        fixed: Mapping[str, str] | None = None,
    ) -> None:
        self.controls, self.is_new, self.fixed = controls, now is None, dict(fixed or {})
        self.unknown: dict[str, str] = {}
        self.wrong: list[str] = []
        for control in controls:
            value = (usual or {}).get(control.name) if now is None else within(now, control.name)
            control.now = text_of(control.kind, value)
            if control.kind == "line" and "\n" in control.now:
                control.kind = "text"  # one line would lose the others
            if control.kind == "reference" and control.choice and control.now and control.is_shown:
                control.now = control.choice.named(control.now)
            control.text = control.now

    def read(self, said: QueryDict) -> None:
        """What was typed, and what of it is news: what was shown came with a digest of itself."""
        seen = _seen(said.get("seen", ""))
        elsewhere = [control.label for control in self.controls if control.is_elsewhere and control.name in said]
        self.wrong += [f"{label} cannot be changed here. Use the button on its page." for label in elsewhere]
        for control in self.controls:
            self._take(control, said, seen)
        known = {control.name for control in self.controls} | set(self.fixed)
        more = {f"{control.name}.{end}" for control in self.controls for end in ("pick", "drop")}
        self.unknown = {name: str(said[name]) for name in said if name not in known | more | OURS}

    def _take(self, control: Widget, said: QueryDict, seen: Mapping[str, str]) -> None:
        picked = said.get(f"{control.name}.pick", "")
        typed = plain(picked or said.get(control.name, ""))
        control.is_dropped = control.is_droppable and f"{control.name}.drop" in said
        is_there = control.name in said or (control.kind == "flag" and control.name in seen)
        before = digest_of("") if self.is_new else seen.get(control.name)
        is_typed = bool(picked) or (is_there and digest_of(typed) != before)
        control.is_touched = control.is_dropped or is_typed or (self.is_new and control.is_shown)
        if control.is_touched:
            control.text = typed
            is_news = not self.is_new and before not in (None, control.digest)
            control.by_now = control.now if is_news and control.kind != "secret" else None

    @property
    def parts(self) -> set[str]:
        return {control.part for control in self.controls if control.part}

    @property
    def touched(self) -> set[str]:
        return {control.name for control in self.controls if control.is_touched}

    def body(self) -> dict[str, Any]:
        """As v1 takes it. What is nested goes whole, or not at all."""
        body: dict[str, Any] = {}
        whole = {control.part for control in self.controls if control.is_touched and control.part}
        for control in self.controls:
            if not control.is_touched and control.part not in whole:
                continue
            try:
                value = control.value()
            except Unread as error:
                control.wrong.append(str(error))
                continue
            if value is not LEFT_OUT:
                put(body, control.name, value)
            elif not self.is_new and control.kind != "secret":
                control.wrong.append(control.required_words)
        for part in self.parts if self.is_new else whole:
            body.setdefault(part, {})
        return body | self.fixed | self.unknown

    def blame(self, refusal: ErrorResponse, *, unique: Iterable[str] = (), but: Container[str] = ()) -> None:
        """Each flaw beside its field, `but` those that are known; what is about none of them, above them all."""
        if isinstance(refusal.words, list):
            for flaw in refusal.words:
                if ".".join(map(str, flaw["loc"][1:])) not in but:
                    self._blame(tuple(flaw["loc"][1:]), flaw["msg"])
            return
        words = str(refusal.words)
        name = next((name for name in unique if words.startswith(f"This {name} is taken")), "")
        self._blame((name,) if name else (), words)

    def _blame(self, where: tuple[str | int, ...], words: str) -> None:
        by_name = {control.name: control for control in self.controls if control.is_shown}
        for length in range(len(where), 0, -1):
            control = by_name.get(".".join(map(str, where[:length])))
            if control:
                line = next((f"Line {each + 1}: " for each in where[length:] if isinstance(each, int)), "")
                control.wrong.append(f"{line}{words}")
                return
        self.wrong.append(f"{'.'.join(map(str, where))}: {words}" if where else words)

    @property
    def shown(self) -> list[Widget]:
        return [control for control in self.controls if control.is_shown]

    @property
    def faults(self) -> list[Widget]:
        return [control for control in self.shown if control.wrong]

    @property
    def is_wrong(self) -> bool:
        return bool(self.wrong or self.faults)

    @property
    def seen(self) -> str:
        return json.dumps({control.name: control.digest for control in self.shown})


def fields_of(serializer: type[serializers.Serializer], parts: Parts) -> Iterator[tuple[str, serializers.Field]]:
    for name, field in serializer().fields.items():
        if name in parts:
            yield from ((f"{name}.{each}", inner) for each, inner in parts[name]().fields.items())
        else:
            yield name, field


def control_of(name: str, field: serializers.Field, *, is_new: bool) -> Widget:
    choices = [(str(value), str(value)) for value in getattr(field, "choices", {})]
    return Widget(name, field, kind_of(field), is_new, choices=choices)


def _seen(text: str) -> dict[str, str]:
    try:
        seen = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in seen.items()} if isinstance(seen, dict) else {}
