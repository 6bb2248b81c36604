"""Permissions of the edge API: every route as every caller; a refused request changes nothing."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from audit.models import AuditEntry
from core.access import Scope
from core.ids import Prefix
from sessions_app.models import Session
from tests.access.callers import Case, administrative_cases, api_key_of, cases
from tests.access.database_digest import database_digest
from tests.access.matrix import COLUMNS
from tests.architecture.routes import routes_of_dialects, same_place
from tests.cells import cells
from tests.contract.edge.client import AUTHENTICATE, CURRENT, PATH, SESSIONS, error, ids, list_body, with_session_key
from tests.contract.v1.test_agents import with_scopes
from tests.contract.v1.test_token_exchange import acting_for, application
from tests.world import PASSWORD, Caller, World, some_id

UNAUTHORIZED = {
    "code": "UNAUTHORIZED",
    "message": "The request could not be completed. The session is not authorized or the credentials are invalid",
}
INVALID = 'error="invalid" error_description="token is invalid"'
MISSING = (
    'zt-session realm="zt-session" error="missing" error_description="no matching token was provided",'
    'Bearer realm="openziti-oidc" error="missing" error_description="no matching token was provided"'
)
NO_SUCH_CELL = "-"
ANYBODY = "200 200 200 - 200 - 200 200 200 200 200 200"
ONE_S_OWN = "401 200 200 - 200 - 200 401 401 401 401 401"
LIST = "401 401 200 200 200 200 200 200 401 401 401 401"
ONE = "401 401 200 404 200 404 200 200 401 401 401 401"
# The columns of the matrix in their order: what each caller gets.
MATRIX = {
    "GET /version": ANYBODY,
    "GET /edge/client/v1": ANYBODY,
    "GET /edge/client/v1/": ANYBODY,
    "GET /edge/client/v1/version": ANYBODY,
    "GET /edge/management/v1": ANYBODY,
    "GET /edge/management/v1/": ANYBODY,
    "GET /edge/management/v1/version": ANYBODY,
    "GET /edge/management/v1/specs": ANYBODY,
    "GET /edge/management/v1/specs/{id}": ANYBODY,
    "GET /edge/management/v1/summary": LIST,
    "POST /edge/management/v1/authenticate": ANYBODY,
    "GET /edge/management/v1/current-api-session": ONE_S_OWN,
    "GET /edge/management/v1/current-identity": ONE_S_OWN,
    "GET /edge/management/v1/api-sessions": LIST,
    "GET /edge/management/v1/api-sessions/{id}": ONE,
    "GET /edge/management/v1/identities": LIST,
    "GET /edge/management/v1/identities/{id}": ONE,
    "DELETE /edge/management/v1/api-sessions/{id}": "401 401 200 404 200 404 200 401 200 401 401 401",
    "DELETE /edge/management/v1/current-api-session": ONE_S_OWN,
}
OF_OTHERS = ("summary", "api-sessions", "identities")


def id_of(place: str, case: Case) -> str:
    if "specs" in place:
        return "edge-management"
    return case.owner.handle if "identities" in place else Session.objects.filter(user=case.owner).latest("pk").handle


def ask(place: str, case: Case, handle: str, world: World) -> Any:
    method, path = place.split()
    if path.endswith("authenticate"):
        body = {"username": world.person("alan", world.north).email, "password": PASSWORD}
        return case.caller.post(AUTHENTICATE, body)
    return case.caller.request(method, path.format(id=handle))


@cells("cases_in", [cases, administrative_cases])
@cells("column", COLUMNS)
def test_every_route_answers_every_caller_as_the_matrix_says(
    column: str, cases_in: Callable[[str, World], Iterator[Case]], world: World
):
    """One caller requests all routes in turn; changes are rolled back in between."""
    wrong = {}
    for case in cases_in(column, world):
        if not Session.objects.filter(user=case.owner).exists():
            world.signed_in(case.owner)
        for place, codes in MATRIX.items():
            code = codes.split()[COLUMNS.index(column)]
            is_of_others = any(f"/{name}" in place for name in OF_OTHERS)
            if code == NO_SUCH_CELL or is_of_others != (cases_in is administrative_cases):
                continue
            before = transaction.savepoint()
            try:
                check(place, case, int(code), world)
            except AssertionError as error:
                wrong[place, case.name] = error
            transaction.savepoint_rollback(before)
    assert wrong == {}


def check(place: str, case: Case, code: int, world: World) -> None:
    before, handle = database_digest(), id_of(place, case) if "{id}" in place else ""
    answer = ask(place, case, handle, world)
    assert answer.status_code == code, answer.content
    if code >= 400:
        assert database_digest() == before
    if code == 401:
        assert error(answer, 401) == UNAUTHORIZED
        assert answer["WWW-Authenticate"]
    if code == 404:
        unknown = some_id(Prefix.USER if "identities" in place else Prefix.SESSION)
        assert alike(answer, handle) == alike(ask(place, case, unknown, world), unknown)


def alike(answer: Any, handle: str) -> tuple[dict[str, Any], set[str]]:
    """All that an answer tells, but for the id that was asked about."""
    told = error(answer, 404)
    return {name: str(value).replace(handle, "...") for name, value in told.items()}, set(answer.headers)


def test_matrix_contains_every_route():
    routed = {
        f"{method} {same_place(route.path)}"
        for route in routes_of_dialects()
        if route.path.startswith(("/edge/", "/version"))
        for method in route.methods
    }
    assert routed == {same_place(place) for place in MATRIX}


class TestListScope:
    def test_list_contains_only_sessions_in_the_callers_scope(self, world: World):
        people = [world.ada, world.katherine, world.lisa, world.acme_partner, world.super_admin, world.north_admin]
        everything = {each.session_id: each.user for each in people}
        for caller, sees in (
            (world.north_admin, lambda user: user.tenant_id == world.north.pk),
            (world.acme_partner, lambda user: user.tenant.partner_id == world.acme.pk),
            (world.super_admin, lambda user: True),
            (world.service(Scope.ADMIN_READ), lambda user: True),
        ):
            answer = list_body(caller, limit=500)
            theirs = sorted(handle for handle, user in everything.items() if sees(user))
            assert ids(answer) == theirs
            assert answer["meta"]["pagination"]["totalCount"] == len(theirs)

    def test_no_filter_reveals_sessions_out_of_scope(self, world: World):
        lisa, admin = world.lisa, world.north_admin
        for name, value in (("id", lisa.session_id), ("token", lisa.session_id), ("identity", lisa.user.handle)):
            for text in (f'{name} = "{value}"', f'{name} in ["{value}"]', f'{name} contains "{value}"'):
                answer = list_body(admin, f"{text} or false")
                assert (answer["data"], answer["meta"]["pagination"]["totalCount"]) == ([], 0)
        for text in ("true", "true or true", "not false", f'id != "{admin.session_id}" or true', 'tags.x != "y"'):
            assert ids(list_body(admin, text)) == [admin.session_id]


class TestCredential:
    def test_session_key_is_accepted_in_both_headers(self, world: World):
        key = with_session_key(world.north_admin.user, world)
        assert key.get(SESSIONS).status_code == 200
        assert Caller(key.token).get(SESSIONS).status_code == 200

    def test_access_token_is_accepted_in_both_headers(self, world: World):
        token = world.north_admin.token
        assert world.nobody.get(SESSIONS, headers={"zt-session": token}).status_code == 200
        assert world.nobody.get(SESSIONS, headers={"Authorization": f"bearer {token}"}).status_code == 200

    def test_zt_session_header_wins_over_bearer_token(self, world: World):
        answer = world.north_admin.get(SESSIONS, headers={"zt-session": "stale"})
        assert answer["WWW-Authenticate"] == f'zt-session realm="zt-session" {INVALID}'
        assert world.north_admin.get(SESSIONS, headers={"zt-session": world.ada.token}).status_code == 401
        assert world.ada.get(SESSIONS, headers={"zt-session": world.north_admin.token}).status_code == 200

    def test_blank_header_is_ignored(self, world: World):
        assert world.north_admin.get(SESSIONS, headers={"zt-session": "  "}).status_code == 200
        assert world.nobody.get(SESSIONS, headers={"zt-session": "  "})["WWW-Authenticate"] == MISSING

    def test_missing_credential_is_refused_with_a_challenge(self, world: World):
        for headers in ({}, {"Authorization": "Basic YTpi"}, {"Cookie": f"zt-session={world.ada.token}"}):
            answer = world.nobody.get(SESSIONS, headers=headers)
            assert error(answer, 401) == UNAUTHORIZED
            assert answer["WWW-Authenticate"] == MISSING
        assert world.nobody.get(f"{SESSIONS}?zt-session={world.north_admin.token}").status_code == 401

    @cells("text", ["x", "", "a.b.c", "cfs_", "cfs_" + "A" * 64, "key_x", "x" * 9_000, "\xff"])
    def test_malformed_credential_is_refused_as_invalid(self, text: str, world: World):
        answer = world.nobody.get(SESSIONS, headers={"Authorization": f"Bearer {text}"})
        assert answer["WWW-Authenticate"] == f'Bearer realm="openziti-oidc" {INVALID}'
        if text:
            answer = world.nobody.get(SESSIONS, headers={"zt-session": text})
            assert answer["WWW-Authenticate"] == f'zt-session realm="zt-session" {INVALID}'

    def test_expired_access_token_is_refused_as_expired(self, world: World, monkeypatch: pytest.MonkeyPatch):
        token = world.north_admin.token
        assert Caller(token).get(SESSIONS).status_code == 200
        monkeypatch.setattr("accounts.tokens._verified", {})
        for _ in range(2):  # read for the first time, and known already
            expired = _an_hour_later(token, monkeypatch)
            assert expired == 'Bearer realm="openziti-oidc" error="expired" error_description="token expired"'

    def test_key_of_a_revoked_session_is_refused_as_invalid(self, world: World):
        key = with_session_key(world.north_admin.user, world)
        key.delete(CURRENT)
        assert key.get(SESSIONS)["WWW-Authenticate"] == f'zt-session realm="zt-session" {INVALID}'
        assert Caller(key.token).get(SESSIONS)["WWW-Authenticate"] == f'Bearer realm="openziti-oidc" {INVALID}'

    def test_plain_user_is_refused_with_401_and_recorded(self, world: World):
        answer = world.ada.get(SESSIONS)
        assert error(answer, 401) == UNAUTHORIZED
        assert answer["WWW-Authenticate"] == 'zt-session realm="zt-session"'
        assert AuditEntry.objects.filter(action="access.denied", actor_id=world.ada.user.handle).count() == 1


class TestServiceToken:
    def test_reads_need_the_read_scope_and_revocations_the_write_scope(self, world: World):
        for reads, writes in (
            (world.service(Scope.ADMIN_READ), world.service(Scope.ADMIN_WRITE)),
            (with_scopes(world, Scope.ADMIN_READ), with_scopes(world, Scope.ADMIN_WRITE)),
        ):
            place = f"{SESSIONS}/{world.signed_in(world.person('ada', world.north)).session_id}"
            assert [reads.get(place).status_code, reads.delete(place).status_code] == [200, 401]
            assert [writes.get(place).status_code, writes.delete(place).status_code] == [401, 200]

    def test_delegated_token_is_limited_to_the_admins_scope(self, world: World):
        application(world)
        client = acting_for(world.north_admin)
        assert client.get(SESSIONS).status_code == 200
        assert client.get(f"{SESSIONS}/{world.lisa.session_id}").status_code == 404


def test_api_key_has_no_current_session(world: World):
    key = api_key_of(world.north_admin.user)
    assert key.get(SESSIONS).status_code == 200
    for answer in (key.get(CURRENT), key.delete(CURRENT)):
        assert error(answer, 401) == UNAUTHORIZED


class TestErrorEnvelope:
    @cells("path", ["/edge/", f"{PATH}/api-session", f"{SESSIONS}/a/sessions", "/edge/client/v1/api-sessions"])
    def test_unknown_path_is_404_in_the_envelope(self, path: str, world: World):
        told = {"code": "NOT_FOUND", "message": "The resource requested was not found or is no longer available"}
        for caller in (world.nobody, world.north_admin):
            assert error(caller.get(path), 404) == told

    @cells("method", ["POST", "PUT", "PATCH", "OPTIONS", "TRACE", "FOO"])
    @cells("path", [SESSIONS, f"{SESSIONS}/x", CURRENT])
    def test_unsupported_method_is_405_in_the_envelope(self, method: str, path: str, world: World):
        operator, before = world.super_admin, database_digest()
        answer = operator.request(method, path)
        told = error(answer, 405)
        assert told == {
            "code": "METHOD_NOT_ALLOWED",
            "message": "The resource requested does not support this HTTP verb",
        }
        assert "GET" in answer["Allow"]
        assert database_digest() == before
        assert world.nobody.request(method, path).status_code == 401

    def test_disallowed_host_is_400_in_the_envelope(self, world: World):
        assert error(world.nobody.get(SESSIONS, HTTP_HOST="evil.example"), 400)["code"] == "COULD_NOT_VALIDATE"


def _an_hour_later(token: str | None, monkeypatch: pytest.MonkeyPatch) -> str:

    now = time.time()
    with monkeypatch.context() as patched:
        patched.setattr("accounts.tokens.time.time", lambda: now + 3600)
        return Caller(token).get(SESSIONS)["WWW-Authenticate"]
