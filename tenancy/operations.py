"""Making, changing and ending what users live in. Limits hold under the lock of the row that sets them."""

import json
from collections.abc import Callable
from typing import Any

from django.db import connection, models, transaction
from django.db.models.functions import Now

from audit.actions import Action
from audit.operations import record
from core.access import ActorType, Principal
from core.models import ConcurrentChange, Entity, Record, Status, VersionMismatch
from tenancy.models import Partner, Platform, SessionPolicy, Tenant
from tenancy.signals import (
    actor_check,
    post_deactivate,
    pre_deactivate,
    pre_tenant_move,
    send_and_count,
    session_policy_changed,
    tenant_moved,
)

Versions = frozenset[str] | None  # of which it must be one; None if any will do
HIDDEN = "(not shown)"
# What is decided on before the row is locked: whether sessions end, and what somebody may grant.
DECIDING = ("allowed_scopes", "email", "partner", "role", "status")


class LimitReached(Exception):
    def __init__(self, limit: str, allowed: int, used: int) -> None:
        super().__init__(f"{limit} is {allowed} and {used} are in use")
        self.limit, self.allowed, self.used = limit, allowed, used


class PartnerHasTenants(Exception):
    """A partner goes after its tenants, not over their heads."""

    def __init__(self, tenants: list[str]) -> None:
        super().__init__(f"has tenants: {', '.join(tenants)}")
        self.tenants = tenants


def next_revision() -> int:
    """Take the next number of the platform's counter.

    The row stays locked until commit, so numbers commit in the order they were taken.
    """
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenancy_platform SET revision = revision + 1 RETURNING revision")
        return cursor.fetchone()[0]


@transaction.atomic
def create_partner(*, actor: Principal, name: str, slug: str, **fields: object) -> Partner:
    """A partner, and the staff tenant its administrators will live in."""
    partner = Partner.objects.create(name=name, slug=slug, **fields)
    Tenant.objects.create(partner=partner, kind=Tenant.Kind.PARTNER_STAFF, name=f"{name} staff")
    record_created(partner, actor=actor, name=name, slug=slug, **fields)
    return partner


@transaction.atomic
def create_tenant(*, actor: Principal, partner: Partner, name: str, slug: str, **fields: object) -> Tenant:
    limited = lock(partner, actor=actor)
    _hold_tenants(limited)
    tenant = Tenant.objects.create(partner=limited, name=name, slug=slug, **fields)
    record_created(tenant, actor=actor, name=name, slug=slug, partner=limited, **fields)
    return tenant


@transaction.atomic
def change(
    thing: Entity,
    *,
    actor: Principal,
    versions: Versions = None,
    ending: str = "",
    guard: Callable[[], object] = int,
    **columns: Any,
) -> int:
    """Write and record what differs, as one act; how many sessions that ended. `ending` says why it ends them.

    Sessions end before the row is locked, as everybody does it who ends sessions (ADR 0023); `guard` comes after.
    """
    if columns.get("status") == Status.SUSPENDED and thing.status != Status.SUSPENDED:
        ending = ending or f"{_kind(thing)} suspended"
    ended = send_and_count(pre_deactivate, thing, actor=actor, reason=ending) if ending else 0
    locked = lock(thing, versions, actor=actor)
    guard()
    changes = {
        name: [getattr(locked, name), new] for name, new in columns.items() if _differ(getattr(locked, name), new)
    }
    if not changes and not ending:
        return 0
    if not changes or any(old != getattr(thing, name) for name, (old, _) in changes.items() if name in DECIDING):
        raise ConcurrentChange
    _set(thing, **{name: new for name, (_, new) in changes.items()})
    if ending:
        send_and_count(post_deactivate, thing, actor=actor)
    told = {_name_of(name): [_plain(old), _plain(new)] for name, (old, new) in changes.items()}
    _record(thing, _how(changes), told | ({"sessions_ended": ended} if ending else {}), actor)
    return ended


def suspend(thing: Entity, *, actor: Principal) -> int:
    """Stop it and everything under it; how many sessions that ended. They stay ended when it is reactivated."""
    return change(thing, actor=actor, status=Status.SUSPENDED)


def reactivate(thing: Entity, *, actor: Principal) -> None:
    change(thing, actor=actor, status=Status.ACTIVE)


@transaction.atomic
def delete(thing: Entity, *, actor: Principal, versions: Versions = None) -> int:
    """Out of every list and good for nothing from now on; how many sessions that ended. Its name may be taken again."""
    ended = send_and_count(pre_deactivate, thing, actor=actor, reason=f"{_kind(thing)} deleted")
    lock(thing, versions, actor=actor)
    _set(thing, deleted_at=Now())
    send_and_count(post_deactivate, thing, actor=actor)
    # A partner's row is locked by now: no tenant comes in meanwhile.
    if isinstance(thing, Partner) and (names := Tenant.objects.undeleted_names(thing)):
        raise PartnerHasTenants(names)
    _record(thing, "deleted", {"sessions_ended": ended}, actor)
    return ended


@transaction.atomic
def change_tenant(
    tenant: Tenant, *, actor: Principal, versions: Versions = None, partner: Partner | None = None, **columns: Any
) -> int:
    """Also to another partner. Its sessions end: they were opened under the old one's rules, and seen by its people."""
    if partner is None or partner.pk == tenant.partner_id:
        return change(tenant, actor=actor, versions=versions, **columns)
    before: Any = tenant.partner_id

    def make_room() -> None:
        pair = Partner.objects.not_deleted().select_for_update(no_key=True).filter(pk__in={before, partner.pk})
        limited = {each.pk: each for each in pair.order_by("pk")}.get(partner.pk)
        if limited is None:
            raise ConcurrentChange
        _hold_tenants(limited)
        send_and_count(pre_tenant_move, tenant, actor=actor, partner=limited)

    ended = change(
        tenant, actor=actor, versions=versions, ending="tenant moved", guard=make_room, partner=partner, **columns
    )
    send_and_count(tenant_moved, tenant, actor=actor)
    return ended


