"""What is not live this moment and could be again: it is ended like everything else, and does not come back."""

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
from sessions_app.models import Reach, Session
from tenancy.models import Partner, Tenant
from tests.cells import cells
from tests.servers import database_url
from tests.world import SYSTEM, Caller, World

REFRESH = "/api/v1/auth/refresh"


def row(caller: Caller):
    return Session.objects.filter(pk=caller.session.pk)


class TestEndingASessionThatRests:
    @cells("above", [User, Tenant, Partner])
    def test_ends_it_under_something_suspended(self, above, world: World):
        pk = {User: world.ada.user.pk, Tenant: world.north.pk, Partner: world.acme.pk}[above]
        above.objects.filter(pk=pk).update(status=Status.SUSPENDED)
        ended = operations.revoke(row(world.ada), actor=SYSTEM, reason="while it rests")
        above.objects.filter(pk=pk).update(status=Status.ACTIVE)
        assert ended.count == 0
        assert row(world.ada).get().revoke_reason == "while it rests"
        assert world.ada.get("/api/v1/me").status_code == 401

    def test_ends_it_when_it_is_idle(self, world: World):
        row(world.ada).update(last_activity_at=Now() - F("idle_limit") - timedelta(seconds=1))
        operations.revoke(row(world.ada), actor=SYSTEM, reason="while it rests")
        row(world.ada).update(last_activity_at=Now())
        assert world.ada.get("/api/v1/me").status_code == 401

    def test_leaves_an_expired_one_as_it_ended(self, world: World):
        row(world.ada).update(created_at=Now() - timedelta(days=2), expires_at=Now() - timedelta(days=1))
        operations.revoke(row(world.ada), actor=SYSTEM, reason="too late")
        assert row(world.ada).get().revoked_at is None


def test_an_idle_session_is_not_touched_back_to_life(world: World):
    row(world.ada).update(last_activity_at=Now() - F("idle_limit") - timedelta(seconds=1))
    operations.touch(world.ada.session.pk, origin=SYSTEM.origin)
    assert world.ada.get("/api/v1/me").status_code == 401


def test_losing_the_role_revives_nothing_that_ended_with_every_administrators(world: World):
    admin = world.north_admin
    operations.revoke_scope(Reach.ADMINS, None, actor=SYSTEM, reason="every administrator")
    User.objects.filter(pk=admin.user.pk).update(role=Role.USER)
    assert admin.get("/api/v1/me").status_code == 401
    operations.sweep()
    assert admin.get("/api/v1/me").status_code == 401
    assert row(admin).get().revoke_reason == "every administrator"


class TestARefreshTokenAskedForAgain:
    def test_two_turns_later_within_the_grace_is_told_the_same(self, world: World):
        first = world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}).json()["data"]
        world.nobody.post(REFRESH, {"refresh_token": first["refresh_token"]})
        again = world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token})
        assert again.status_code == 200
        assert again.json()["data"]["refresh_token"] == first["refresh_token"]

    def test_ends_the_session_when_only_its_successor_is_fresh(self, world: World):
        first = world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}).json()["data"]
        row(world.ada).update(refreshed_at=Now() - timedelta(minutes=1))
        world.nobody.post(REFRESH, {"refresh_token": first["refresh_token"]})
        assert world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}).status_code == 401
        assert world.ada.get("/api/v1/me").status_code == 401


def test_making_somebody_does_not_stand_in_the_way_of_a_sign_in(committed_world: World):
    """Both lock the partner, in opposite order to the audit's end. Locks that do not meet cannot make a circle."""
    north = committed_world.north
    with psycopg.connect(database_url(settings.DATABASES["default"])) as sign_in, transaction.atomic():
        accounts.create_user(actor=SYSTEM, tenant=north, email="new@north.example", password=None)
        key_share = "SELECT 1 FROM tenancy_partner WHERE id = %s FOR KEY SHARE NOWAIT"
        assert sign_in.execute(key_share, [north.partner_id]).fetchone() == (1,)


def test_a_sweep_waits_for_no_other_job(world: World):
    """A killed worker's job keeps its lock for good; the sweep has one of its own that dies with its holder."""
    operations.revoke_scope(Reach.TENANT, world.north.pk, actor=SYSTEM, reason="to be swept")
    assert ProcrastinateJob.objects.filter(task_name="sweep_revocations").latest("id").lock is None
