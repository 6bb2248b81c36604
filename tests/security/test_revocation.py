"""What revocation and expiry end, what they keep, and that they need no background job."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F
from django.db.models.functions import Now

from core.access import Scope
from sessions_app import operations
from sessions_app.models import RevocationScope, Session, SessionQuerySet, SessionState
from tenancy.models import Partner, Platform, Tenant
from tests.access.callers import api_key_of
from tests.cells import cells
from tests.world import SYSTEM, Caller, World

ME = "/api/v1/me"
REFRESH = "/api/v1/auth/refresh"
PEOPLE = (
    "ada",
    "alan",
    "katherine",
    "lisa",
    "north_admin",
    "springfield_admin",
    "acme_partner",
    "globex_partner",
    "super_admin",
)
NORTH = {"ada", "alan", "north_admin"}
ADMINS = {"north_admin", "springfield_admin", "acme_partner", "globex_partner", "super_admin"}
ENDED_BY: dict[RevocationScope, set[str]] = {
    RevocationScope.USER: {"ada"},
    RevocationScope.TENANT: NORTH,
    RevocationScope.PARTNER: NORTH | {"katherine", "acme_partner"},
    RevocationScope.ADMINS: ADMINS,
    RevocationScope.PLATFORM: set(PEOPLE),
}


def target(world: World, reach: RevocationScope) -> UUID | None:
    return {
        RevocationScope.USER: world.ada.user.pk,
        RevocationScope.TENANT: world.north.pk,
        RevocationScope.PARTNER: world.acme.pk,
    }.get(reach)


def end_all(world: World, reach: RevocationScope) -> operations.RevocationResult:
    return operations.revoke_scope(reach, target(world, reach), actor=SYSTEM, reason="test")


def row(caller: Caller) -> SessionQuerySet:
    assert caller.session
    return Session.objects.filter(pk=caller.session.pk)


def is_let_in(caller: Caller) -> bool:
    answer = caller.get(ME)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def can_refresh(caller: Caller) -> bool:
    answer = Caller().post(REFRESH, {"refresh_token": caller.refresh_token})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def time_passes(caller: Caller, **ago: int) -> None:
    """As if nothing had been heard of this session for so long; no job has run meanwhile."""
    row(caller).update(last_activity_at=F("last_activity_at") - timedelta(**ago))


@cells("reach", ENDED_BY)
class TestScopeRevocation:
    def test_revokes_every_session_of_the_scope_and_no_other(self, reach, world: World):
        people = {name: getattr(world, name) for name in PEOPLE}
        phones = {name: world.signed_in(caller.user) for name, caller in people.items()}
        assert all(is_let_in(caller) for caller in people.values())
        ended = set(end_all(world, reach).session_ids)
        for each in (people, phones):
            assert {name for name, caller in each.items() if not is_let_in(caller)} == ENDED_BY[reach]
            assert {name for name, caller in each.items() if caller.session.pk in ended} == ENDED_BY[reach]
        assert {name for name, caller in people.items() if not can_refresh(caller)} == ENDED_BY[reach]

    def test_is_effective_before_and_after_the_sweep(self, reach, world: World):
        people = {name: getattr(world, name) for name in PEOPLE}
        end_all(world, reach)
        operations.sweep()
        assert {name for name, caller in people.items() if not is_let_in(caller)} == ENDED_BY[reach]
        ended = {name for name, caller in people.items() if row(caller).exclude(revoked_at=None).exists()}
        assert ended == ENDED_BY[reach]

    def test_refuses_pending_sign_ins_and_accepts_later_ones(self, reach, world: World):
        user = world.north_admin.user if reach is not RevocationScope.USER else world.ada.user
        under_way = world.proof(user)
        end_all(world, reach)
        with pytest.raises(operations.RevokedDuringSignIn):
            operations.open(under_way, actor=SYSTEM)
        assert is_let_in(world.signed_in(user))

    def test_keeps_api_keys(self, reach, world: World):
        """API keys are not sessions; they end when deleted or when their owner is suspended."""
        keys = [api_key_of(getattr(world, who).user) for who in ("ada", "north_admin", "super_admin")]
        end_all(world, reach)
        assert all(is_let_in(key) for key in keys)

    def test_revokes_platform_tokens_only_with_the_platform(self, reach, world: World):
        service = world.service(Scope.ADMIN_READ)
        end_all(world, reach)
        assert service.get(ME).status_code == (401 if reach is RevocationScope.PLATFORM else 403)
        assert world.service(Scope.ADMIN_READ).get(ME).status_code == 403


class TestApplicationRevocation:
    def test_revokes_the_platform_tokens_of_that_application_only(self, world: World):
        billing, other = world.service(Scope.ADMIN_READ), world.service(Scope.ADMIN_WRITE)
        application = world.make_service("service-admin-read", [])
        operations.revoke_scope(RevocationScope.APPLICATION, application.pk, actor=SYSTEM, reason="test")
        assert (billing.get(ME).status_code, other.get(ME).status_code) == (401, 403)
        assert world.service(Scope.ADMIN_READ).get(ME).status_code == 403


class TestRevokeMyOtherSessions:
    PATH = f"{ME}/sessions/revoke-all"

    @cells("who", ["north_admin", "acme_partner", "super_admin"])
    @cells("body", [None, {}, {"all": True}, {"user_id": None, "tenant_id": None}, {"revoke_all": True}])
    def test_body_cannot_widen_it_to_other_users(self, who, body: Any, world: World):
        others = [world.ada, world.katherine, world.lisa, world.springfield_admin, world.globex_partner]
        admin = getattr(world, who)
        phone = world.signed_in(admin.user)
        assert all(is_let_in(each) for each in others)
        answer = admin.post(self.PATH, body)
        assert answer.json()["data"]["session_ids"] == [phone.session_id]
        assert all(is_let_in(each) for each in others)
        assert is_let_in(admin)

    def test_body_cannot_choose_the_session_to_keep(self, world: World):
        """Only the session that sends the request can be kept."""
        phone = world.signed_in(world.ada.user)
        world.ada.post(self.PATH, {"spare": phone.session_id, "except_current": False})
        assert (is_let_in(world.ada), is_let_in(phone)) == (True, False)

    def test_revoked_session_is_not_revived(self, world: World):
        phone = world.signed_in(world.ada.user)
        world.ada.post(self.PATH)
        assert not is_let_in(phone)
        phone.post(self.PATH)
        world.ada.post(self.PATH)
        operations.sweep()
        assert not is_let_in(phone)


class TestIdleTimeout:
    def limit_of(self, caller: Caller) -> timedelta:
        return row(caller).get().idle_limit

    def test_session_expires_without_any_job(self, world: World):
        limit = int(self.limit_of(world.ada).total_seconds())
        time_passes(world.ada, seconds=limit - 30)
        assert SessionState.objects.live().filter(pk=world.ada.session.pk).exists()
        time_passes(world.ada, seconds=31)
        assert not is_let_in(world.ada)
        assert not can_refresh(world.ada)
        assert row(world.ada).get().revoked_at is None

    def test_request_and_refresh_extend_it(self, world: World):
        limit = int(self.limit_of(world.ada).total_seconds())
        for act in (is_let_in, can_refresh):
            time_passes(world.ada, seconds=limit - 30)
            assert act(world.ada)
            time_passes(world.ada, seconds=limit - 30)
            assert is_let_in(world.ada)

    def test_refused_request_does_not_extend_it(self, world: World):
        limit = int(self.limit_of(world.ada).total_seconds())
        time_passes(world.ada, seconds=limit + 1)
        for _ in range(3):
            assert not is_let_in(world.ada)
            assert not can_refresh(world.ada)

    def test_strictest_policy_applies(self, world: World):
        policies: list[tuple[Any, int]] = [(Platform.objects, 9_000), (Partner.objects, 6_000), (Tenant.objects, 3_000)]
        for where, seconds in policies:
            where.update(idle_timeout=seconds, session_lifetime=seconds * 2)
            session = row(world.signed_in(world.ada.user)).get()
            assert session.idle_limit == timedelta(seconds=seconds)
            assert session.expires_at - session.created_at == timedelta(seconds=seconds * 2)
        Platform.objects.update(idle_timeout=600)
        assert self.limit_of(world.signed_in(world.ada.user)) == timedelta(seconds=600)


class TestSessionLifetime:
    def almost_over(self, caller: Caller) -> None:
        row(caller).update(created_at=Now() - timedelta(days=9), expires_at=Now() + timedelta(seconds=30))

    def test_is_not_extended_by_activity_or_refresh(self, world: World):
        self.almost_over(world.ada)
        ends = row(world.ada).get().expires_at
        time_passes(world.ada, hours=1)
        assert is_let_in(world.ada)
        assert can_refresh(world.ada)
        assert row(world.ada).get().expires_at == ends

    def test_session_in_use_expires_at_its_end(self, world: World):
        row(world.ada).update(created_at=Now() - timedelta(days=9), expires_at=Now() - timedelta(milliseconds=1))
        assert not is_let_in(world.ada)
        assert not can_refresh(world.ada)

    def test_is_not_restarted_when_the_session_is_kept(self, world: World):
        self.almost_over(world.ada)
        ends = row(world.ada).get().expires_at
        world.ada.post(TestRevokeMyOtherSessions.PATH)
        assert row(world.ada).get().expires_at == ends


class TestSessionFixation:
    def test_sign_in_opens_a_new_session_whatever_was_presented(self, world: World):
        """Session fixation: nobody can make another user sign in to a known session."""
        planted = {"Authorization": f"Bearer {world.alan.token}", "Cookie": f"sessionid={world.alan.session_id}"}
        grace = world.person("grace", world.north)
        body = {"email": grace.email, "password": "correct horse battery staple"}
        answer = world.nobody.post("/api/v1/auth/login", body, headers=planted)
        data = answer.json()["data"]
        assert data["session_id"] not in (world.alan.session_id, None)
        assert data["user"]["id"] == grace.handle
        assert "Set-Cookie" not in answer.headers
        assert world.alan.get(ME).json()["data"]["id"] == world.alan.user.handle

    def test_session_id_in_the_body_is_refused(self, world: World):
        body = {"email": "x@y.z", "password": "x", "session_id": world.alan.session_id}
        assert world.nobody.post("/api/v1/auth/login", body).status_code == 422

    def test_previous_session_stays_live(self, world: World):
        assert is_let_in(world.ada)
        assert is_let_in(world.signed_in(world.ada.user))
        assert is_let_in(world.ada)


class TestCurrentSession:
    def marked(self, caller: Caller) -> list[str]:
        return [item["id"] for item in caller.get(f"{ME}/sessions").json()["data"] if item["is_current"]]

    def test_is_marked_for_its_caller_only(self, world: World):
        phone = world.signed_in(world.ada.user)
        assert self.marked(world.ada) == [world.ada.session_id]
        assert self.marked(phone) == [phone.session_id]
        assert self.marked(api_key_of(world.ada.user)) == []


def aged(caller: Caller) -> None:
    """As if nobody had refreshed for longer than the grace."""
    long_ago = Now() - timedelta(minutes=1)
    Session.objects.filter(pk=caller.session.pk).update(refreshed_at=long_ago, refreshed_before_at=long_ago)


WAYS_OUT: dict[str, Callable[[Caller], Any]] = {
    "sign-out": lambda caller: caller.post("/api/v1/auth/logout"),
    "ending it": lambda caller: caller.delete(f"{ME}/sessions/{caller.session_id}"),
    "replay": lambda caller: [aged(caller), Caller().post(REFRESH, {"refresh_token": caller.refresh_token})],
}


@cells("way", WAYS_OUT)
def test_every_credential_of_a_revoked_session_is_refused(way, world: World):
    first = Caller().post(REFRESH, {"refresh_token": world.ada.refresh_token}).json()["data"]
    second = Caller().post(REFRESH, {"refresh_token": first["refresh_token"]}).json()["data"]
    WAYS_OUT[way](world.ada)
    for pair in ({"access_token": world.ada.token, "refresh_token": world.ada.refresh_token}, first, second):
        assert not is_let_in(Caller(pair["access_token"]))
        assert Caller().post(REFRESH, {"refresh_token": pair["refresh_token"]}).status_code == 401
