"""What each role sees and may change: exact sets, for every model that has a scope."""

from typing import Any

import pytest

from audit.models import AuditEntry
from core.access import ActorType, Origin, Principal, Scope, Tier
from tests.domain.scoped_objects import PEOPLE, QUERYSETS, Rows
from tests.world import SYSTEM, World

NORTH = {"ada", "north_admin", "north_deputy"}
ACME = NORTH | {"katherine", "acme_partner", "acme_partner_too"}
GLOBEX = {"lisa", "springfield_admin", "globex_partner"}
ALL = set(PEOPLE)
OFFERED = {"for all"}
ACMES = {"acme's", "north's", "south's"}
GLOBEXES = {"globex's", "springfield's"}


def of(people: set[str], tenants: set[str], partners: set[str], applications: set[str]) -> dict[str, set[str]]:
    personal = {"sessions": people, "users": people, "api keys": people, "audit": people}
    return {**personal, "tenants": tenants, "partners": partners, "applications": applications}


EVERYTHING = {
    **of(ALL, {"north", "south", "springfield"}, {"acme", "globex"}, OFFERED | ACMES | GLOBEXES),
    "audit": ALL | {"about acme", "about nobody"},
}
VISIBLE = {
    "super_admin": EVERYTHING,
    "acme_partner": of(ACME, {"north", "south"}, set(), OFFERED | ACMES),
    "globex_partner": of(GLOBEX, {"springfield"}, set(), OFFERED | GLOBEXES),
    "north_admin": of(NORTH, {"north"}, set(), OFFERED | {"acme's", "north's"}),
}
# Their equals are out of reach, and so is whatever they were given from above. The audit is nobody's to change.
CHANGEABLE = ("sessions", "users", "api keys", "tenants", "partners", "applications")
WRITABLE = {
    "super_admin": EVERYTHING,
    "acme_partner": of(ACME - {"acme_partner_too"}, set(), set(), ACMES),
    "globex_partner": of(GLOBEX, set(), set(), GLOBEXES),
    "north_admin": of(NORTH - {"north_deputy"}, set(), set(), {"north's"}),
}


def only(kinds: tuple[str, ...], sets: dict[str, set[str]]) -> dict[str, set[str]]:
    return {kind: sets[kind] for kind in kinds}


@pytest.fixture
def rows(world: World) -> Rows:
    return Rows(world)


@pytest.mark.parametrize("who", VISIBLE)
class TestAdminScope:
    def test_sees_exactly_the_objects_of_its_scope(self, who: str, rows: Rows):
        assert rows.visible(rows.principal(who)) == VISIBLE[who]

    def test_may_change_exactly_the_objects_of_its_scope(self, who: str, rows: Rows):
        assert only(CHANGEABLE, rows.writable(rows.principal(who))) == only(CHANGEABLE, WRITABLE[who])

    def test_sees_each_object_once(self, who: str, rows: Rows):
        for kind, queryset in QUERYSETS.items():
            found = list(queryset.visible_to(rows.principal(who)).values_list("pk", flat=True))
            assert len(found) == len(set(found)), kind


class TestUnlimitedScope:
    def test_command_sees_and_may_change_everything(self, rows: Rows):
        assert rows.visible(SYSTEM) == EVERYTHING
        assert only(CHANGEABLE, rows.writable(SYSTEM)) == only(CHANGEABLE, EVERYTHING)

    def test_service_token_with_an_admin_scope_sees_everything(self, rows: Rows):
        service = Principal(ActorType.PLATFORM, "service", "service", Tier.SUPER, scopes=frozenset({Scope.ADMIN_READ}))
        assert rows.visible(service) == EVERYTHING


class TestNoScope:
    def strangers(self, rows: Rows) -> dict[str, Principal]:
        def stray(tier: Tier, **ids: Any) -> Principal:
            return Principal(type=ActorType.USER, id="", label="", tier=tier, **ids)

        north = rows.world.north
        return {
            "a plain user": rows.principal("ada"),
            "nobody": Principal.anonymous(Origin()),
            "a service without scopes": Principal(ActorType.PLATFORM, "service", "service", Tier.NONE),
            "no tier, but ids": stray(Tier.NONE, tenant_id=north.pk, partner_id=north.partner_id),
            "a partner's tier without a partner": stray(Tier.PARTNER, tenant_id=north.pk),
            "a tenant's tier without a tenant": stray(Tier.TENANT, partner_id=north.partner_id),
        }

    def test_sees_nothing(self, rows: Rows):
        for who, principal in self.strangers(rows).items():
            assert rows.visible(principal) == {kind: set() for kind in QUERYSETS}, who

    def test_may_change_nothing(self, rows: Rows):
        for who, principal in self.strangers(rows).items():
            assert only(CHANGEABLE, rows.writable(principal)) == {kind: set() for kind in CHANGEABLE}, who


def test_nobody_may_change_the_audit_log(world: World):
    assert AuditEntry.objects.visible_to(SYSTEM).exists()
    assert not AuditEntry.objects.writable_by(SYSTEM).exists()
