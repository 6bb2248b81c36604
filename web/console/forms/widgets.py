"""One field of a form: a serializer's field, drawn as HTML and read from text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from rest_framework import serializers

from core.api.fields import IdField, OptionalText, Secret
from core.api.parsers import NotJSON, loads_strict
from core.humanize import label_of
from web.console.forms.lookups import AmbiguousName, Lookup

OMITTED: Any = object()
LONG = 4_000  # characters: whatever may be longer than any URL gets more than one line
LABELS = {
    "allowed_origins": "Allowed origins",
    "allowed_scopes": "Allowed scopes",
    "allowed_tools": "Allowed tools",
    "backchannel_logout_uri": "Back-channel logout URL",
    "child_group_id": "Group",
    "config.issuer": "Issuer",
    "contact_email": "Contact e-mail",
    "email": "E-mail",
    "owner_user_id": "Owner",
    "rate_limit_rpm": "Requests per minute",
    "redirect_uris": "Redirect URIs",
    "token_exchange_allowed": "Token exchange allowed",
    "token_lifetime": "Token lifetime (seconds)",
}
REPLACEMENTS = {  # in the API's help texts, where a form is filled in instead
    "Requests per minute; leave": "Leave",
    "Leave it out or send null for": "Leave it empty for",
    "eave it out": "eave it empty",
    ", unless you administer a partner": "",  # to whom such a field is not shown
    ", unless you administer a tenant": "",
    "assign super_admin": "make a super admin",
    "scope PARTNER": "scope Partner",
    "scope TENANT": "scope Tenant",
    "null removes it": "or remove it",
}
HINTS = {
    "json": "A JSON object.",
    "lines": "One per line.",
}
BY_DEFAULT = " Default: the user who creates it."


class UnreadableInput(Exception):
    """Text that is so far from what the field takes that its serializer could not say what is wrong."""


@dataclass(slots=True)
class Widget:
    """`initial` is the stored value as text; `text` is what the form shows, the same until an operator types."""

    name: str
    source: serializers.Field
    kind: str
    is_new: bool
    choices: list[tuple[str, str]] = field(default_factory=list)
    lookup: Lookup | None = None
    initial: str = ""
    text: str = ""
    is_visible: bool = True
    has_own_action: bool = False  # which changes it instead
    is_changed: bool = False
    is_cleared: bool = False
    errors: list[str] = field(default_factory=list)
    matches: list[tuple[str, str]] = field(default_factory=list)
    current_value: str | None = None  # if another operator has changed it since the form was opened

    @property
    def label(self) -> str:
        default = str(self.source.label or self.name)
        label = LABELS.get(self.name) or (default.removesuffix(" id") if self.kind == "reference" else default)
        return label.replace("uri", "URI").replace(" url", " URL").replace("Sso", "SSO")

    @property
    def hint(self) -> str:
        help_text = str(self.source.help_text or "")
        for in_json, in_a_form in REPLACEMENTS.items():
            help_text = help_text.replace(in_json, in_a_form)
        if self.kind == "secret" and self.is_new:
            help_text = "Not shown again after you save."
        if not self.is_new:
            help_text = help_text.removesuffix(BY_DEFAULT)
        hint = self.lookup.kind.hint if self.lookup else HINTS.get(self.kind, "")
        return " ".join(filter(None, (help_text, hint)))

    @property
    def options(self) -> list[tuple[str, str]]:
        """The choices, among which the stored value always is."""
        known = {value for value, _ in self.choices}
        stored = [(self.initial, label_of(self.initial))] if self.initial and self.initial not in known else []
        return [*([] if self.initial else [("", "Choose…")]), *stored, *self.choices]

    @property
    def is_required(self) -> bool:
        return self.source.required and self.kind != "flag"

    @property
    def is_clearable(self) -> bool:
        """Whether a stored secret may be removed. It is not shown, so there is no text to delete."""
        return self.kind == "secret" and self.source.allow_null and not self.is_new

    @property
    def max_length(self) -> int | None:
        return getattr(self.source, "max_length", None) if self.kind in ("line", "text", "secret") else None

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        return getattr(self.source, "min_value", None), getattr(self.source, "max_value", None)

    @property
    def part(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def id(self) -> str:
        return f"f-{self.name}"

    @property
    def described_by(self) -> str:
        ids = [f"h-{self.name}" if self.hint else "", f"w-{self.name}" if self.errors else ""]
        return " ".join(filter(None, ids))

    @property
    def digest(self) -> str:
        return digest_of(self.initial)

    @property
    def required_message(self) -> str:
        return str(self.source.error_messages["required"])

    def value(self) -> Any:
        """The text as JSON has it; OMITTED, if the field is to be left out."""
        text = self.text
        if self.is_cleared:
            return None
        if self.is_new and self.kind != "flag" and not text.strip():
            return OMITTED
        match self.kind:
            case "flag":
                return text == "on"
            case "secret" | "choice":
                return text or OMITTED
            case "number":
                return _number(text, self.source)
            case "lines":
                return [line.strip() for line in text.split("\n") if line.strip()]
            case "json":
                return _object(text)
            case "reference":
                return self._reference()
            case _:
                is_null = not text and self.source.allow_null and not getattr(self.source, "allow_blank", False)
                return None if is_null else text

    def _reference(self) -> Any:
        text = self.text.replace("\0", "").strip()[:LONG]
        if not text or self.lookup is None:
            return text or (None if self.source.allow_null else OMITTED)
        try:
            return self.lookup.resolve(text)
        except AmbiguousName as error:
            self.matches = error.matches
            raise UnreadableInput(str(error)) from error


def kind_of(source: serializers.Field) -> str:
    match source:
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
            return "text" if (getattr(source, "max_length", None) or 0) > LONG else "line"


def text_of(kind: str, value: Any) -> str:
    """A value as the form shows it."""
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
            return "" if value is None else normalize_newlines(str(value))


def normalize_newlines(text: str) -> str:
    """Browsers send line ends of their own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def digest_of(text: str) -> str:
    """Enough to see whether a text is the one that the form showed."""
    return sha256(text.encode()).hexdigest()[:16]


def set_value(data: dict[str, Any], name: str, value: Any) -> None:
    part, _, last = name.rpartition(".")
    (data.setdefault(part, {}) if part else data)[last] = value


def get_value(data: Mapping[str, Any], name: str) -> Any:
    part, _, last = name.rpartition(".")
    return (data.get(part) or {} if part else data).get(last)


def _number(text: str, source: serializers.Field) -> Any:
    digits = text.strip()
    if not digits:
        return None if source.allow_null else OMITTED
    unsigned = digits.removeprefix("-")
    return int(digits) if unsigned.isascii() and unsigned.isdecimal() and len(unsigned) < 40 else digits


def _object(text: str) -> Any:
    try:
        return loads_strict(text.encode()) if text.strip() else {}
    except NotJSON as error:
        raise UnreadableInput(f"This is not valid JSON (error at character {error.position + 1}).") from error
