"""One field of a form: a serializer's, drawn as HTML and read from text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from rest_framework import serializers

from core.api.fields import IdField, OptionalText, Secret
from core.api.parsers import NotJSON, loads_strict
from web.console.forms.lookups import AmbiguousName, Lookup

LEFT_OUT: Any = object()
LONG = 4_000  # letters: what may be longer than any address gets more than one line
LABELS = {
    "allowed_origins": "Allowed origins",
    "allowed_scopes": "Allowed scopes",
    "allowed_tools": "Allowed tools",
    "backchannel_logout_uri": "Back-channel logout URL",
    "child_group_id": "Group",
    "config.issuer": "Issuer",
    "email": "E-mail",
    "owner_user_id": "Owner",
    "rate_limit_rpm": "Requests per minute",
    "redirect_uris": "Redirect URIs",
    "token_exchange_allowed": "Token exchange allowed",
    "token_lifetime": "Token lifetime (seconds)",
}
WORDINGS = {  # of the API's texts, where a form is filled in instead
    "Requests per minute; leave": "Leave",
    "Leave it out or send null for": "Leave it empty for",
    "eave it out": "eave it empty",
    "null removes it": "or remove it",
}
HINTS = {
    "json": "A JSON object.",
    "lines": "One per line.",
    "reference": "Type a name or an ID.",
}


class Unread(Exception):
    """Not what the field takes, and not even so near to it that its serializer could say what is wrong."""


@dataclass(slots=True)
class Widget:
    """`now` is what stands there, `text` what the form shows: the same, until somebody types."""

    name: str
    about: serializers.Field
    kind: str
    is_new: bool
    choices: list[tuple[str, str]] = field(default_factory=list)
    choice: Lookup | None = None
    now: str = ""
    text: str = ""
    is_shown: bool = True
    is_elsewhere: bool = False  # an act of its own changes it
    is_touched: bool = False
    is_dropped: bool = False
    wrong: list[str] = field(default_factory=list)
    matches: list[tuple[str, str]] = field(default_factory=list)
    by_now: str | None = None

    @property
    def label(self) -> str:
        drawn = str(self.about.label or self.name)
        said = LABELS.get(self.name) or (drawn.removesuffix(" id") if self.kind == "reference" else drawn)
        return said.replace("uri", "URI").replace(" url", " URL").replace("Sso", "SSO")

    @property
    def hint(self) -> str:
        own = str(self.about.help_text or "")
        for in_json, in_a_form in WORDINGS.items():
            own = own.replace(in_json, in_a_form)
        if self.kind == "secret" and self.is_new:
            own = f"{own.partition('.')[0]}."  # of one that is there already, there is more to say
        return " ".join(filter(None, (own, HINTS.get(self.kind, ""))))

    @property
    def options(self) -> list[tuple[str, str]]:
        """What stands there is always among them."""
        known = {value for value, _ in self.choices}
        there = [(self.now, self.now)] if self.now and self.now not in known else []
        return [*([] if self.now else [("", "Choose…")]), *there, *self.choices]

    @property
    def is_required(self) -> bool:
        return self.about.required and self.kind != "flag"

    @property
    def is_droppable(self) -> bool:
        """A secret that there is may be taken away; it is not shown, so that there would be nothing to delete."""
        return self.kind == "secret" and self.about.allow_null and not self.is_new

    @property
    def most(self) -> int | None:
        return getattr(self.about, "max_length", None) if self.kind in ("line", "text", "secret") else None

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        return getattr(self.about, "min_value", None), getattr(self.about, "max_value", None)

    @property
    def part(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def id(self) -> str:
        return f"f-{self.name}"

    @property
    def described_by(self) -> str:
        told = [f"h-{self.name}" if self.hint else "", f"w-{self.name}" if self.wrong else ""]
        return " ".join(filter(None, told))

    @property
    def digest(self) -> str:
        return digest_of(self.now)

    @property
    def required_words(self) -> str:
        return str(self.about.error_messages["required"])

    def value(self) -> Any:
        """What it stands for; LEFT_OUT, if that is nothing at all."""
        text = self.text
        if self.is_dropped:
            return None
        if self.is_new and self.kind != "flag" and not text.strip():
            return LEFT_OUT
        match self.kind:
            case "flag":
                return text == "on"
            case "secret" | "choice":
                return text or LEFT_OUT
            case "number":
                return _number(text, self.about)
            case "lines":
                return [line.strip() for line in text.split("\n") if line.strip()]
            case "json":
                return _object(text)
            case "reference":
                return self._referred()
            case _:
                is_none = not text and self.about.allow_null and not getattr(self.about, "allow_blank", False)
                return None if is_none else text

    def _referred(self) -> Any:
        text = self.text.replace("\0", "").strip()[:LONG]
        if not text or self.choice is None:
            return text or (None if self.about.allow_null else LEFT_OUT)
        try:
            return self.choice.handle_of(text)
        except AmbiguousName as error:
            self.matches = error.matches
            raise Unread(error.words) from error


def kind_of(field: serializers.Field) -> str:
    match field:
        case serializers.BooleanField():
            return "flag"
        case serializers.ChoiceField():
            return "choice"
        case serializers.IntegerField():
            return "number"
        case serializers.ListField():
            return "lines"
        case serializers.DictField():
            return "json"
        case IdField():
            return "reference"
        case Secret():
            return "secret"
        case OptionalText():
            return "text"
        case _:
            return "text" if (getattr(field, "max_length", None) or 0) > LONG else "line"


def text_of(kind: str, value: Any) -> str:
    """As the form shows it."""
    match kind:
        case "flag":
            return "on" if value else ""
        case "lines":
            return "\n".join(map(str, value or []))
        case "json":
            return json.dumps(value, ensure_ascii=False, indent=2) if value else ""
        case "secret":
            return ""
        case _:
            return "" if value is None else plain(str(value))


def plain(text: str) -> str:
    """Browsers send line ends of their own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def digest_of(text: str) -> str:
    """Enough to tell whether a text is the one that was shown."""
    return sha256(text.encode()).hexdigest()[:16]


def put(body: dict[str, Any], name: str, value: Any) -> None:
    part, _, last = name.rpartition(".")
    (body.setdefault(part, {}) if part else body)[last] = value


def within(current: Mapping[str, Any], name: str) -> Any:
    part, _, last = name.rpartition(".")
    return (current.get(part) or {} if part else current).get(last)


def _number(text: str, field: serializers.Field) -> Any:
    said = text.strip()
    if not said:
        return None if field.allow_null else LEFT_OUT
    digits = said.removeprefix("-")
    return int(said) if digits.isascii() and digits.isdecimal() and len(digits) < 40 else said


def _object(text: str) -> Any:
    try:
        return loads_strict(text.encode()) if text.strip() else {}
    except NotJSON as error:
        raise Unread(f"This is not valid JSON (error at character {error.position + 1}).") from error
