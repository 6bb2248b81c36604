"""Session statistics of the platform, a partner or a tenant, limited to the caller's scope."""

from datetime import timedelta

from django.db.models.functions import Now

from core.access import Scope
from core.ids import Prefix
from sessions_app import operations
from sessions_app.models import RevocationScope, Session
from tests.cells import cells
from tests.contract.v1.answers import data_of, flaws, refused, when
from tests.contract.v1.sessions import SESSIONS, is_alive, run_out
from tests.world import SYSTEM, Caller, World, some_id

STATS = f"{SESSIONS}/stats"
NUMBERS = ("active_sessions", "total_sessions", "revoked_sessions", "expired_sessions", "unique_users")
RECENT = ("active_last_hour", "active_last_24h", "new_last_24h")
KINDS = ("by_device_type", "by_browser", "by_os", "by_auth_method")
TIMES = ("oldest_session_at", "newest_session_at")
NOTHING = {
    **dict.fromkeys((*NUMBERS, *RECENT, "average_duration_seconds"), 0),
    **{kind: {} for kind in KINDS},
    **dict.fromkeys(TIMES),
}


def of_tenant(world: World) -> str:
    return f"/api/v1/tenants/{world.north.handle}/sessions/stats"


def numbers(caller: Caller, path: str = STATS) -> list[int]:
    told = data_of(caller.get(path))
    return [told[name] for name in NUMBERS]


class TestStatistics:
    def test_count_sessions_by_status_device_and_time(self, world: World):
        assert is_alive(world.signed_in(world.ada.user, user_agent="curl/8.0"))
        gone, over = world.signed_in(world.ada.user), world.signed_in(world.alan.user)
        operations.revoke(Session.objects.filter(pk=gone.session.pk), actor=SYSTEM, reason="test")
        run_out(over)
        told = data_of(world.super_admin.get(of_tenant(world)))
        oldest, newest = (when(told.pop(name)) for name in TIMES)
        assert (oldest, newest) == tuple(
            Session.objects.get(pk=each.session.pk).created_at for each in (world.ada, world.alan)
        )
        assert 0 <= told.pop("average_duration_seconds") < 60
        assert told == {
            "active_sessions": 3,
            "total_sessions": 5,
            "revoked_sessions": 1,
            "expired_sessions": 1,
            "unique_users": 2,
            "active_last_hour": 3,
            "active_last_24h": 3,
            "new_last_24h": told["new_last_24h"],
            "by_device_type": {"desktop": 2, "other": 1},
            "by_browser": {"Chrome": 2, "curl": 1},
            "by_os": {"Linux": 2, "unknown": 1},
            "by_auth_method": {"password": 3},
        }
        assert told["new_last_24h"] in (4, 5)  # one of them says by now that it is forty days old

    @cells("slash", ["", "/"])
    def test_count_only_the_callers_scope(self, slash: str, world: World):
        assert all(is_alive(each) for each in (world.ada, world.alan, world.katherine, world.lisa))
        assert numbers(world.north_admin, STATS + slash) == [3, 3, 0, 0, 3]
        assert numbers(world.acme_partner, STATS + slash) == [5, 5, 0, 0, 5]
        assert numbers(world.super_admin, STATS + slash) == [7, 7, 0, 0, 7]
        assert numbers(world.service(Scope.ADMIN_READ), STATS + slash) == [7, 7, 0, 0, 7]
        for caller in (world.north_admin, world.acme_partner, world.super_admin):
            assert numbers(caller, of_tenant(world) + slash) == [3, 3, 0, 0, 3]

    def test_can_be_limited_to_a_tenant_or_partner(self, world: World):
        assert all(is_alive(each) for each in (world.ada, world.alan, world.katherine, world.lisa))
        north, south = (f"{STATS}?tenant_id={tenant.handle}" for tenant in (world.north, world.south))
        acme, globex = (f"partner_id={partner.handle}" for partner in (world.acme, world.globex))
        assert numbers(world.super_admin, north)[:2] == [2, 2]
        assert numbers(world.super_admin, f"{STATS}?{acme}")[:2] == [3, 3]
        assert numbers(world.super_admin, f"{north}&{acme}")[:2] == [2, 2]
        assert numbers(world.super_admin, f"{north}&{globex}")[:2] == [0, 0]
        assert numbers(world.acme_partner, south)[:2] == [1, 1]
        assert numbers(world.acme_partner, f"{STATS}?{acme}")[:2] == [4, 4]
        assert numbers(world.acme_partner, f"{south}&{acme}")[:2] == [1, 1]
        assert numbers(world.acme_partner, f"{south}&{globex}")[:2] == [0, 0]
        assert numbers(world.north_admin, north)[:2] == numbers(world.north_admin, f"{STATS}?{acme}")[:2] == [3, 3]

    @cells("who", ["north_admin", "acme_partner", "super_admin"])
    def test_foreign_or_unknown_owner_gives_zeros(self, who: str, world: World):
        assert is_alive(world.lisa)
        caller = getattr(world, who)
        places = [("tenant_id", some_id(Prefix.TENANT)), ("partner_id", some_id(Prefix.PARTNER)), ("tenant_id", "x")]
        if who != "super_admin":
            places += [("tenant_id", world.springfield.handle), ("partner_id", world.globex.handle)]
        if who == "north_admin":
            places += [("tenant_id", world.south.handle)]
        for name, handle in places:
            assert data_of(caller.get(f"{STATS}?{name}={handle}")) == NOTHING, (name, handle)

    def test_tenant_wide_revocation_changes_them_before_the_sweep(self, world: World):
        assert all(is_alive(each) for each in (world.ada, world.alan))
        operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="test")
        before = data_of(world.super_admin.get(of_tenant(world)))
        operations.sweep()
        assert before == data_of(world.super_admin.get(of_tenant(world)))
        assert [before[name] for name in NUMBERS] == [0, 2, 2, 0, 0]

    def test_equal_the_totals_of_the_lists(self, world: World):
        gone, over = world.signed_in(world.ada.user), world.signed_in(world.ada.user)
        operations.revoke(Session.objects.filter(pk=gone.session.pk), actor=SYSTEM, reason="test")
        run_out(over)
        Session.objects.filter(pk=world.ada.session.pk).update(last_activity_at=Now() - timedelta(minutes=3))
        for caller in (world.north_admin, world.acme_partner, world.super_admin):
            told = data_of(caller.get(STATS))
            for query, name in {
                "": "active_sessions",
                "active_only=false": "total_sessions",
                "status=revoked": "revoked_sessions",
                "status=expired": "expired_sessions",
            }.items():
                listed = caller.get(f"{SESSIONS}?{query}&per_page=1").json()["pagination"]
                assert listed["total"] == told[name], name

    def test_foreign_or_unknown_tenant_in_the_path_is_404(self, world: World):
        for caller in (world.springfield_admin, world.globex_partner):
            assert refused(caller.get(of_tenant(world)), 404) == {"detail": "Tenant not found"}
        for handle in (some_id(Prefix.TENANT), "x", world.acme.handle):
            assert refused(world.super_admin.get(f"/api/v1/tenants/{handle}/sessions/stats"), 404)

    def test_malformed_id_is_422(self, world: World):
        for name in ("tenant_id", "partner_id"):
            for raw in ("%00", "%ff", "x" * 65):
                assert flaws(world.super_admin.get(f"{STATS}?{name}={raw}"))[0][0] == ["query", name]
