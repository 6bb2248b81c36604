"""GET /api/admin/tokens/sessions: the list of admin sessions."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from sessions_app import operations
from sessions_app.models import RevocationScope, Session
from sessions_app.reads import admin_sessions
from tests.architecture.test_sql_counts import cost, make_them
from tests.cells import cells
from tests.contract.admin_tokens.answers import (
    SESSIONS,
    TRUNCATED,
    browser,
    by_key,
    data_of,
    handles,
    listed,
    refused,
    statuses,
    version,
)
from tests.contract.v1.sessions import change, fall_idle, is_alive, row, run_out
from tests.world import CHROME, SYSTEM, Caller, World

BAD_STATUS = "status takes active or all"


def admins(world: World) -> list[Caller]:
    return [world.north_admin, world.springfield_admin, world.acme_partner, world.globex_partner, world.super_admin]


def revoke_scope(reach: RevocationScope, target: Any = None) -> None:
    operations.revoke_scope(reach, target, actor=SYSTEM, reason="test")


def bump() -> None:
    operations.bump_token_version(actor=SYSTEM, reason="test")


class TestListedSession:
    def test_session_has_the_documented_token_fields(self, world: World):
        admin = world.north_admin
        (told,) = listed(by_key())
        stored = row(admin)
        assert told == {
            "jti": admin.session_id,
            "iat": int(stored.created_at.timestamp()),
            "exp": int(stored.expires_at.timestamp()),
            "v": version(by_key()),
            "tv": version(by_key()),
            "ip": "192.0.2.10",
            "ua": CHROME,
            "status": "active",
        }

    def test_missing_address_and_user_agent_are_listed_as_unknown(self, world: World):
        world.signed_in(world.person("admin", world.north, world.north_admin.user.role), ip_address=None, user_agent="")
        assert {(each["ip"], each["ua"]) for each in listed(by_key())} == {
            ("unknown", "unknown"),
            ("192.0.2.10", CHROME),
        }


class TestList:
    def test_lists_admins_of_every_role_and_no_plain_users(self, world: World):
        plain, callers = [world.ada, world.lisa], admins(world)
        assert set(handles(by_key())) == {each.session_id for each in callers}
        assert all(map(is_alive, plain))

    def test_contains_current_time_and_token_version(self, world: World):
        body = data_of(world.super_admin.get(SESSIONS))
        (own,) = body["sessions"]
        assert body["currentTokenVersion"] == own["v"]
        assert own["iat"] <= body["now"] < own["exp"]

    def test_is_sorted_newest_first_then_by_id(self, world: World):
        callers = admins(world)
        for age, caller in zip((5, 3, 3, 9, 1), callers, strict=True):
            change(caller, created_at=Now() - timedelta(seconds=age, milliseconds=age * 30))
        told = [(each["iat"], each["jti"]) for each in listed(by_key())]
        assert told == sorted(told, reverse=True)
        assert told[0][1] == world.super_admin.session_id

    def test_is_empty_without_admin_sessions(self, world: World):
        assert world.ada
        body = data_of(by_key().get(SESSIONS))
        assert (body["count"], body["sessions"]) == (0, [])
        assert body["currentTokenVersion"] >= 1

    @cells("query", ["", "?status=active"])
    def test_leaves_out_sessions_that_have_ended(self, query: str, world: World):
        revoked, expired, idle, floored, alive = admins(world)
        operations.revoke(Session.objects.filter(pk=revoked.session.pk), actor=SYSTEM, reason="test")
        run_out(expired)
        fall_idle(idle)
        revoke_scope(RevocationScope.PARTNER, floored.user.tenant.partner_id)
        assert handles(by_key(), query) == [alive.session_id]

    @cells("said", ["", "ALL", "revoked", "active,all", "%20all", "all%00", "%ff", "1"])
    def test_unknown_status_is_refused_with_400(self, said: str, world: World):
        assert refused(by_key().get(f"{SESSIONS}?status={said}"), 400) == BAD_STATUS

    def test_unknown_query_parameters_are_ignored(self, world: World):
        admin = world.north_admin
        assert handles(by_key(), "?page=7&limit=0&v=9") == [admin.session_id]


class TestListOfAllStatuses:
    def test_each_session_has_its_status(self, world: World):
        callers = revoked, expired, idle, floored, _ = admins(world)
        operations.revoke(Session.objects.filter(pk=revoked.session.pk), actor=SYSTEM, reason="test")
        run_out(expired)
        fall_idle(idle)
        revoke_scope(RevocationScope.PARTNER, floored.user.tenant.partner_id)
        ends = zip(callers, ("revoked", "expired", "expired", "revoked", "active"), strict=True)
        current = version(by_key())
        wanted = {caller.session_id: (end, current) for caller, end in ends}
        assert statuses(by_key()) == wanted
        operations.expire(actor=SYSTEM)
        operations.sweep()
        assert statuses(by_key()) == wanted

    def test_idle_session_is_expired_at_its_idle_time(self, world: World):
        fall_idle(world.north_admin)
        (told,) = listed(by_key(), "?status=all")
        assert told["exp"] <= data_of(by_key().get(SESSIONS))["now"]
        assert (told["status"], told["exp"] > told["iat"] - 8 * 24 * 3600) == ("expired", True)

    def test_each_session_has_the_token_version_it_was_opened_in(self, world: World):
        first, start = world.north_admin, version(by_key())
        bump()
        second = world.acme_partner
        bump()
        bump()
        third = world.super_admin
        wanted = {
            first.session_id: ("invalidated", start),
            second.session_id: ("invalidated", start + 1),
            third.session_id: ("active", start + 3),
        }
        assert statuses(by_key()) == wanted
        assert version(by_key()) == start + 3
        operations.sweep()
        assert statuses(by_key()) == wanted

    def test_expired_wins_over_revoked_and_revoked_over_invalidated(self, world: World):
        revoked, invalidated, start = world.north_admin, world.acme_partner, version(by_key())
        operations.revoke(Session.objects.filter(pk=revoked.session.pk), actor=SYSTEM, reason="test")
        bump()
        assert statuses(by_key()) == {
            revoked.session_id: ("revoked", start),
            invalidated.session_id: ("invalidated", start),
        }
        for caller in (revoked, invalidated):
            change(caller, created_at=Now() - timedelta(days=40), expires_at=Now() - timedelta(seconds=1))
        assert statuses(by_key()) == {
            revoked.session_id: ("expired", start),
            invalidated.session_id: ("expired", start),
        }

    def test_revoking_all_admins_marks_their_sessions_invalidated(self, world: World):
        admin, start = world.north_admin, version(by_key())
        revoke_scope(RevocationScope.ADMINS)
        assert version(by_key()) == start + 1
        assert statuses(by_key()) == {admin.session_id: ("invalidated", start)}

    def test_tenant_and_platform_revocations_leave_token_version_unchanged(self, world: World):
        admin, start = world.north_admin, version(by_key())
        revoke_scope(RevocationScope.PLATFORM)
        revoke_scope(RevocationScope.TENANT, world.south.pk)
        assert version(by_key()) == start
        assert statuses(by_key()) == {admin.session_id: ("revoked", start)}

    def test_session_kept_by_a_revocation_gets_the_new_token_version(self, world: World):
        admin, spared, start = world.north_admin, world.super_admin, version(by_key())
        operations.revoke_scope(
            RevocationScope.ADMINS, None, actor=SYSTEM, reason="test", except_session_id=spared.session.pk
        )
        assert statuses(by_key()) == {
            admin.session_id: ("invalidated", start),
            spared.session_id: ("active", start + 1),
        }


class TestLongList:
    def test_is_truncated_to_the_newest_sessions_with_a_header(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(admin_sessions, "MAX_SESSIONS", 3)
        callers = admins(world)
        answer = by_key().get(SESSIONS)
        body = data_of(answer)
        assert answer[TRUNCATED] == "true"
        assert body["count"] == len(callers)
        assert [each["jti"] for each in body["sessions"]] == sorted(
            (each.session_id for each in callers), reverse=True
        )[:3]

    def test_short_list_has_no_truncation_header(self, world: World):
        admins(world)
        assert TRUNCATED not in by_key().get(SESSIONS).headers

    @cells("query", ["", "?status=all"])
    def test_query_count_does_not_grow_with_the_list(self, query: str, world: World):
        operator, costs = world.super_admin, []
        for total in (10, 300):
            make_them(total, operator)
            Session.objects.filter(user=operator.user).update(created_at=F("created_at"))
            assert len(listed(operator, query)) == total
            costs.append(cost(lambda: operator.get(f"{SESSIONS}{query}")))
            costs.append(cost(lambda: browser(operator).get(f"{SESSIONS}{query}")))
        assert costs == [2] * 4
