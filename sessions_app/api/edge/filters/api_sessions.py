"""What filters of API sessions may speak of."""

import ipaddress
from typing import Any

from django.db.models import Exists, F, Func, OuterRef, Q, TextField, Value
from django.db.models.functions import Coalesce, Collate

from accounts.models import TotpDevice
from core.ids import Prefix
from sessions_app.api.edge.filters.logic import Condition, any_of
from sessions_app.api.edge.filters.symbols import TAGS, Date, Handle, Same, Symbols, Tags, Text, Truth
from sessions_app.models import AuthMethod

ADDRESS = "address_shown"
MFA_REQUIRED = "mfa_is_required"


def address() -> Collate:
    """As it is shown, compared byte by byte."""
    shown: Any = Func(F("ip_address"), function="HOST", output_field=TextField())
    return Collate(Coalesce(shown, Value(""), output_field=TextField()), "C")


def is_address(texts: list[str]) -> Condition:
    """By the address's index, and then by how it is written: ::1 has many spellings and is shown in one."""
    there: list[Condition] = [Q(ip_address=None)] if "" in texts else []
    addresses = [text for text in texts if _is_address(text)]
    if addresses:
        there.append(Q(ip_address__in=addresses, **{f"{ADDRESS}__in": addresses}))
    return any_of(there)


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text)) and "%" not in text
    except ValueError:
        return False


def mfa_complete() -> Q:
    return Q(auth_method=AuthMethod.MFA)


def mfa_required() -> Exists:
    """The account asks for a second factor now, whether it did when they signed in or not."""
    return Exists(TotpDevice.objects.filter(user=OuterRef("user"), confirmed_at__isnull=False))


API_SESSIONS = Symbols(
    {
        "id": Handle(Prefix.SESSION, "id"),
        "createdAt": Date("created_at"),
        "updatedAt": Date("last_activity_at"),
        TAGS: Tags(),
        "isSystem": Same(False),
        "token": Handle(Prefix.SESSION, "id"),
        "identity": Handle(Prefix.USER, "user_id"),
        "lastActivityAt": Date("last_activity_at"),
        "authenticator": Same(""),
        "ipAddress": Text(ADDRESS, is_address),
        "mfaComplete": Truth(mfa_complete()),
        "mfaRequired": Truth(Q(**{MFA_REQUIRED: True})),
        "improperClientCertChain": Same(False),
    },
    added={ADDRESS: address(), MFA_REQUIRED: mfa_required()},
)
