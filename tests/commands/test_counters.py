"""session_stats, reconcile_counters and bump_token_version."""

import pytest
from django.db import connection

from accounts.models import UserCount
from audit.models import AuditEntry
from core.ids import Prefix
from sessions_app import operations
from sessions_app.models import Session, SessionCount, SessionState
from tenancy.models import Platform
from tests.cells import cells
from tests.commands.many_sessions import update_session
from tests.commands.run_command import run_command
from tests.world import SYSTEM, World, some_id


@pytest.fixture
def peopled(world: World) -> World:
    everybody = (world.ada, world.alan, world.katherine, world.lisa, world.north_admin, world.acme_partner)
    assert all(caller.session for caller in everybody)
    update_session(world.alan, device_type="mobile")
    operations.revoke(Session.objects.filter(pk=world.signed_in(world.ada.user).session.pk), actor=SYSTEM, reason="x")
    return world


class TestSessionStats:
    @pytest.mark.parametrize(
        ("named", "active", "total", "users", "devices"),
        [
            (["--tenant", "north"], 3, 4, 3, {"desktop": 2, "mobile": 1}),
            (["--tenant", "south"], 1, 1, 1, {"desktop": 1}),
            (["--partner", "globex"], 1, 1, 1, {"desktop": 1}),
            (["--partner", "acme"], 5, 6, 5, {"desktop": 4, "mobile": 1}),
        ],
    )
    def test_can_be_limited_to_a_tenant_or_partner(self, named, active, total, users, devices, peopled: World):
        told = run_command("session_stats", *named, "--json").json
        assert (told["active_sessions"], told["total_sessions"], told["unique_users"]) == (active, total, users)
        assert told["by_device_type"] == devices

    def test_default_scope_is_the_platform(self, peopled: World):
        told = run_command("session_stats", "--json").json
        assert told["active_sessions"] == SessionState.objects.live().count()
        assert told["total_sessions"] == Session.objects.count()

    def test_text_output_is_a_table(self, peopled: World):
        lines = run_command("session_stats", "--tenant", peopled.north.handle).out.splitlines()
        assert "  3  active_sessions" in lines
        assert "  1  revoked_sessions" in lines
        by_device = lines.index("by_device_type:")
        assert lines[by_device + 1 : by_device + 3] == ["  2  desktop", "  1  mobile"]
        assert any(line.startswith("oldest_session_at: 20") for line in lines)

    def test_empty_tenant_has_zeros(self, world: World):
        said = run_command("session_stats", "--tenant", "south")
        assert said.code == 0
        assert "0  active_sessions" in said.out
        assert "oldest_session_at: -" in said.out

    @cells("named", [["--tenant", "nowhere"], ["--partner", some_id(Prefix.PARTNER)], ["--tenant", ""]])
    def test_unknown_tenant_or_partner_is_a_usage_error(self, named: list[str], world: World):
        said = run_command("session_stats", *named)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(("No ", "The name of the "))


class TestReconcileCounters:
    def test_correct_counters_are_reported_with_exit_code_0(self, peopled: World):
        said = run_command("reconcile_counters")
        assert (said.code, said.out) == (0, "All counters are correct.\n")

    def test_wrong_session_counter_is_reported_and_not_changed(self, peopled: World):
        counter = self.spoil(peopled)
        said = run_command("reconcile_counters")
        assert (said.code, said.err) == (1, "Wrong counters: 1. Use --fix to rebuild all counters.\n")
        assert said.out == (
            f"{peopled.north.handle} is_admin=False era={counter.era} state=live kind=browser value=Chrome slot=0:"
            " counter 9, rows 2\n"
        )
        assert run_command("reconcile_counters").code == 1

    def test_fix_rebuilds_the_counters(self, peopled: World):
        self.spoil(peopled)
        said = run_command("reconcile_counters", "--fix")
        assert (said.code, said.out.endswith("Wrong counters: 1. All counters have been rebuilt.\n")) == (0, True)
        assert run_command("reconcile_counters").out == "All counters are correct.\n"
        entry = AuditEntry.objects.filter(action="session.counters_rebuilt").latest("created_at")
        assert (entry.actor_id, entry.changes) == ("system:reconcile_counters", {"difference_count": 1})

    def test_wrong_user_counter_is_reported_and_corrected(self, peopled: World):
        there = UserCount.objects.get(tenant=peopled.north).n
        UserCount.objects.filter(tenant=peopled.north).update(n=there + 7)
        said = run_command("reconcile_counters")
        assert said.code == 1
        assert said.out == f"{peopled.north.handle} kind=users: counter {there + 7}, rows {there}\n"
        assert run_command("reconcile_counters", "--fix").code == 0
        assert UserCount.objects.get(tenant=peopled.north).n == there

    def test_fix_of_correct_counters_writes_no_audit_entry(self, peopled: World):
        def recorded() -> int:
            return AuditEntry.objects.filter(action="session.counters_rebuilt").count()

        before = recorded()
        assert run_command("reconcile_counters", "--fix").code == 0
        assert recorded() == before

    def spoil(self, world: World) -> SessionCount:
        """Seven more of a browser than there are."""
        counter = SessionCount.objects.filter(
            tenant=world.north, kind="browser", value="Chrome", state="live", is_admin=False
        ).first()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE sessions_app_sessioncount SET n = n + 7 WHERE id = %s", [counter.pk])
        return counter


class TestBumpTokenVersion:
    def test_revokes_admin_sessions_only(self, peopled: World):
        version = Platform.objects.get().token_version
        count = len(administrators := [peopled.north_admin, peopled.acme_partner, peopled.super_admin])
        said = run_command("bump_token_version", "--reason", "a key leaked")
        assert said.code == 0
        assert said.out.startswith(f"Token version {version + 1}; ")
        assert Platform.objects.get().token_version == version + 1
        assert [caller.get("/api/v1/me").status_code for caller in administrators] == [401] * count
        assert peopled.ada.get("/api/v1/me").status_code == 200

    def test_writes_audit_entry_with_the_reason(self, peopled: World):
        run_command("bump_token_version", "--reason", "a key leaked")
        entry = AuditEntry.objects.filter(action="session.admins_signed_out").latest("created_at")
        assert (entry.actor_id, entry.changes["reason"]) == ("system:bump_token_version", "a key leaked")
        assert entry.changes["token_version"] == Platform.objects.get().token_version

    @cells("reason", ["", "  ", "x" * 201])
    def test_missing_or_too_long_reason_is_a_usage_error(self, reason: str, world: World):
        version = Platform.objects.get().token_version
        assert run_command("bump_token_version", "--reason", reason).code == 2
        assert Platform.objects.get().token_version == version
