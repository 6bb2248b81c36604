"""The names that a filter may use: what type each is of, and where its value is to be found."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Coalesce, Collate

from core.ids import Prefix
from sessions_app.api.edge.filters.building import WrongFilter
from sessions_app.api.edge.filters.tree import Kind, Left, SetFunction
from sessions_app.models import AuthMethod

TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Handle:
    """An id, which is text outside and a UUID in the column."""

    prefix: Prefix
    column: str
    kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Address:
    """Text, empty when it is not known."""

    kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Date:
    column: str
    kind = Kind.DATE


@dataclass(frozen=True, slots=True)
class Truth:
    condition: Q
    kind = Kind.BOOL


@dataclass(frozen=True, slots=True)
class Same:
    """What every session has alike."""

    value: str | bool

    @property
    def kind(self) -> Kind:
        return Kind.BOOL if isinstance(self.value, bool) else Kind.STRING


@dataclass(frozen=True, slots=True)
class Tag:
    """Sessions have no tags: whatever one is called, it is null."""

    kind = Kind.ANY


@dataclass(frozen=True, slots=True)
class Tags:
    """All of them: an empty map, which is not null and compares with nothing."""

    kind = Kind.OTHER


Symbol = Handle | Address | Date | Truth | Same | Tag | Tags


def address() -> Collate:
    """As it is shown, compared byte by byte."""
    shown: Any = Func(F("ip_address"), function="HOST", output_field=TextField())
    return Collate(Coalesce(shown, Value(""), output_field=TextField()), "C")


def mfa_complete() -> Q:
    return Q(auth_method=AuthMethod.MFA)


def mfa_required() -> Q:
    """The account asks for a second factor now, whether it did when they signed in or not."""
    return Q(user__totp__confirmed_at__isnull=False)


ADDRESS = "address_shown"
ADDED: dict[str, Any] = {ADDRESS: address()}
_SYMBOLS: dict[str, Symbol] = {
    "id": Handle(Prefix.SESSION, "id"),
    "createdAt": Date("created_at"),
    "updatedAt": Date("last_activity_at"),
    TAGS: Tags(),
    "isSystem": Same(False),
    "token": Handle(Prefix.SESSION, "id"),
    "identity": Handle(Prefix.USER, "user_id"),
    "lastActivityAt": Date("last_activity_at"),
    "authenticator": Same(""),
    "ipAddress": Address(),
    "mfaComplete": Truth(mfa_complete()),
    "mfaRequired": Truth(mfa_required()),
    "improperClientCertChain": Same(False),
}
PUBLIC = tuple(_SYMBOLS)


def symbol_at(left: Left) -> Symbol:
    """Of functions over sets there is none that could be used: no public name is a set."""
    name = left.symbol if isinstance(left, SetFunction) else left
    found = Tag() if name.startswith(f"{TAGS}.") else _SYMBOLS.get(name)
    if found is None:
        raise WrongFilter(f"unknown symbol '{name}'")
    if isinstance(left, SetFunction):
        raise WrongFilter(f"{left.shown}({name}) is not possible: {name} is not a set")
    return found
