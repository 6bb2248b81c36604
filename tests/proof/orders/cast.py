"""Who the model is about, in the product's rows and in the model's words."""

from typing import Any
from uuid import UUID

from accounts.models import Application, Role
from core.access import Scope
from core.models import Record
from sessions_app.models import Reach
from tenancy.models import Platform, Tenant
from tests.proof.orders.model import POLICY, Thing
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


class Cast:
    """Committed once; what happens to them is rolled back."""

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
        for name, scope, owner in zip(APPLICATIONS, Application.Scope, owners, strict=True):
            client_id = f"{name}{world.suffix}"
            self.rows[name] = Application.objects.create(
                name=name, client_id=client_id, scope=scope, application_type=Application.Type.WEB, **owner
            )

    def things(self) -> list[Thing]:
        """The same in the model's words, as everything is at first."""
        things = {"platform": Thing("platform", Reach.PLATFORM, policy=dict(POLICY_BEFORE))}
        for name in PARTNERS:
            things[name] = Thing(name, Reach.PARTNER, things["platform"])
        for name in (*TENANTS, "acme staff", "globex staff", "platform staff"):
            things[name] = Thing(name, Reach.TENANT, things[HOMES.get(name, "platform")])
        for name, home in PEOPLE.items():
            things[name] = Thing(name, Reach.USER, things[home], ROLES.get(name, Role.USER))
        for name, owner in zip(APPLICATIONS, ("platform", "acme", "north"), strict=True):
            things[name] = Thing(name, Reach.APPLICATION, things[owner])
        return list(things.values())

    def row(self, name: str) -> Any:
        """As it stands in the database now, as whoever is about to act would read it."""
        if name == "platform":
            return Platform.objects.get()
        row = self.rows[name]
        return type(row)._default_manager.get(pk=row.pk)

    def id_of(self, name: str) -> UUID | None:
        return None if name in ("platform", "admins") else self.rows[name].pk
