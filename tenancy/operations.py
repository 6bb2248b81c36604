"""Making, changing and ending what users live in. Limits hold under the lock of the row that sets them."""

from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.records import Entity, Status
from tenancy.models import Partner, Platform, SessionPolicy, Tenant
from tenancy.signals import announce, going_down, session_policy_changed, tenant_moved


class LimitReached(Exception):
    def __init__(self, limit: str, allowed: int, used: int) -> None:
        super().__init__(f"{limit} is {allowed} and {used} are in use")
        self.limit, self.allowed, self.used = limit, allowed, used


class StillInhabited(Exception):
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
    made = {"name": [None, name], "slug": [None, slug]}
    record(Action.PARTNER_CREATED, actor=actor, resource=partner, partner_id=partner.pk, changes=made)
    return partner


@transaction.atomic
def create_tenant(*, actor: Principal, partner: Partner, name: str, slug: str, **fields: object) -> Tenant:
    limited = Partner.objects.present().select_for_update(no_key=True).get(pk=partner.pk)
    _hold_tenants(limited)
    tenant = Tenant.objects.create(partner=limited, name=name, slug=slug, **fields)
    made = {"name": [None, name], "slug": [None, slug]}
    record(Action.TENANT_CREATED, actor=actor, resource=tenant, tenant_id=tenant.pk, changes=made)
    return tenant


@transaction.atomic
def suspend(thing: Entity, *, actor: Principal) -> int:
    """Stop it and everything under it; how many sessions that ended. They stay ended when it is reactivated."""
    if thing.status == Status.SUSPENDED:
        return 0
    ended = _take_down(thing, "suspended", actor)
    _set(thing, status=Status.SUSPENDED)
    _record(thing, "suspended", {"status": [Status.ACTIVE, Status.SUSPENDED], "sessions_ended": ended}, actor)
    return ended


@transaction.atomic
def reactivate(thing: Entity, *, actor: Principal) -> None:
    if thing.status == Status.ACTIVE:
        return
    _set(thing, status=Status.ACTIVE)
    _record(thing, "reactivated", {"status": [Status.SUSPENDED, Status.ACTIVE]}, actor)


@transaction.atomic
def delete(thing: Entity, *, actor: Principal) -> int:
    """Out of every list and good for nothing from now on; how many sessions that ended. Its name may be taken again."""
    ended = _take_down(thing, "deleted", actor)
    _set(thing, deleted_at=Now())
    if isinstance(thing, Partner):  # whose row is locked by now: no tenant comes in meanwhile
        inhabited = Tenant.objects.present().filter(partner=thing, kind=Tenant.Kind.CUSTOMER)
        if names := list(inhabited.order_by("name").values_list("name", flat=True)[:10]):
            raise StillInhabited(names)
    _record(thing, "deleted", {"sessions_ended": ended}, actor)
    return ended


@transaction.atomic
def move_tenant(tenant: Tenant, partner: Partner, *, actor: Principal) -> int:
    """To another partner. Its sessions end: they were opened under the old one's rules, and seen by its people."""
    ended = announce(going_down, tenant, actor=actor, reason="tenant moved")
    before = Tenant.objects.values_list("partner_id", flat=True).get(pk=tenant.pk)
    pair = Partner.objects.select_for_update(no_key=True).filter(pk__in=[before, partner.pk])
    list(pair.order_by("pk"))
    _hold_tenants(Partner.objects.present().get(pk=partner.pk))
    _set(tenant, partner_id=partner.pk)
    announce(tenant_moved, tenant, actor=actor)
    moved = {"partner_id": [str(before), str(partner.pk)], "sessions_ended": ended}
    record(Action.TENANT_MOVED, actor=actor, resource=tenant, tenant_id=tenant.pk, changes=moved)
    return ended


@transaction.atomic
def set_session_policy(thing: Platform | Partner | Tenant, *, actor: Principal, **policy: Any) -> int:
    """How long sessions may last and how many one person may have. What is stricter applies to live ones at once."""
    names = [field.name for field in SessionPolicy._meta.fields]  # noqa: SLF001 - a documented API
    changes = {name: [getattr(thing, name), policy[name]] for name in names if name in policy}
    announce(session_policy_changed, thing, actor=actor, is_written=False)
    _set(thing, **{name: value for name, (_, value) in changes.items()})
    ended = announce(session_policy_changed, thing, actor=actor, is_written=True)
    resource = None if isinstance(thing, Platform) else thing
    tenant_id = thing.pk if isinstance(thing, Tenant) else None
    record(Action.SESSION_POLICY_CHANGED, actor=actor, resource=resource, tenant_id=tenant_id, changes=changes)
    return ended


def hold(limit: str, allowed: int | None, used: int) -> None:
    if allowed is not None and used >= allowed:
        raise LimitReached(limit, allowed, used)


def _hold_tenants(locked: Partner) -> None:
    used = Tenant.objects.present().filter(partner=locked, kind=Tenant.Kind.CUSTOMER).count()
    hold("max_tenants", locked.max_tenants, used)


def _take_down(thing: Entity, how: str, actor: Principal) -> int:
    return announce(going_down, thing, actor=actor, reason=f"{_kind(thing)} {how}")


def _set(thing: Any, **columns: Any) -> None:
    type(thing).objects.filter(pk=thing.pk).update(**columns)
    thing.refresh_from_db(fields=list(columns))


def _record(thing: Entity, how: str, changes: dict[str, Any], actor: Principal) -> None:
    tenant_id = thing.pk if isinstance(thing, Tenant) else None
    partner_id = thing.pk if isinstance(thing, Partner) else None
    action = Action(f"{_kind(thing)}.{how}")
    record(action, actor=actor, resource=thing, tenant_id=tenant_id, partner_id=partner_id, changes=changes)


def _kind(thing: Entity) -> str:
    return type(thing).__name__.lower()
