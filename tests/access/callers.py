"""The callers of each column of the matrix; where several fit, each of them is tried."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

from django.db.models.functions import Now

from accounts import operations as accounts
from accounts.models import Application, Role, User
from core.access import Origin, Scope
from core.models import Status
from sessions_app import operations
from sessions_app.models import RevocationScope, Session, SessionQuerySet
from tenancy.models import Partner, Tenant
from tests.access.matrix import Row
from tests.factories import PartnerFactory
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


def cases(column: str, world: World, row: Row | None = None) -> Iterator[Case]:
    """Who stands in a column; of the many who are turned away, one for each row."""
    who = one_of(_WAYS[column], row) if row and column in _WAYS else _CASES[column]
    for name, caller, owner in who(world):
        yield Case(name, caller, owner or (caller.user if caller.session else world.ada.user), owner is not None)


def administrative_cases(column: str, world: World, row: Row | None = None) -> Iterator[Case]:
    """The same callers, asking about Ada; or about people whom they do not administer."""
    if column not in _FOREIGNERS:
        yield from (Case(case.name, case.caller, world.ada.user) for case in cases(column, world, row))
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


def turned_away(ways: Mapping[str, Callable[[World, str], Who]]) -> Callable[[World], Who]:
    def named(world: World) -> Who:
        for name, refused in ways.items():
            yield from refused(world, name)

    return named


def one_of(ways: Mapping[str, Callable[[World, str], Who]], row: Row) -> Callable[[World], Who]:
    """One of them, another for each endpoint: that all endpoints ask alike who is there is an architecture test."""
    name = list(ways)[crc32(str(row).encode()) % len(ways)]
    return lambda world: ways[name](world, name)


def befallen(what: str, change: dict[str, Any]) -> Callable[[World, str], Who]:
    """Somebody with good credentials, when what they hang on has just been suspended or deleted."""

    def named(world: World, name: str) -> Who:
        caller = _newcomer(world, name.replace(" ", "-"))
        key = api_key_of(caller.user)
        assert {caller.get(ME).status_code, key.get(ME).status_code} == {200}
        _befall(what, caller.user, change)
        yield name, caller, None
        yield f"{name}, by API key", key, caller.user

    return named


def befallen_application(change: dict[str, Any]) -> Callable[[World, str], Who]:
    def named(world: World, name: str) -> Who:
        client_id = f"{name.replace(' ', '-')}{world.suffix}"
        application = world.make_service(client_id, list(Scope))
        token = accounts.issue_token(client_id, f"{client_id}-secret", None, origin=Origin())
        service = Caller(token.access_token)
        assert service.get(ME).status_code == 403
        Application.objects.filter(pk=application.pk).update(**change)
        yield name, service, None

    return named


def ended(finish: Callable[[Caller], Any]) -> Callable[[World, str], Who]:
    """Somebody whose session is over."""

    def named(world: World, name: str) -> Who:
        caller = _newcomer(world, name.replace(" ", "-"))
        assert caller.get(ME).status_code == 200
        finish(caller)
        yield name, caller, None

    return named


def administrators_signed_out(world: World, name: str) -> Who:
    operator = world.signed_in(world.person("operator", platform_staff(), Role.SUPER_ADMIN))
    _end_all(RevocationScope.ADMINS, None)
    yield name, operator, None


def platform_staff() -> Tenant:
    return Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)


def _newcomer(world: World, name: str) -> Caller:
    """A user in a tenant and under a partner of their own: what happens to them happens to nobody else."""
    partner = PartnerFactory(name=name, slug=f"{name}{world.suffix}")
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


def _end_all(reach: RevocationScope, target_id: UUID | None) -> None:
    operations.revoke_scope(reach, target_id, actor=SYSTEM, reason="test")


_ENDINGS: dict[str, Callable[[Caller], Any]] = {
    "revoked": lambda caller: operations.revoke(_row(caller), actor=SYSTEM, reason="test"),
    "expired": lambda caller: _row(caller).update(
        created_at=Now() - timedelta(days=40), expires_at=Now() - timedelta(seconds=1)
    ),
    "idle for too long": lambda caller: _row(caller).update(
        last_activity_at=Now() - timedelta(seconds=1), idle_limit=timedelta(seconds=1)
    ),
    "user signed out everywhere": lambda caller: _end_all(RevocationScope.USER, caller.user.pk),
    "tenant signed out": lambda caller: _end_all(RevocationScope.TENANT, caller.user.tenant_id),
    "partner signed out": lambda caller: _end_all(RevocationScope.PARTNER, caller.user.tenant.partner_id),
    "everybody signed out": lambda caller: _end_all(RevocationScope.PLATFORM, None),
}
REVOKED: dict[str, Callable[[World, str], Who]] = {
    **{name: ended(finish) for name, finish in _ENDINGS.items()},
    "administrators signed out": administrators_signed_out,
}
DOWN: dict[str, Callable[[World, str], Who]] = {
    f"{what} {fate}": befallen_application(change) if what == "application" else befallen(what, change)
    for fate, change in (("suspended", SUSPENDED), ("deleted", DELETED))
    for what in ("user", "tenant", "partner", "application")
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
    "SUS": turned_away(DOWN),
    "REV": turned_away(REVOKED),
}
_WAYS = {"SUS": DOWN, "REV": REVOKED}
