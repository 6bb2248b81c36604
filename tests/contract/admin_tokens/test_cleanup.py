"""GET /api/cron/cleanup-admin-sessions: deletes admin sessions past their retention, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from audit.models import AuditEntry
from sessions_app import operations
from sessions_app.models import Session
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.contract.admin_tokens.answers import CLEAN_UP, KEY, SECRET, by_key, data_of, not_kept
from tests.contract.v1.sessions import change
from tests.world import SYSTEM, Caller, World

SCHEDULER = Caller(SECRET)
LONG = 91


def ended(caller: Caller, days_ago: float, *, expired_days_ago: float) -> Caller:
    """It was revoked so long ago, and its token would have run out then."""
    operations.revoke(Session.objects.filter(pk=caller.session.pk), actor=SYSTEM, reason="test")
    opened = max(days_ago, expired_days_ago) + 30
    change(
        caller,
        created_at=Now() - timedelta(days=opened),
        expires_at=Now() - timedelta(days=expired_days_ago),
        revoked_at=Now() - timedelta(days=days_ago),
    )
    return caller


def clean_up() -> int:
    body = data_of(SCHEDULER.get(CLEAN_UP))
    assert body.keys() == {"ok", "deleted"}
    assert body["ok"] is True
    return body["deleted"]


def is_there(caller: Caller) -> bool:
    return Session.objects.filter(pk=caller.session.pk).exists()


@pytest.fixture(autouse=True)
def opened_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id tells when its session was opened, and a purge looks at old ids alone; here all are new."""
    monkeypatch.setattr("sessions_app.operations.expiry.max_id_at", lambda moment: "f" * 32)


class TestCleanup:
    def test_deletes_admin_sessions_past_retention(self, world: World):
        gone = [
            ended(each, days, expired_days_ago=8)
            for each, days in ((world.north_admin, 8), (world.acme_partner, 9), (world.super_admin, LONG))
        ]
        assert clean_up() == 3
        assert not any(map(is_there, gone))
        assert clean_up() == 0

    def test_keeps_live_sessions(self, world: World):
        assert clean_up() == 0
        assert is_there(world.super_admin)

    @cells(
        ("ended_days_ago", "expired_days_ago"),
        [(6, 6), (6.9, 6.9), (LONG, 6), (LONG, -20)],
    )
    def test_keeps_sessions_within_retention_or_not_yet_expired(
        self, ended_days_ago: float, expired_days_ago: float, world: World
    ):
        admin = ended(world.north_admin, ended_days_ago, expired_days_ago=expired_days_ago)
        assert clean_up() == 0
        assert is_there(admin)

    def test_deletes_sessions_idle_past_retention(self, world: World):
        idle = (world.north_admin, world.acme_partner)
        for caller, days in zip(idle, (8, 6), strict=True):
            change(
                caller,
                created_at=Now() - timedelta(days=days, hours=2),
                last_activity_at=Now() - timedelta(days=days, hours=1),
                expires_at=Now() + timedelta(days=20),
                idle_limit=timedelta(hours=1),
                due_at=Now() - timedelta(days=days),
            )
        assert clean_up() == 1
        assert [is_there(each) for each in idle] == [False, True]

    def test_uses_admin_session_retention_setting_only(self, world: World, settings: Any):
        settings.ADMIN_SESSION_RETENTION_DAYS = 30
        settings.SESSION_RETENTION_DAYS = 1
        kept, gone = (
            ended(world.acme_partner, 29, expired_days_ago=29),
            ended(world.north_admin, 31, expired_days_ago=31),
        )
        assert clean_up() == 1
        assert [is_there(kept), is_there(gone)] == [True, False]

    def test_keeps_sessions_of_plain_users(self, world: World):
        ada = ended(world.ada, LONG, expired_days_ago=LONG)
        assert clean_up() == 0
        assert is_there(ada)

    def test_writes_audit_entry_with_purged_count(self, world: World):
        ended(world.north_admin, LONG, expired_days_ago=8)
        clean_up()
        entry = AuditEntry.objects.filter(action="session.purged").latest("pk")
        assert (entry.actor_id, entry.ip_address) == ("system:cleanup_admin_sessions", "127.0.0.1")
        assert entry.changes["purged_count"] == 1


class TestCleanupCredential:
    def test_cleanup_without_the_cron_secret_is_refused_with_401(self, world: World):
        ended(world.north_admin, LONG, expired_days_ago=8)
        operator, before = world.super_admin, database_digest()
        for caller in (Caller(), Caller("x"), Caller(""), Caller(KEY), by_key(), by_key(SECRET), operator):
            answer = caller.get(CLEAN_UP)
            assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
            assert answer["WWW-Authenticate"] == "Bearer"
            not_kept(answer)
        assert database_digest() == before

    def test_every_secret_is_refused_when_none_is_configured(self, world: World, settings: Any):
        settings.CRON_SECRET = ""
        for sent in (SECRET, "", " "):
            assert Caller().get(CLEAN_UP, headers={"Authorization": f"Bearer {sent}"}).status_code == 401

    def test_repeated_wrong_secrets_are_throttled_with_429(self, world: World, settings: Any):
        settings.SIGN_IN_FAILURES_PER_ADDRESS = 3
        answers = [Caller("x").get(CLEAN_UP) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert answers[-1].json().keys() == {"ok", "error"}
        assert SCHEDULER.get(CLEAN_UP).status_code == 429
        told = AuditEntry.objects.filter(actor_label="cron secret").order_by("-pk")[:5]
        assert [each.changes["reason"] for each in told] == [*["throttled"] * 2, *["wrong cron secret"] * 3]

    def test_wrong_method_gets_405_and_unknown_path_404(self, world: World):
        assert SCHEDULER.post(CLEAN_UP).json() == {"ok": False, "error": "Method Not Allowed"}
        answer = SCHEDULER.get("/api/cron/nothing")
        assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Not Found"})
