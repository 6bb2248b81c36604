"""Revoking one admin session, or all of them with a new token version."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from audit.models import AuditEntry
from core.ids import Prefix
from sessions_app import operations
from sessions_app.models import SessionState
from tests.access.database_digest import database_digest
from tests.architecture.test_sql_counts import cost, make_them
from tests.cells import cells
from tests.contract.admin_tokens.answers import (
    COOKIE,
    NOT_FOUND,
    ORIGINAL_COOKIE,
    REVOKE,
    SESSIONS,
    browser,
    by_key,
    data_of,
    drops_cookie,
    handles,
    refused,
    statuses,
    version,
)
from tests.contract.v1.sessions import is_alive, row, run_out
from tests.world import SYSTEM, Caller, World, some_id


def one(caller: Caller) -> str:
    return f"{SESSIONS}/{caller.session_id}"


class TestRevokeOne:
    @cells("who", ["north_admin", "acme_partner", "super_admin"])
    def test_revoked_session_is_refused_on_next_request(self, who: str, world: World):
        admin, other = getattr(world, who), world.springfield_admin
        assert data_of(by_key().delete(one(admin))) == {"success": True, "jti": admin.session_id}
        assert [is_alive(admin), is_alive(other)] == [False, True]
        assert handles(by_key()) == [other.session_id]

    def test_super_admin_may_revoke_with_an_access_token(self, world: World):
        admin = world.north_admin
        assert data_of(world.super_admin.delete(one(admin)))["success"] is True
        assert (row(admin).revoked_by, row(admin).revoke_reason) == (
            world.super_admin.user.handle,
            "revoked by an administrator",
        )

    def test_second_revocation_succeeds_and_changes_nothing(self, world: World):
        admin = world.north_admin
        data_of(by_key().delete(one(admin)))
        before = row(admin)
        assert data_of(by_key().delete(one(admin))) == {"success": True, "jti": admin.session_id}
        assert (row(admin).revoked_at, row(admin).revocation_id) == (before.revoked_at, before.revocation_id)

    def test_revoking_an_expired_session_succeeds_and_changes_nothing(self, world: World):
        run_out(world.north_admin)
        assert data_of(by_key().delete(one(world.north_admin)))["success"] is True
        assert statuses(by_key())[world.north_admin.session_id][0] == "expired"

    def test_percent_encoded_id_is_decoded(self, world: World):
        handle = world.north_admin.session_id
        spelled = "".join(f"%{ord(letter):02x}" for letter in handle)
        assert data_of(by_key().delete(f"{SESSIONS}/%20{spelled}%20")) == {"success": True, "jti": handle}
        assert not is_alive(world.north_admin)

    def test_plain_users_session_and_unknown_id_are_404(self, world: World):
        operator = world.super_admin
        made_up = ["abc123def456", "550e8400-e29b-41d4-a716-446655440000", "%20", "x" * 5_000, "%00", "..", "%ff"]
        ada, before = world.ada, database_digest()
        for name in (ada.session_id, some_id(Prefix.SESSION), operator.user.handle, *made_up):
            assert refused(by_key().delete(f"{SESSIONS}/{name}"), 404) == NOT_FOUND, name
        assert database_digest() == before
        assert is_alive(world.ada)

    def test_missing_id_is_404_or_405(self, world: World):
        admin = world.north_admin
        for path in (f"{SESSIONS}/", SESSIONS):
            assert by_key().delete(path).status_code in (404, 405)
        assert is_alive(admin)

    def test_writes_audit_entry_with_admin_key_as_actor(self, world: World):
        admin = world.north_admin
        by_key().delete(one(admin))
        (entry,) = AuditEntry.objects.filter(resource_id=admin.session_id, action="session.revoked")
        assert (entry.actor_type, entry.actor_id, entry.actor_label) == ("admin_key", "admin_key", "ADMIN_KEY")
        assert (entry.tenant_id, entry.ip_address, entry.actor_tier) == (world.north.pk, "127.0.0.1", "super")
        told = world.super_admin.get("/api/v1/admin/audit?actor_id=admin_key").json()["data"][0]
        assert (told["actor_type"], told["actor_role"]) == ("admin_key", None)

    def test_runs_the_expected_number_of_queries(self, world: World):
        operator, admin = world.super_admin, world.north_admin
        assert cost(lambda: operator.delete(one(admin))) == 13
        assert cost(lambda: operator.delete(f"{SESSIONS}/x")) == 1


class TestRevokeAll:
    def test_increments_token_version_and_revokes_every_admin_session(self, world: World):
        callers = [world.north_admin, world.acme_partner, world.super_admin]
        before = version(by_key())
        body = data_of(by_key().post(REVOKE))
        assert body.keys() == {"success", "nextTokenVersion", "timestamp"}
        assert (body["success"], body["nextTokenVersion"]) == (True, before + 1)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
        assert abs(datetime.fromisoformat(body["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)
        assert not any(map(is_alive, callers))
        assert is_alive(world.ada)
        assert (handles(by_key()), version(by_key())) == ([], before + 1)
        assert {status for status, _ in statuses(by_key()).values()} == {"invalidated"}

    def test_later_sign_in_is_accepted(self, world: World):
        data_of(by_key().post(REVOKE))
        admin = world.north_admin
        assert handles(by_key()) == [admin.session_id]

    def test_revokes_the_callers_own_session_too(self, world: World):
        operator = world.super_admin
        assert data_of(operator.post(REVOKE))["success"] is True
        assert refused(operator.post(REVOKE)) == "Unauthorized"
        assert data_of(by_key().post(REVOKE))["success"] is True

    def test_token_version_increases_with_each_revocation(self, world: World):
        before = version(by_key())
        made = [data_of(by_key().post(REVOKE))["nextTokenVersion"] for _ in range(3)]
        assert made == [before + 1, before + 2, before + 3]

    def test_writes_exactly_one_audit_entry(self, world: World):
        assert world.north_admin
        by_key().post(REVOKE)
        entry = AuditEntry.objects.latest("pk")
        assert (entry.action, entry.actor_id) == ("session.admins_signed_out", "admin_key")
        assert entry.changes["token_version"] == version(by_key())

    def test_bump_token_version_operation_revokes_admin_sessions(self, world: World):
        before, admin = version(by_key()), world.north_admin
        operations.bump_token_version(actor=SYSTEM, reason="test")
        assert version(by_key()) == before + 1
        assert not is_alive(admin)

    def test_query_count_does_not_grow_with_sessions(self, world: World):
        costs = []
        for total in (1, 50):
            operator = world.signed_in(world.super_admin.user)
            make_them(total, operator)
            costs.append(cost(lambda operator=operator: operator.post(REVOKE)))
        assert costs == [12, 12]


class TestCookieAfterRevocation:
    @cells("name", [COOKIE, ORIGINAL_COOKIE])
    def test_cookie_is_deleted_when_its_own_session_is_revoked(self, name: str, world: World):
        for ask in (lambda each: each.delete(one(each)), lambda each: each.post(REVOKE)):
            operator = browser(world.signed_in(world.super_admin.user), name)
            answer = ask(operator)
            assert data_of(answer)["success"] is True
            assert drops_cookie(answer, name)

    def test_cookie_is_kept_when_another_session_is_revoked(self, world: World):
        answer = browser(world.super_admin).delete(one(world.north_admin))
        assert data_of(answer)["success"] is True
        assert not answer.cookies


@pytest.mark.parametrize(
    ("method", "path", "act", "words"),
    [
        ("GET", SESSIONS, "sessions_app.api.admin_tokens.views.list_admin_sessions", "Failed to list sessions"),
        ("POST", REVOKE, "sessions_app.operations.bump_token_version", "Failed to revoke sessions"),
    ],
)
def test_unexpected_exception_is_answered_with_the_documented_500(
    method: str, path: str, act: str, words: str, world: World, caplog: Any
):
    with patch(act, side_effect=ZeroDivisionError("a secret of the inside")):
        answer = by_key().request(method, path)
    assert refused(answer, 500) == words
    assert "ZeroDivisionError" in caplog.text


def test_revoked_session_is_revoked_in_every_api(world: World):
    admin = world.north_admin
    by_key().delete(one(admin))
    told = world.super_admin.get(f"/api/v1/admin/sessions/{admin.session_id}").json()["data"]
    assert (told["status"], told["revoked_by"]) == ("revoked", "admin_key")
    another = world.signed_in(admin.user)
    assert another.delete(f"/api/account/sessions/{another.session_id}").status_code == 200
    assert another.session_id not in handles(by_key())
    assert SessionState.objects.live().filter(user=admin.user).count() == 0
