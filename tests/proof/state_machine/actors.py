"""The partners, tenants, users and applications, as rows of the product and as owners of the model."""

from typing import Any
from uuid import UUID

from accounts.models import Role
from core.access import Scope
from core.models import Record
from sessions_app.models import RevocationScope
from tenancy.models import Platform, Tenant
from tests.factories import ApplicationFactory
from tests.proof.state_machine.model import POLICY, Owner
from tests.world import World

PARTNERS = ("acme", "globex")
TENANTS = ("north", "south", "springfield")
APPLICATIONS = ("mail", "portal", "wiki")
PEOPLE = {
    "ada": "north",
    "alan": "north",
    "north_admin": "north",
    "katherine": "south",
    "lisa": "springfield",
    "homer": "springfield",
    "acme_partner": "acme staff",
    "globex_partner": "globex staff",
    "operator": "platform staff",
}
HOMES = {"north": "acme", "south": "acme", "springfield": "globex", "acme staff": "acme", "globex staff": "globex"}
ROLES = {"north_admin": Role.TENANT_ADMIN, "operator": Role.SUPER_ADMIN}
ROLES |= {"acme_partner": Role.PARTNER_ADMIN, "globex_partner": Role.PARTNER_ADMIN}
DAYS, WEEK = 30 * 24 * 3600, 7 * 24 * 3600
POLICY_BEFORE = dict(zip(POLICY, (DAYS, WEEK, None, "evict"), strict=True))


class Actors:
    """Rows that are committed once. Acts on them are rolled back."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.service(Scope.ADMIN_READ)
        self.rows: dict[str, Record] = {name: getattr(world, name) for name in (*PARTNERS, *TENANTS)}
        self.rows["acme staff"] = world.staff_of(world.acme)
        self.rows["globex staff"] = world.staff_of(world.globex)
        self.rows["platform staff"] = Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
        for name, home in PEOPLE.items():
            self.rows[name] = world.person(f"{name}{world.suffix}", self.rows[home], ROLES.get(name, Role.USER))
        owners: tuple[dict[str, Any], ...] = ({}, {"partner": world.acme}, {"tenant": world.north})
        for name, owner in zip(APPLICATIONS, owners, strict=True):
            client_id = f"{name}{world.suffix}"
            self.rows[name] = ApplicationFactory(name=name, client_id=client_id, **owner)

    def owners(self) -> list[Owner]:
        """Return the owners of the model in their initial state."""
        owners = {"platform": Owner("platform", RevocationScope.PLATFORM, policy=dict(POLICY_BEFORE))}
        for name in PARTNERS:
            owners[name] = Owner(name, RevocationScope.PARTNER, owners["platform"])
        for name in (*TENANTS, "acme staff", "globex staff", "platform staff"):
            owners[name] = Owner(name, RevocationScope.TENANT, owners[HOMES.get(name, "platform")])
        for name, home in PEOPLE.items():
            owners[name] = Owner(name, RevocationScope.USER, owners[home], ROLES.get(name, Role.USER))
        for name, owner in zip(APPLICATIONS, ("platform", "acme", "north"), strict=True):
            owners[name] = Owner(name, RevocationScope.APPLICATION, owners[owner])
        return list(owners.values())

    def row(self, name: str) -> Any:
        """Read the current row, as an act would."""
        if name == "platform":
            return Platform.objects.get()
        row = self.rows[name]
        return type(row)._default_manager.get(pk=row.pk)

    def id_of(self, name: str) -> UUID | None:
        return None if name in ("platform", "admins") else self.rows[name].pk
