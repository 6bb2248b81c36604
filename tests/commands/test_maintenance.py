"""purge_sessions, expire_sessions and sweep_revocations, which the worker also runs by itself."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import AuditEntry
from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, Session
from sessions_app.operations import batch_size, expiry, sweeps
from tests.cells import cells
from tests.commands.many_sessions import opened, update_session
from tests.commands.run_command import run_command
from tests.world import SYSTEM, Caller, World

DAY = timedelta(days=1)


def ended(world: World, ago: timedelta) -> Caller:
    """Somebody whose session was ended that long ago."""
    caller = world.signed_in(world.person("grace", world.north))
    operations.revoke(Session.objects.filter(pk=caller.session.pk), actor=SYSTEM, reason="test")
    return update_session(opened(caller, ago + DAY), revoked_at=timezone.now() - ago)


def lapse(caller: Caller, ago: timedelta = DAY) -> Caller:
    session = Session.objects.get(pk=caller.session.pk)
    when = timezone.now() - ago
    return update_session(caller, last_activity_at=when - session.idle_limit, due_at=when)


def is_there(caller: Caller) -> bool:
    return Session.objects.filter(pk=caller.session.pk).exists()


class TestPurgeSessions:
    @cells(
        ("arguments", "kept"),
        [
            ([], {"week": True, "season": True, "year": False}),
            (["--older-than", "30d"], {"week": True, "season": False, "year": False}),
            (["--older-than", "400d"], {"week": True, "season": True, "year": True}),
            (["--older-than", "0s"], {"week": False, "season": False, "year": False}),
        ],
    )
    def test_deletes_sessions_that_ended_longer_ago_and_no_others(self, arguments, kept, world: World):
        sessions = {name: ended(world, days * DAY) for name, days in (("week", 7), ("season", 89), ("year", 365))}
        before = Session.objects.count()
        said = run_command("purge_sessions", *arguments)
        assert said.code == 0
        assert {name: is_there(caller) for name, caller in sessions.items()} == kept
        assert said.out == words(before - Session.objects.count(), "deleted")
        assert world.ada.get("/api/v1/me").status_code == 200

    def test_uses_the_retention_setting(self, world: World, settings):
        settings.SESSION_RETENTION_DAYS = 3
        old, young = ended(world, 4 * DAY), ended(world, 2 * DAY)
        run_command("purge_sessions")
        assert (is_there(old), is_there(young)) == (False, True)

    def test_dry_run_prints_the_number_and_deletes_nothing(self, world: World):
        old = ended(world, 365 * DAY)
        count = Session.objects.filter(revoked_at__lt=timezone.now() - 90 * DAY).count()
        assert run_command("purge_sessions", "--dry-run").out == words(count, "would be deleted")
        assert is_there(old)

    def test_deletes_sessions_that_expired(self, world: World):
        idle = lapse(opened(world.signed_in(world.person("grace", world.north)), 101 * DAY), 100 * DAY)
        run_command("expire_sessions")
        run_command("purge_sessions")
        assert not is_there(idle)

    def test_continues_until_every_batch_is_done(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(expiry, "PURGED_AT_ONCE", 2)
        old = [ended(world, 365 * DAY) for _ in range(5)]
        run_command("purge_sessions")
        assert [is_there(caller) for caller in old] == [False] * 5

    def test_batch_size_adapts_to_the_time_taken(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(batch_size, "FIRST", 2)
        for _ in range(9):
            ended(world, 365 * DAY)
        sizes: list[int] = []
        purged = operations.purge(300 * DAY, actor=SYSTEM, on_progress=sizes.append)
        assert (sizes[0], sum(sizes), len(sizes) < purged) == (2, purged, True)

    def test_purge_and_sweep_refuse_to_run_inside_a_transaction(self, world: World):
        """Their commits do not wait for the disk, and neither would the surrounding transaction."""
        for act in (operations.sweep, lambda: operations.purge(300 * DAY, actor=SYSTEM)):
            with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
                act()

    def test_writes_audit_entry_with_the_count(self, world: World):
        ended(world, 365 * DAY)
        run_command("purge_sessions")
        entry = AuditEntry.objects.filter(action="session.purged").latest("created_at")
        assert (entry.actor_id, entry.changes["older_than_seconds"]) == ("system:purge_sessions", 90 * 24 * 3600)
        assert entry.changes["purged_count"] >= 1

    @cells("odd", ["", "90", "-1d", "forever"])
    def test_malformed_duration_is_a_usage_error(self, odd: str, world: World):
        old = ended(world, 365 * DAY)
        said = run_command("purge_sessions", f"--older-than={odd}")
        assert (said.code, "is not a duration" in said.err) == (2, True)
        assert is_there(old)


class TestExpireSessions:
    def test_marks_idle_and_overdue_sessions_as_expired(self, world: World):
        idle, over = (lapse(world.signed_in(world.person("grace", world.north))) for _ in range(2))
        session = Session.objects.get(pk=over.session.pk)
        update_session(over, created_at=session.created_at - 60 * DAY, expires_at=timezone.now() - DAY)
        assert run_command("expire_sessions").code == 0
        rows = Session.objects.in_bulk([idle.session.pk, over.session.pk])
        reasons = {each.revoke_reason for each in rows.values() if each.is_expired}
        assert (len(rows), reasons <= {"idle", "expired"}, len(reasons) > 0) == (2, True, True)
        assert {each.revoked_by for each in rows.values()} == {"system:expire_sessions"}
        assert world.ada.get("/api/v1/me").status_code == 200

    def test_prints_the_number_of_sessions(self, world: World):
        run_command("expire_sessions")
        assert world.ada.session
        for _ in range(3):
            lapse(world.signed_in(world.person("grace", world.north)))
        assert [run_command("expire_sessions").out for _ in range(2)] == [
            "3 sessions expired.\n",
            "0 sessions expired.\n",
        ]


class TestSweepRevocations:
    def test_marks_sessions_with_actor_and_reason_of_their_revocation(self, world: World):
        run_command("sweep_revocations")
        assert world.ada.session
        assert world.alan.session
        revocation = operations.revoke_scope(
            RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="a breach"
        ).revocation
        assert not Session.objects.filter(revocation=revocation).exists()
        said = run_command("sweep_revocations")
        assert said.out == f"{revocation.handle}  all of 2 sessions  tenant: a breach\n2 sessions updated.\n"
        assert Session.objects.filter(revocation=revocation, revoked_by="system:tests").count() == 2
        assert run_command("sweep_revocations").out == "0 sessions updated.\n"

    def test_interrupted_sweep_continues_when_repeated(self, world: World, monkeypatch: pytest.MonkeyPatch):
        run_command("sweep_revocations")
        callers = [world.signed_in(world.person("ada", world.north)) for _ in range(5)]
        revocation = operations.revoke_scope(
            RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="a breach"
        ).revocation
        monkeypatch.setattr(sweeps, "BATCH", 2)

        def interrupt(_: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            operations.sweep(on_progress=interrupt)
        assert Revocation.objects.get(pk=revocation.pk).swept_count == 2
        assert run_command("sweep_revocations").out.endswith("5 sessions  tenant: a breach\n3 sessions updated.\n")
        assert Session.objects.filter(revocation=revocation).count() == len(callers)

    def test_interrupted_command_says_how_to_continue(self, world: World, monkeypatch: pytest.MonkeyPatch):
        def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        commands = {"sweep": "sweep_revocations", "expire": "expire_sessions", "purge": "purge_sessions"}
        for act, command in commands.items():
            monkeypatch.setattr(operations, act, interrupt)
            said = run_command(command)
            assert (said.code, "run the same command again" in said.err) == (4, True)


def words(count: int, what: str) -> str:
    return f"{count:,} {'session' if count == 1 else 'sessions'} {what}.\n"
