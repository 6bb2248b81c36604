"""Idle, expired and suspended sessions: revoked for good, and never revived."""

from datetime import timedelta

import psycopg
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import operations as accounts
from accounts.models import Role, User
from core.models import Status
from sessions_app import operations
from sessions_app.models import RevocationScope, Session
from tenancy.models import Partner, Tenant
from tests.cells import cells
from tests.servers import database_url
from tests.world import SYSTEM, Caller, World

REFRESH = "/api/v1/auth/refresh"


def row(caller: Caller):
    return Session.objects.filter(pk=caller.session.pk)


class TestRevokeInactiveSession:
    @cells("above", [User, Tenant, Partner])
    def test_session_under_a_suspended_owner_is_revoked_for_good(self, above, world: World):
        pk = {User: world.ada.user.pk, Tenant: world.north.pk, Partner: world.acme.pk}[above]
        above.objects.filter(pk=pk).update(status=Status.SUSPENDED)
        ended = operations.revoke(row(world.ada), actor=SYSTEM, reason="while it rests")
        above.objects.filter(pk=pk).update(status=Status.ACTIVE)
        assert ended.count == 0
        assert row(world.ada).get().revoke_reason == "while it rests"
        assert world.ada.get("/api/v1/me").status_code == 401

    def test_idle_session_is_revoked_for_good(self, world: World):
        row(world.ada).update(last_activity_at=Now() - F("idle_limit") - timedelta(seconds=1))
        operations.revoke(row(world.ada), actor=SYSTEM, reason="while it rests")
        row(world.ada).update(last_activity_at=Now())
        assert world.ada.get("/api/v1/me").status_code == 401

    def test_expired_session_is_left_unchanged(self, world: World):
        row(world.ada).update(created_at=Now() - timedelta(days=2), expires_at=Now() - timedelta(days=1))
        operations.revoke(row(world.ada), actor=SYSTEM, reason="too late")
        assert row(world.ada).get().revoked_at is None


def test_idle_session_is_not_revived_by_activity(world: World):
    row(world.ada).update(last_activity_at=Now() - F("idle_limit") - timedelta(seconds=1))
    operations.touch(world.ada.session.pk, origin=SYSTEM.origin)
    assert world.ada.get("/api/v1/me").status_code == 401


def test_session_revoked_with_all_admins_is_not_revived_by_demotion(world: World):
    admin = world.north_admin
    operations.revoke_scope(RevocationScope.ADMINS, None, actor=SYSTEM, reason="every administrator")
    User.objects.filter(pk=admin.user.pk).update(role=Role.USER)
    assert admin.get("/api/v1/me").status_code == 401
    operations.sweep()
    assert admin.get("/api/v1/me").status_code == 401
    assert row(admin).get().revoke_reason == "every administrator"


class TestRepeatedRefreshToken:
    def test_older_token_within_the_grace_period_returns_the_same_successor(self, world: World):
        first = world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}).json()["data"]
        world.nobody.post(REFRESH, {"refresh_token": first["refresh_token"]})
        again = world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token})
        assert again.status_code == 200
        assert again.json()["data"]["refresh_token"] == first["refresh_token"]

    def test_older_token_after_the_grace_period_revokes_the_session(self, world: World):
        first = world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}).json()["data"]
        row(world.ada).update(refreshed_at=Now() - timedelta(minutes=1))
        world.nobody.post(REFRESH, {"refresh_token": first["refresh_token"]})
        assert world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}).status_code == 401
        assert world.ada.get("/api/v1/me").status_code == 401


def test_creating_a_user_does_not_block_a_concurrent_sign_in(committed_world: World):
    """Both lock the partner and the audit chain, in opposite order, with locks that do not conflict."""
    north = committed_world.north
    with psycopg.connect(database_url(settings.DATABASES["default"])) as sign_in, transaction.atomic():
        accounts.create_user(actor=SYSTEM, tenant=north, email="new@north.example", password=None)
        key_share = "SELECT 1 FROM tenancy_partner WHERE id = %s FOR KEY SHARE NOWAIT"
        assert sign_in.execute(key_share, [north.partner_id]).fetchone() == (1,)


def test_sweep_is_not_blocked_by_the_lock_of_a_killed_worker(world: World):
    """A killed worker's job keeps its queue lock for ever; the sweep's own lock ends with its connection."""
    operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="to be swept")
    assert ProcrastinateJob.objects.filter(task_name="sweep_revocations").latest("id").lock is None
