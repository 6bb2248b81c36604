"""User counters equal the rows after every change of users, tenants and partners."""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import operations as accounts
from accounts.models import Role, User, UserCount
from accounts.operations import counter_maintenance
from accounts.operations.sign_in import as_principal
from core.access import Origin, Principal
from sessions_app.reads import dashboard
from tenancy import operations as tenancy
from tenancy.models import Tenant
from tests.cells import cells
from tests.factories import UserFactory
from tests.world import SYSTEM, World


def create(world: World, tenant: Tenant, email: str = "grace@north.example") -> User:
    return accounts.create_user(actor=SYSTEM, tenant=tenant, email=email, role=Role.USER)


def many_at_once(world: World) -> None:
    """By one statement, in two tenants."""
    User.objects.bulk_create(
        UserFactory.build(tenant=tenant) for tenant in (world.north, world.south) for _ in range(5)
    )


def restored(world: World) -> None:
    user = create(world, world.north)
    accounts.delete_user(user, actor=SYSTEM)
    User.objects.filter(pk=user.pk).update(deleted_at=None)


def tenant_deleted(world: World) -> None:
    create(world, world.north)
    tenancy.delete(world.north, actor=SYSTEM)


def partner_deleted(world: World) -> None:
    for tenant in Tenant.objects.not_deleted().filter(partner=world.acme, kind=Tenant.Kind.CUSTOMER):
        tenancy.delete(tenant, actor=SYSTEM)
    tenancy.delete(world.acme, actor=SYSTEM)


def deleted_by_hand(world: World) -> None:
    user = create(world, world.north)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_user WHERE id = %s", [user.pk])


WHATEVER_HAPPENS: dict[str, Callable[[World], Any]] = {
    "a user is created": lambda world: create(world, world.north),
    "a user is suspended": lambda world: tenancy.suspend(world.ada.user, actor=SYSTEM),
    "a user is deleted": lambda world: accounts.delete_user(world.ada.user, actor=SYSTEM),
    "a user is restored by hand": restored,
    "a user's row is deleted by hand": deleted_by_hand,
    "a user is moved by hand": lambda world: User.objects.filter(pk=world.ada.user.pk).update(tenant=world.south),
    "a user becomes an administrator": lambda world: accounts.change_user(
        world.ada.user, role=Role.TENANT_ADMIN, actor=SYSTEM
    ),
    "a user signs in": lambda world: world.ada,
    "many are created at once": many_at_once,
    "many are deleted at once": lambda world: User.objects.filter(tenant=world.north).update(deleted_at=Now()),
    "a tenant is suspended": lambda world: tenancy.suspend(world.north, actor=SYSTEM),
    "a tenant is deleted": tenant_deleted,
    "a tenant moves": lambda world: tenancy.change_tenant(world.north, partner=world.globex, actor=SYSTEM),
    "a partner is deleted": partner_deleted,
}


def callers(world: World) -> dict[str, Principal]:
    found = {name: getattr(world, name).user for name in ("super_admin", "acme_partner", "north_admin")}
    return {name: as_principal(user, Origin()) for name, user in found.items()}


def asked(world: World) -> dict[str, dict[str, Any]]:
    """What of a dashboard, by a name for it."""
    tenants, partners = (world.north, world.south), (world.acme, world.globex)
    return (
        {"everything": {}}
        | {tenant.name: {"tenant_id": tenant.pk} for tenant in tenants}
        | {partner.name: {"partner_id": partner.pk} for partner in partners}
    )


def totals(world: World) -> dict[tuple[str, str], int]:
    found = {
        (name, what): dashboard.totals(caller, **place)["users"]
        for name, caller in callers(world).items()
        for what, place in asked(world).items()
    }
    counts = UserCount.objects.in_existing_tenant()
    return found | {
        (name, "total"): counts.visible_to(caller).total().get()["total"] for name, caller in callers(world).items()
    }


def by_hand(world: World) -> dict[tuple[str, str], int]:
    users = User.objects.in_existing_tenant()
    found = {
        (name, what): users.visible_to(caller).filter(**{_PATHS[path]: pk for path, pk in place.items()}).count()
        for name, caller in callers(world).items()
        for what, place in asked(world).items()
    }
    return found | {(name, "total"): users.visible_to(caller).count() for name, caller in callers(world).items()}


_PATHS = {"tenant_id": "tenant", "partner_id": "tenant__partner"}


@cells("what", WHATEVER_HAPPENS)
def test_counters_equal_the_rows_after_every_change_of_owners(what: str, world: World):
    callers(world)
    WHATEVER_HAPPENS[what](world)
    assert totals(world) == by_hand(world)
    assert list(counter_maintenance.differences()) == []


def test_rolled_back_changes_are_not_counted(world: World):
    before = list(UserCount.objects.order_by("pk").values_list("pk", "n"))
    with transaction.atomic():
        create(world, world.north)
        transaction.set_rollback(True)
    assert list(UserCount.objects.order_by("pk").values_list("pk", "n")) == before


class TestWrongUserCounter:
    def test_is_reported_with_the_counted_and_the_actual_number(self, world: World):
        assert world.ada.user
        there = User.objects.filter(tenant=world.north, deleted_at=None).count()
        UserCount.objects.filter(tenant=world.north).update(n=F("n") + 2)
        [difference] = counter_maintenance.differences()
        assert difference.key == {"tenant_id": world.north.pk, "kind": "users"}
        assert (difference.counted, difference.actual) == (there + 2, there)

    def test_missing_counter_is_reported(self, world: World):
        assert world.ada.user
        UserCount.objects.filter(tenant=world.north).delete()
        [difference] = counter_maintenance.differences()
        assert difference.counted == 0
        assert difference.actual > 0

    def test_is_corrected_by_a_recount(self, world: World):
        assert world.ada.user
        assert world.katherine.user
        UserCount.objects.filter(tenant=world.north).update(n=F("n") + 2)
        UserCount.objects.filter(tenant=world.south).delete()
        assert len(list(counter_maintenance.differences())) == 2
        counter_maintenance.recount()
        assert list(counter_maintenance.differences()) == []


SHOWN: dict[str, Callable[[Any], int]] = {
    "/api/v1/admin/users": lambda body: body["pagination"]["total"],
    "/api/v1/admin/dashboard/stats": lambda body: body["data"]["users"],
    "/edge/management/v1/identities": lambda body: body["meta"]["pagination"]["totalCount"],
    "/edge/management/v1/summary": lambda body: body["data"]["identities"],
}


@cells("path", SHOWN)
def test_shown_is_what_the_counter_says_and_nobody_counts_users(path: str, world: World):
    for _ in range(5):
        many_at_once(world)
    there = User.objects.filter(tenant=world.north).count() + 1  # and who asks
    UserCount.objects.filter(tenant=world.north).update(n=F("n") + 7)
    assert SHOWN[path](world.north_admin.get(path).json()) == there + 7
