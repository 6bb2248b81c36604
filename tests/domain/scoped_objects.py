"""One object of every kind that has a scope, for every tenant, under names that a test can compare."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts import operations as accounts
from accounts.models import ApiKey, Application, Role, User
from accounts.operations.sign_in import as_principal
from audit.actions import Action
from audit.models import AuditEntry
from audit.operations import record
from core.access import Origin, Principal
from sessions_app.models import Session
from tenancy.models import Partner, Tenant
from tests.factories import ApplicationFactory
from tests.world import SYSTEM, Caller, World

QUERYSETS: dict[str, Any] = {
    "sessions": Session.objects,
    "users": User.objects,
    "api keys": ApiKey.objects,
    "audit": AuditEntry.objects,
    "tenants": Tenant.objects,
    "partners": Partner.objects,
    "applications": Application.objects,
}


PEOPLE = (
    "acme_partner",
    "acme_partner_too",
    "ada",
    "globex_partner",
    "katherine",
    "lisa",
    "north_admin",
    "north_deputy",
    "springfield_admin",
    "super_admin",
    "super_admin_too",
)


class Rows:
    def __init__(self, world: World) -> None:
        self.world = world
        self.callers = {name: self.caller(name) for name in PEOPLE}
        self.known: dict[str, dict[UUID, str]] = {
            "sessions": {self.session_of(caller).pk: name for name, caller in self.callers.items()},
            "users": {caller.user.pk: name for name, caller in self.callers.items()},
            "api keys": {self.key_of(caller).pk: name for name, caller in self.callers.items()},
            "audit": self.entries(),
            "tenants": {getattr(world, name).pk: name for name in ("north", "south", "springfield")},
            "partners": {getattr(world, name).pk: name for name in ("acme", "globex")},
            "applications": self.applications(),
        }
        staff = Tenant.objects.exclude(kind=Tenant.Kind.CUSTOMER)
        self.known["tenants"] |= dict.fromkeys(staff.values_list("pk", flat=True), "a staff tenant")

    def caller(self, name: str) -> Caller:
        match name:
            case "north_deputy":
                return self.world.signed_in(self.world.person("deputy", self.world.north, Role.TENANT_ADMIN))
            case "acme_partner_too" | "super_admin_too":
                equal = getattr(self.world, name.removesuffix("_too")).user
                return self.world.signed_in(self.world.person(name, equal.tenant, Role(equal.role)))
            case _:
                return getattr(self.world, name)

    def session_of(self, caller: Caller) -> Session:
        return Session.objects.get(user=caller.user)

    def key_of(self, caller: Caller) -> ApiKey:
        return accounts.create_api_key(caller.user, "laptop", actor=SYSTEM).key

    def entries(self) -> dict[UUID, str]:
        made = {record(Action.ACCESS_DENIED, actor=self.principal(name)).pk: name for name in self.callers}
        made[record(Action.ACCESS_DENIED, actor=SYSTEM, partner_id=self.world.acme.pk).pk] = "about acme"
        made[record(Action.ACCESS_DENIED, actor=SYSTEM).pk] = "about nobody"
        return made

    def applications(self) -> dict[UUID, str]:
        world = self.world
        made = {self.application("for all"): "for all"}
        for partner in (world.acme, world.globex):
            name = f"{partner.name.lower()}'s"
            made[self.application(name, partner=partner)] = name
        for tenant in (world.north, world.south, world.springfield):
            name = f"{tenant.name}'s"
            made[self.application(name, tenant=tenant)] = name
        return made

    def application(self, name: str, **owner: Any) -> UUID:
        return ApplicationFactory(name=name, client_id=f"{name}{self.world.suffix}", **owner).pk

    def principal(self, name: str) -> Principal:
        return as_principal(self.callers[name].user, Origin())

    def visible(self, principal: Principal) -> dict[str, set[str]]:
        return {kind: self.named(kind, rows.visible_to(principal)) for kind, rows in QUERYSETS.items()}

    def writable(self, principal: Principal) -> dict[str, set[str]]:
        changeable = {kind: rows for kind, rows in QUERYSETS.items() if hasattr(rows, "writable_by")}
        return {kind: self.named(kind, rows.writable_by(principal)) for kind, rows in changeable.items()}

    def named(self, kind: str, rows: QuerySet[Any]) -> set[str]:
        """The names of those that were made here. Other tests' rows are other tests' business."""
        return {self.known[kind][pk] for pk in rows.values_list("pk", flat=True) if pk in self.known[kind]}
