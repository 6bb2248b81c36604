"""Look up what operators name: by id, or by a name that is unique.

`among` holds the rows that the requester can see. Without it, everything that is not deleted is searched.
"""

from typing import Any

from accounts.models import Application, User
from core.ids import Prefix, decode_id
from sessions_app.models import Session
from tenancy.models import Partner, Tenant


class NameNotFound(ValueError):
    """Nothing has this id or name, or more than one may have it."""


def find_tenant(name: str, among: Any = None) -> Tenant:
    return _find("tenant", name, _rows(among, Tenant).select_related("partner"), slug=name)


def find_partner(name: str, among: Any = None) -> Partner:
    return _find("partner", name, _rows(among, Partner), slug=name)


def find_application(name: str, among: Any = None) -> Application:
    return _find("application", name, _rows(among, Application).select_related("tenant"), client_id=name)


def find_user(name: str, tenant: Tenant | None, among: Any = None) -> User:
    """Find a user by id, or by e-mail address, which is unique within a tenant only."""
    users = _rows(among, User).select_related("tenant__partner")
    email = name.strip().lower()
    if "@" in name and tenant is None and (among is None or users.filter(email=email).count() > 1):
        raise NameNotFound(f"{name} may exist in several tenants; add --tenant, or use the user's ID")
    of_tenant = {"tenant": tenant} if tenant else {}
    return _find("user", name, users.filter(**of_tenant), email=email)


def find_sessions(handles: list[str], among: Any = None) -> list[Session]:
    """Find sessions by id, ended ones too. An unknown id is an error, since it may be a typing mistake."""
    ids = {handle: decode_id(Prefix.SESSION, handle) for handle in handles}
    rows = (Session.objects.all() if among is None else among).filter(pk__in=filter(None, ids.values())).in_bulk()
    for handle, pk in ids.items():
        if pk not in rows:
            raise NameNotFound(f"No session {handle} found" if handle else "The session ID is empty")
    return [rows[pk] for pk in sorted(rows)]


def _rows(among: Any, model: Any) -> Any:
    return model.objects.not_deleted() if among is None else among


def _find(kind: str, name: str, rows: Any, **unique: str) -> Any:
    pk = decode_id(rows.model.prefix, name)
    row = rows.filter(pk=pk).first() if pk else rows.filter(**unique).first() if name else None
    if row is None:
        raise NameNotFound(f"No {kind} {name} found" if name else f"The name of the {kind} is empty")
    return row
