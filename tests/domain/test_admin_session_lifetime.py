"""Admin sessions have a maximum lifetime of their own, in addition to the session policies."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import Role
from sessions_app import operations
from sessions_app.models import RevocationScope, Session, SessionState, State
from tenancy import operations as tenancy
from tenancy.models import Platform
from tests.contract.v1.sessions import change, is_alive, row
from tests.world import SYSTEM, Caller, World

DAY = timedelta(days=1)


def lifetime(caller: Caller) -> timedelta:
    session = row(caller)
    assert session.due_at is None or session.due_at <= session.expires_at
    return session.expires_at - session.created_at


def state(caller: Caller) -> str:
    return SessionState.objects.values_list("state", flat=True).get(pk=caller.session.pk)


def test_admin_lifetime_is_a_day_for_every_admin_role_only(world: World):
    callers = [world.north_admin, world.acme_partner, world.super_admin, world.ada]
    assert [lifetime(each) for each in callers] == [DAY, DAY, DAY, 30 * DAY]


def test_admin_lifetime_follows_the_setting(world: World, settings: Any):
    settings.ADMIN_SESSION_LIFETIME = 3600
    assert [lifetime(each) for each in (world.north_admin, world.ada)] == [timedelta(hours=1), 30 * DAY]


def test_shortest_of_admin_lifetime_and_policies_applies(world: World, settings: Any):
    tenancy.set_session_policy(world.north, actor=SYSTEM, session_lifetime=600)
    assert lifetime(world.north_admin) == timedelta(minutes=10)
    assert lifetime(world.super_admin) == DAY
    settings.ADMIN_SESSION_LIFETIME = 365 * 24 * 3600
    assert lifetime(world.acme_partner) == 30 * DAY


def test_promoted_user_is_signed_out_and_gets_the_admin_lifetime(world: World):
    ada = world.ada
    body = {"role": Role.TENANT_ADMIN}
    assert world.super_admin.request("PATCH", f"/api/v1/admin/users/{ada.user.handle}", body).status_code == 200
    assert not is_alive(ada)
    ada.user.refresh_from_db()
    assert lifetime(world.signed_in(ada.user)) == DAY


def test_every_dialect_shows_the_same_admin_expiry(world: World):
    operator = world.super_admin
    ends = row(operator).expires_at
    v1 = operator.get(f"/api/v1/admin/sessions/{operator.session_id}").json()["data"]["expires_at"]
    panel = operator.get("/api/account/sessions").json()["data"][0]["expiresAtTimestamp"]
    (told,) = [
        each["exp"]
        for each in operator.get("/api/admin/tokens/sessions").json()["sessions"]
        if each["jti"] == operator.session_id
    ]
    assert v1.startswith(ends.strftime("%Y-%m-%dT%H:%M:%S"))
    assert panel // 1000 == told == int(ends.timestamp())


class TestLoweredAdminLifetime:
    @pytest.fixture
    def of_an_hour(self, settings: Any) -> None:
        settings.ADMIN_SESSION_LIFETIME = 3600

    @pytest.fixture
    def opened(self, world: World) -> dict[str, Caller]:
        """While it was a day."""
        return {name: getattr(world, name) for name in ("north_admin", "acme_partner", "ada")}

    def test_shortens_live_admin_sessions_with_the_next_expiry_run(
        self, opened: dict[str, Caller], of_an_hour: None, world: World
    ):
        operations.expire(actor=SYSTEM)
        assert [lifetime(each) for each in opened.values()] == [timedelta(hours=1)] * 2 + [30 * DAY]
        assert all(map(is_alive, opened.values()))

    def test_expires_admin_sessions_that_have_lasted_longer(
        self, opened: dict[str, Caller], of_an_hour: None, world: World
    ):
        admin, ada = opened["north_admin"], opened["ada"]
        for each in (admin, ada):
            change(each, created_at=Now() - timedelta(hours=2))
        assert operations.expire(actor=SYSTEM) == 1
        assert (is_alive(admin), state(admin), row(admin).revoke_reason) == (False, State.EXPIRED, "expired")
        assert row(admin).expires_at >= row(admin).last_activity_at
        assert is_alive(ada)

    def test_keeps_the_end_of_revoked_sessions(self, opened: dict[str, Caller], of_an_hour: None, world: World):
        operations.revoke(Session.objects.filter(pk=opened["north_admin"].session.pk), actor=SYSTEM, reason="test")
        operations.revoke_scope(RevocationScope.PARTNER, world.acme.pk, actor=SYSTEM, reason="test")
        before = [row(opened[name]).expires_at for name in ("north_admin", "acme_partner")]
        operations.expire(actor=SYSTEM)
        assert [row(opened[name]).expires_at for name in ("north_admin", "acme_partner")] == before
        assert {state(opened[name]) for name in ("north_admin", "acme_partner")} == {State.REVOKED}

    def test_is_applied_together_with_a_stricter_policy(
        self, opened: dict[str, Caller], of_an_hour: None, world: World
    ):
        tenancy.set_session_policy(Platform.objects.get(), actor=SYSTEM, session_lifetime=7 * 24 * 3600)
        assert [lifetime(each) for each in opened.values()] == [timedelta(hours=1)] * 2 + [7 * DAY]

    def test_raising_it_again_does_not_extend_sessions(
        self, opened: dict[str, Caller], of_an_hour: None, world: World, settings: Any
    ):
        operations.expire(actor=SYSTEM)
        settings.ADMIN_SESSION_LIFETIME = 7 * 24 * 3600
        operations.expire(actor=SYSTEM)
        assert lifetime(opened["north_admin"]) == timedelta(hours=1)
