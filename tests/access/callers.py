"""Who stands in each column of the matrix. Where several people fit, each of them is asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from accounts import operations as accounts
from accounts.models import Application, Role, User
from core.access import Origin, Scope
from core.records import Status
from sessions_app import operations
from sessions_app.models import Reach, Session, SessionQuerySet
from tenancy.models import Partner, Tenant
from tenancy.operations import create_partner
from tests.world import SYSTEM, Caller, World

ME = "/api/v1/me"
Who = Iterator[tuple[str, Caller, User | None]]
SUSPENDED: dict[str, Any] = {"status": Status.SUSPENDED}
DELETED: dict[str, Any] = {"deleted_at": Now()}


@dataclass(frozen=True)
class Case:
    """Somebody who asks, and whose objects they ask about: their own, unless `owner` says otherwise."""

    name: str
    caller: Caller
    owner: User
    is_about_others: bool = False


def cases(column: str, world: World) -> Iterator[Case]:
    for name, caller, owner in _CASES[column](world):
        yield Case(name, caller, owner or (caller.user if caller.session else world.ada.user), owner is not None)


def administrative_cases(column: str, world: World) -> Iterator[Case]:
    """The same callers, asking about Ada; or about people whom they do not administer."""
    if column not in _FOREIGNERS:
        yield from (Case(case.name, case.caller, world.ada.user) for case in cases(column, world))
        return
    who, foreigners = _FOREIGNERS[column]
    for name, owner in foreigners.items():
        yield Case(f"about somebody of {name}", getattr(world, who), getattr(world, owner).user, is_about_others=True)


def api_key_of(user: User, name: str = "laptop") -> Caller:
    return Caller(accounts.create_api_key(user, name, actor=SYSTEM).secret)


def one(who: str) -> Callable[[World], Who]:
    def named(world: World) -> Who:
        yield who, getattr(world, who), None

    return named


def service(*scopes: Scope) -> Callable[[World], Who]:
    def named(world: World) -> Who:
        yield "a service", world.service(*scopes), None

    return named


def strangers_to(who: str) -> Callable[[World], Who]:
    """An administrator at the door of others: of people they rule over, and of people they have never heard of."""

    def named(world: World) -> Who:
        yield "about somebody below", getattr(world, who), world.ada.user
        yield "about somebody elsewhere", getattr(world, who), world.lisa.user

    return named


def suspended(world: World) -> Who:
    """Somebody with a good credential, when what it hangs on has just been suspended or deleted."""
    for fate, change in (("suspended", SUSPENDED), ("deleted", DELETED)):
        for what in ("user", "tenant", "partner"):
            caller = _newcomer(world, f"{what}-{fate}")
            key = api_key_of(caller.user)
            assert {caller.get(ME).status_code, key.get(ME).status_code} == {200}
            _befall(what, caller.user, change)
            yield f"{what} {fate}", caller, None
            yield f"{what} {fate}, by API key", key, caller.user
        name = f"service-{fate}{world.suffix}"
        application = world.make_service(name, list(Scope))
        token = accounts.issue_token(name, f"{name}-secret", None, origin=Origin())
        service = Caller(token.access_token)
        assert service.get(ME).status_code == 403
        Application.objects.filter(pk=application.pk).update(**change)
        yield f"application {fate}", service, None


def revoked(world: World) -> Who:
    """Somebody whose session is over, in each of the ways that it can be."""
    for how, finish in _ENDINGS.items():
        caller = _newcomer(world, how.replace(" ", "-"))
        assert caller.get(ME).status_code == 200
        finish(caller)
        yield how, caller, None
    operator = world.signed_in(world.person("operator", platform_staff(), Role.SUPER_ADMIN))
    _end_all(Reach.ADMINS, None)
    yield "administrators signed out", operator, None
    caller = _newcomer(world, "everybody")
    _end_all(Reach.PLATFORM, None)
    yield "everybody signed out", caller, None


def platform_staff() -> Tenant:
    return Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)


def _newcomer(world: World, name: str) -> Caller:
    """A user in a tenant and under a partner of their own: what happens to them happens to nobody else."""
    partner = create_partner(actor=SYSTEM, name=name, slug=f"{name}{world.suffix}")
    return world.signed_in(world.person("grace", world.tenant(partner, f"{name}-tenant")))


def _befall(what: str, user: User, change: dict[str, Any]) -> None:
    match what:
        case "user":
            User.objects.filter(pk=user.pk).update(**change)
        case "tenant":
            Tenant.objects.filter(pk=user.tenant_id).update(**change)
        case "partner":
            Partner.objects.filter(tenants=user.tenant_id).update(**change)


def _row(caller: Caller) -> SessionQuerySet:
    assert caller.session is not None
    return Session.objects.filter(pk=caller.session.pk)


def _end_all(reach: Reach, target_id: UUID | None) -> None:
    operations.revoke_scope(reach, target_id, actor=SYSTEM, reason="test")


_ENDINGS: dict[str, Callable[[Caller], Any]] = {
    "revoked": lambda caller: operations.revoke(_row(caller), actor=SYSTEM, reason="test"),
    "expired": lambda caller: _row(caller).update(
        created_at=Now() - timedelta(days=40), expires_at=Now() - timedelta(seconds=1)
    ),
    "idle for too long": lambda caller: _row(caller).update(
        last_activity_at=Now() - timedelta(seconds=1), idle_limit=timedelta(seconds=1)
    ),
    "user signed out everywhere": lambda caller: _end_all(Reach.USER, caller.user.pk),
    "tenant signed out": lambda caller: _end_all(Reach.TENANT, caller.user.tenant_id),
    "partner signed out": lambda caller: _end_all(Reach.PARTNER, caller.user.tenant.partner_id),
}
_FOREIGNERS = {
    "TA≠": ("north_admin", {"a sister tenant": "katherine", "another partner": "lisa"}),
    "PA≠": ("acme_partner", {"another tenant": "lisa", "another partner": "lisa"}),
}
_CASES: dict[str, Callable[[World], Who]] = {
    "AN": one("nobody"),
    "PU": one("ada"),
    "TA=": one("north_admin"),
    "TA≠": strangers_to("north_admin"),
    "PA=": one("acme_partner"),
    "PA≠": strangers_to("acme_partner"),
    "SA": one("super_admin"),
    "SR": service(Scope.ADMIN_READ),
    "SW": service(Scope.ADMIN_WRITE),
    "S0": service(),
    "SUS": suspended,
    "REV": revoked,
}
