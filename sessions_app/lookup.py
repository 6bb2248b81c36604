"""What operators call things by: an id, or a name that only one of them has. `among` is what whoever asks can see."""

from typing import Any

from accounts.models import Application, User
from core.ids import Prefix, decode_id
from sessions_app.models import Session
from tenancy.models import Partner, Tenant


class NameNotFound(ValueError):
    """There is nothing by that name."""


def find_tenant(name: str, among: Any = None) -> Tenant:
    return _one("tenant", name, _rows(among, Tenant).select_related("partner"), slug=name)


def partner_named(name: str, among: Any = None) -> Partner:
    return _one("partner", name, _rows(among, Partner), slug=name)


def application_named(name: str, among: Any = None) -> Application:
    return _one("application", name, _rows(among, Application).select_related("tenant"), client_id=name)


def user_named(name: str, tenant: Tenant | None, among: Any = None) -> User:
    """By id anywhere; by e-mail within a tenant, because it is unique there and nowhere else."""
    people = _rows(among, User).select_related("tenant__partner")
    email = name.strip().lower()
    if "@" in name and tenant is None and (among is None or people.filter(email=email).count() > 1):
        raise NameNotFound(f"{name} may exist in several tenants; add --tenant, or use the user's ID")
    within = {"tenant": tenant} if tenant else {}
    return _one("user", name, people.filter(**within), email=email)


def sessions_named(handles: list[str], among: Any = None) -> list[Session]:
    """All of them are there, ended or not: a handle that names nothing is a slip of the pen."""
    ids = {handle: decode_id(Prefix.SESSION, handle) for handle in handles}
    there = (Session.objects.all() if among is None else among).filter(pk__in=filter(None, ids.values())).in_bulk()
    for handle, pk in ids.items():
        if pk not in there:
            raise NameNotFound(f"No session {handle} found" if handle else "The session ID is empty")
    return [there[pk] for pk in sorted(there)]


def _rows(among: Any, model: Any) -> Any:
    """Those that are looked through: all there are, unless somebody sees fewer."""
    return model.objects.not_deleted() if among is None else among


def _one(kind: str, name: str, rows: Any, **unique: str) -> Any:
    pk = decode_id(rows.model.prefix, name)
    found = rows.filter(pk=pk).first() if pk else rows.filter(**unique).first() if name else None
    if found is None:
        raise NameNotFound(f"No {kind} {name} found" if name else f"The name of the {kind} is empty")
    return found
