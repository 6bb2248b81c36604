"""The fields that filters of API sessions can use."""

import ipaddress
from typing import Any

from django.db.models import Exists, F, Func, OuterRef, Q, TextField, Value
from django.db.models.functions import Coalesce, Collate

from accounts.models import TotpDevice
from core.ids import Prefix
from sessions_app.api.edge.filters.logic import Condition, any_of
from sessions_app.api.edge.filters.symbols import TAGS, Boolean, Date, FixedValue, Handle, Symbols, Tags, Text
from sessions_app.models import AuthMethod

ADDRESS_TEXT = "address_text"
MFA_REQUIRED = "mfa_is_required"


def address() -> Collate:
    """The address as responses show it, compared byte by byte."""
    text: Any = Func(F("ip_address"), function="HOST", output_field=TextField())
    return Collate(Coalesce(text, Value(""), output_field=TextField()), "C")


def is_address(texts: list[str]) -> Condition:
    """Compare by the index on addresses, and then by text, since `::1` has many spellings and only one is shown."""
    conditions: list[Condition] = [Q(ip_address=None)] if "" in texts else []
    addresses = [text for text in texts if _is_address(text)]
    if addresses:
        conditions.append(Q(ip_address__in=addresses, **{f"{ADDRESS_TEXT}__in": addresses}))
    return any_of(conditions)


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text)) and "%" not in text
    except ValueError:
        return False


def mfa_complete() -> Q:
    return Q(auth_method=AuthMethod.MFA)


def mfa_required() -> Exists:
    """Whether the account has MFA now, whether it had when the session started or not."""
    return Exists(TotpDevice.objects.filter(user=OuterRef("user"), confirmed_at__isnull=False))


API_SESSIONS = Symbols(
    {
        "id": Handle(Prefix.SESSION, "id"),
        "createdAt": Date("created_at"),
        "updatedAt": Date("last_activity_at"),
        TAGS: Tags(),
        "isSystem": FixedValue(False),
        "token": Handle(Prefix.SESSION, "id"),
        "identity": Handle(Prefix.USER, "user_id"),
        "lastActivityAt": Date("last_activity_at"),
        "authenticator": FixedValue(""),
        "ipAddress": Text(ADDRESS_TEXT, is_address),
        "mfaComplete": Boolean(mfa_complete()),
        "mfaRequired": Boolean(Q(**{MFA_REQUIRED: True})),
        "improperClientCertChain": FixedValue(False),
    },
    annotations={ADDRESS_TEXT: address(), MFA_REQUIRED: mfa_required()},
)