@transaction.atomic
def set_session_policy(thing: Platform | Partner | Tenant, *, actor: Principal, **policy: Any) -> int:
    """How long sessions may last and how many one person may have. What is stricter applies to live ones at once."""
    names = [field.name for field in SessionPolicy._meta.fields]  # noqa: SLF001 - a documented API
    changes = {name: [getattr(thing, name), policy[name]] for name in names if name in policy}
    send_and_count(session_policy_changed, thing, actor=actor, is_written=False)
    _rows(thing).filter(pk=thing.pk).update(**{name: value for name, (_, value) in changes.items()})
    thing.refresh_from_db(fields=list(changes))
    ended = send_and_count(session_policy_changed, thing, actor=actor, is_written=True)
    resource = None if isinstance(thing, Platform) else thing
    tenant_id = thing.pk if isinstance(thing, Tenant) else None
    record(Action.SESSION_POLICY_CHANGED, actor=actor, resource=resource, tenant_id=tenant_id, changes=changes)
    return ended


def enforce_limit(tenant: Tenant, limit: str, used: Callable[[], int], *, actor: Principal) -> None:
    """Counted under the partner's lock, so that of two creates at the edge one sees the other; and under the tenant's,
    so that nothing is made in one that is going."""
    locked = lock_tenant_for_create(tenant, actor=actor)
    if locked.is_staff:
        return
    partner = Partner.objects.select_for_update(no_key=True).get(pk=locked.partner_id)
    allowed = getattr(partner, limit)
    if allowed is not None:
        check_limit(limit, allowed, used())


def lock_tenant_for_create(tenant: Tenant, *, actor: Principal) -> Any:
    """The tenant that something is to be made in: it stays, and stays the caller's, until that is done."""
    locked = lock(tenant)
    send_and_count(actor_check, tenant, actor=actor)
    if not locked.is_staff and not Tenant.objects.visible_to(actor).filter(pk=tenant.pk).exists():
        raise ConcurrentChange
    return locked


def check_limit(limit: str, allowed: int | None, used: int) -> None:
    if allowed is not None and used >= allowed:
        raise LimitReached(limit, allowed, used)


def _hold_tenants(locked: Partner) -> None:
    used = Tenant.objects.not_deleted().filter(partner=locked, kind=Tenant.Kind.CUSTOMER).count()
    check_limit("max_tenants", locked.max_tenants, used)


def lock(thing: Entity, versions: Versions = None, *, actor: Principal | None = None) -> Any:
    """The row as it stands, which stays so until the end of the transaction; and so does whose it is.

    What the caller may do was judged before anybody was waited for: it is judged once more.
    """
    locked = _rows(thing).not_deleted().select_for_update(no_key=True, of=("self",)).filter(pk=thing.pk).first()
    if locked is None:
        raise ConcurrentChange
    if tenant_id := getattr(locked, "tenant_id", None):
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    if actor and actor.type is not ActorType.SYSTEM:
        send_and_count(actor_check, thing, actor=actor)
        if actor.user_id != thing.pk and not _rows(thing).writable_by(actor).filter(pk=thing.pk).exists():
            raise ConcurrentChange
    if versions is not None and locked.version not in versions:
        raise VersionMismatch
    return locked


def bump_version(thing: Entity) -> None:
    """Another version, after a change of what is shown with the row and stands elsewhere. For use under its lock."""
    _rows(thing).filter(pk=thing.pk).update(updated_at=Now())


def record_created(thing: Entity, *, actor: Principal, **columns: Any) -> None:
    """What it was made with; secrets are no columns."""
    _record(thing, "created", {_name_of(name): [None, _plain(new)] for name, new in columns.items()}, actor)


def _rows(thing: models.Model) -> Any:
    return type(thing)._default_manager  # noqa: SLF001 - a documented API


def _kind(thing: Entity) -> str:
    """In words: an identity provider is not an identityprovider."""
    return str(thing._meta.verbose_name)  # noqa: SLF001 - a documented API


def _how(changes: dict[str, Any]) -> str:
    """The name of the change; the most telling of several."""
    if "partner" in changes:
        return "moved"
    if "role" in changes:
        return "role_changed"
    match changes.get("status"):
        case [_, Status.SUSPENDED]:
            return "suspended"
        case [_, Status.ACTIVE] if len(changes) == 1:
            return "reactivated"
        case _:
            return "updated"


def _set(thing: Any, **columns: Any) -> None:
    _rows(thing).filter(pk=thing.pk).update(updated_at=Now(), **columns)
    thing.refresh_from_db(fields=["updated_at", *columns])


def _differ(old: Any, new: Any) -> bool:
    """To Python True is 1; to JSON it is not."""
    if isinstance(new, dict | list):
        return json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)
    return old != new


def _name_of(column: str) -> str:
    return f"{column}_id" if column in ("owner_user", "partner", "tenant") else column


def _plain(value: Any) -> Any:
    match value:
        case Record():
            return value.handle
        case bytes() | memoryview():
            return HIDDEN  # what is sealed stays so
        case _:
            return value


def _record(thing: Entity, how: str, changes: dict[str, Any], actor: Principal) -> None:
    tenant_id = thing.pk if isinstance(thing, Tenant) else None
    partner_id = thing.pk if isinstance(thing, Partner) else None
    action = Action(f"{_kind(thing).replace(' ', '_')}.{how}")
    record(action, actor=actor, resource=thing, tenant_id=tenant_id, partner_id=partner_id, changes=changes)
