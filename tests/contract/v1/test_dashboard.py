"""/admin/dashboard/stats: totals of everything in the caller's scope."""

from datetime import timedelta

import pytest

from accounts.models import User
from accounts.operations import delete_user
from audit.models import AuditEntry
from core.ids import Prefix
from sessions_app import operations
from sessions_app.models import RevocationScope, SessionState
from tenancy.operations import delete
from tests.contract.v1.answers import data_of, flaws
from tests.factories import AgentFactory, ApplicationFactory, GroupFactory, IdentityProviderFactory
from tests.world import SYSTEM, Caller, World, some_id

STATS = "/api/v1/admin/dashboard/stats"
FIELDS = [
    *("partners", "tenants", "users", "groups", "applications", "identity_providers", "agents", "active_sessions"),
    *("sign_ins_24h", "failed_sign_ins_24h", "revocations_24h"),
]


def told(caller: Caller, query: str = "") -> dict[str, int]:
    found = data_of(caller.get(f"{STATS}?{query}"))
    assert sorted(found) == sorted(FIELDS)
    return found


@pytest.fixture
def busy(world: World) -> World:
    """Something of each kind in north, twice as much in springfield, and one for everybody."""
    for caller in (world.ada, world.alan, world.lisa, world.north_admin, world.acme_partner, world.super_admin):
        assert caller.session
    for tenant in (world.north, world.springfield, world.springfield):
        GroupFactory(tenant=tenant)
        IdentityProviderFactory(tenant=tenant)
        ApplicationFactory(tenant=tenant)
    AgentFactory(owner_user=world.ada.user)
    ApplicationFactory(partner=world.acme)
    world.make_service("for-everybody", [])
    return world


class TestDashboardTotals:
    def test_tenant_admin_gets_totals_of_the_tenant(self, busy: World):
        assert told(busy.north_admin) == {
            "partners": 0,
            "tenants": 1,
            "users": 3,
            "groups": 1,
            "applications": 3,
            "identity_providers": 1,
            "agents": 1,
            "active_sessions": 3,
            "sign_ins_24h": 3,
            "failed_sign_ins_24h": 0,
            "revocations_24h": 0,
        }

    def test_partner_admin_gets_totals_of_the_partners_tenants(self, busy: World):
        found = told(busy.acme_partner)
        assert (found["partners"], found["tenants"], found["users"]) == (0, 2, 4)
        assert (found["groups"], found["identity_providers"], found["applications"]) == (1, 1, 3)
        assert (found["active_sessions"], found["sign_ins_24h"]) == (4, 4)

    def test_super_admin_gets_totals_of_the_platform(self, busy: World):
        found = told(busy.super_admin)
        assert (found["partners"], found["tenants"], found["users"]) == (2, 3, 6)
        assert (found["groups"], found["identity_providers"], found["applications"]) == (3, 3, 5)
        assert (found["active_sessions"], found["sign_ins_24h"]) == (6, 6)

    def test_can_be_limited_to_a_tenant_or_partner(self, busy: World):
        for caller in (busy.super_admin, busy.acme_partner):
            of_north = told(caller, f"tenant_id={busy.north.handle}")
            assert (of_north["tenants"], of_north["users"], of_north["groups"]) == (1, 3, 1)
            assert (of_north["active_sessions"], of_north["sign_ins_24h"], of_north["applications"]) == (3, 3, 1)
            of_acme = told(caller, f"partner_id={busy.acme.handle}")
            assert (of_acme["tenants"], of_acme["groups"], of_acme["active_sessions"]) == (2, 1, 4)
            assert of_acme["applications"] == 2
        assert told(busy.super_admin, f"partner_id={busy.acme.handle}")["partners"] == 1
        assert told(busy.super_admin, f"tenant_id={busy.north.handle}")["partners"] == 1
        assert told(busy.north_admin, f"tenant_id={busy.north.handle}")["users"] == 3

    def test_foreign_or_unknown_tenant_gives_zeros(self, busy: World):
        nothing = dict.fromkeys(FIELDS, 0)
        place = f"tenant_id={busy.springfield.handle}"
        for query in (place, f"partner_id={busy.globex.handle}", f"tenant_id={some_id(Prefix.TENANT)}", "partner_id=x"):
            for caller in (busy.north_admin, busy.acme_partner):
                assert told(caller, query) == nothing, query
        for query in (f"tenant_id={some_id(Prefix.TENANT)}", f"{place}&partner_id={busy.acme.handle}"):
            assert told(busy.super_admin, query) == nothing

    def test_leave_out_deleted_objects(self, busy: World):
        before = told(busy.super_admin)
        delete_user(busy.alan.user, actor=SYSTEM)
        delete(busy.springfield, actor=SYSTEM)
        after = told(busy.super_admin)
        assert {name: before[name] - after[name] for name in ("tenants", "users", "groups", "identity_providers")} == {
            "tenants": 1,
            "users": 2,
            "groups": 2,
            "identity_providers": 2,
        }
        assert before["active_sessions"] - after["active_sessions"] == 2
        assert User.objects.not_deleted().filter(tenant=busy.springfield).exists()

    def test_include_sign_ins_failures_and_revocations_of_24_hours(self, busy: World):
        credentials = {"email": busy.ada.user.email, "password": "wrong", "tenant": busy.north.slug}
        assert busy.nobody.post("/api/v1/auth/login", credentials).status_code == 401
        operations.revoke_scope(RevocationScope.USER, busy.ada.user.pk, actor=SYSTEM, reason="test")
        found = told(busy.north_admin)
        assert (found["sign_ins_24h"], found["failed_sign_ins_24h"], found["revocations_24h"]) == (3, 1, 1)
        assert found["active_sessions"] == SessionState.objects.live().filter(tenant=busy.north).count() == 2
        assert told(busy.acme_partner)["failed_sign_ins_24h"] == 1
        assert told(busy.springfield_admin)["failed_sign_ins_24h"] == 0

    def test_leave_out_what_is_older_than_24_hours(self, busy: World, monkeypatch: pytest.MonkeyPatch):
        from sessions_app.reads import dashboard

        monkeypatch.setattr(dashboard, "DAY", timedelta(0))
        found = told(busy.north_admin)
        assert (found["sign_ins_24h"], found["users"]) == (0, 3)
        assert AuditEntry.objects.filter(tenant_id=busy.north.pk).exists()

    def test_unknown_query_parameters_are_refused(self, busy: World):
        unknown = flaws(busy.north_admin.get(f"{STATS}?page=1&search=y"))
        assert [(where, kind) for where, _, kind in unknown] == [
            (["query", "page"], "extra_forbidden"),
            (["query", "search"], "extra_forbidden"),
        ]
        assert flaws(busy.north_admin.get(f"{STATS}?tenant_id=%ff"))
