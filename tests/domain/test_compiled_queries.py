"""A query compiled for one principal or filter is reused for others with their own values."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from accounts.models import User
from core.access import ActorType, Origin, Principal, Scope, Tier
from core.ids import uuid7
from core.parameters import Parameters
from core.queries import fetch_for
from tests.cells import cells
from tests.world import World

SEARCHES = ["ada", "a%", "a_a", "a\\", "%", "_", "\\", "'", "%s", "$1", "Ada"]
ME = Principal(
    type=ActorType.USER,
    id="usr_1",
    label="ada@north.example",
    tier=Tier.TENANT,
    **{name: uuid7() for name in ("user_id", "tenant_id", "partner_id", "session_id")},
)
NOT_ASKED_ABOUT = {"label": "alan", "origin": Origin("192.0.2.1"), "session_until": datetime.now(UTC)}
OTHERS = {name: uuid7() for name in ("user_id", "tenant_id", "partner_id", "session_id")} | {"id": "usr_2"}
KINDS = {
    "type": ActorType.AGENT,
    "tier": Tier.SUPER,
    "scopes": frozenset({Scope.ADMIN_READ}),
    "delegate": "app",
    "session_id": None,
}


def mine(caller: Principal) -> Any:
    return User.objects.visible_to(caller).filter(pk=caller.user_id).values("email")


def found(search: str) -> Any:
    return User.objects.filter(email__icontains=search).order_by("pk").values("email")


def by_search(caller: Principal, *, search: str) -> Any:
    return found(search)


class TestPrincipalStandIn:
    @cells("name", [*NOT_ASKED_ABOUT, *OTHERS])
    def test_is_equal_for_principals_that_differ_in_values_only(self, name: str):
        assert replace(ME, **{name: (NOT_ASKED_ABOUT | OTHERS)[name]}).stand_in == ME.stand_in

    @cells("name", list(KINDS))
    def test_differs_where_the_query_may_differ(self, name: str):
        assert replace(ME, **{name: KINDS[name]}).stand_in != ME.stand_in

    def test_every_principal_field_is_covered_by_these_tests(self):
        assert {each.name for each in fields(Principal)} == NOT_ASKED_ABOUT.keys() | OTHERS.keys() | KINDS.keys()

    def test_compiled_query_uses_each_principals_own_values(self, world: World):
        for user in (world.ada.user, world.alan.user):
            caller = replace(ME, user_id=user.pk, tenant_id=user.tenant_id)
            assert fetch_for(caller, mine) == [{"email": user.email}]
        stranger = replace(ME, user_id=world.ada.user.pk)
        assert fetch_for(stranger, mine) == []


class TestCompiledFilter:
    @cells("search", SEARCHES)
    def test_compiled_search_returns_the_rows_of_the_orm(self, search: str, world: World):
        world.person("a%b_c", world.north)
        world.person("ada", world.south)
        parameters = Parameters()
        told = fetch_for(ME, by_search, parameters=parameters, search=parameters.replace_value(search))
        assert told == list(found(search))
