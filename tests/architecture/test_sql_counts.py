"""The number of SQL queries of each request. A higher number is a decision, made here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from jwt import encode

from accounts.keyring import ring
from accounts.models import ApiKey, User
from core.access import Scope
from core.ids import Prefix, uuid7
from sessions_app.models import Session, SessionState
from tests.access.callers import api_key_of
from tests.access.matrix import Row, rows
from tests.access.test_permission_matrix import cases_of
from tests.access.valid_requests import send, valid_request_for
from tests.cells import cells
from tests.contract.v1.test_agents import with_scopes
from tests.contract.v1.test_token_exchange import acting_for, application
from tests.factories import UserFactory
from tests.resources import KINDS, Kind
from tests.world import PASSWORD, Caller, World, some_id

USERS_LIST = "tenants/{north}/sessions/users/{ada}"
CONTROL = (
    *("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT"),  # where a request would begin and commit
    *("PREPARE", "SELECT count(*) FROM pg_prepared_statements"),  # once for a connection
)

# One is the authenticator's. An entry in the audit costs three: the chain's end is locked, added to, and moved.
COSTS = {
    "POST /api/v1/auth/login": 15,  # who; throttle 6, of which 3 clear it; turns 2, ground, the session 2; audit
    "POST /api/v1/auth/tenants/{slug}/login": 15,
    "POST /api/v1/auth/refresh": 3,
    "POST /api/v1/auth/logout": 13,
    "GET /api/v1/me": 3,
    "POST /api/v1/me/password": 24,  # the user; throttle 5; everything else ended 12; the password; audit
    "POST /api/v1/me/mfa/totp": 8,
    "POST /api/v1/me/mfa/totp/confirm": 11,
    "DELETE /api/v1/me/mfa/totp": 30,  # as for the password, and the device and its codes go
    "GET /api/v1/me/api-keys": 2,
    "POST /api/v1/me/api-keys": 6,
    "DELETE /api/v1/me/api-keys/{id}": 6,
    "GET /api/v1/me/sessions": 2,
    "POST /api/v1/me/sessions/revoke-all": 17,  # whose turn it is 3; the counter; user and rows locked
    "DELETE /api/v1/me/sessions/{session_id}": 13,  # named, turns 4, who is newest now
    "GET /api/v1/admin/sessions": 3,  # how many; this page of them
    "GET /api/v1/admin/sessions/{id}": 2,
    "POST /api/v1/admin/sessions/{id}/revoke": 13,  # there and theirs to end, told by one; then as for one's own
    "DELETE /api/v1/admin/sessions/{id}": 13,
    "POST /api/v1/admin/sessions/revoke-all": 17,
    "GET /api/v1/admin/sessions/stats": 2,
    "GET /api/v1/tenants/{tid}/sessions": 3,  # whether there is the tenant is told with how many
    "POST /api/v1/tenants/{tid}/sessions/revoke-all": 15,
    "GET /api/v1/tenants/{tid}/sessions/stats": 2,
    "GET /api/v1/tenants/{tid}/sessions/users/{uid}": 3,
    "POST /api/v1/tenants/{tid}/sessions/users/{uid}/revoke": 18,
    "GET /api/v1/tenants/{tid}/sessions/{sid}": 2,
    "DELETE /api/v1/tenants/{tid}/sessions/{sid}": 13,
    "GET /api/v1/admin/revocations": 2,  # there are none here; else this page of them
    "GET /api/v1/admin/revocations/{id}": 2,
    "GET /api/v1/admin/partners": 3,
    "POST /api/v1/admin/partners": 7,  # the partner, its people's tenant, the audit, and what is shown of it
    "GET /api/v1/admin/partners/{id}": 2,
    "PATCH /api/v1/admin/partners/{id}": 12,  # theirs to change; it; locked, written, read back; audit; shown
    "DELETE /api/v1/admin/partners/{id}": 21,  # everything under it ended 9
    "GET /api/v1/admin/tenants": 3,
    "POST /api/v1/admin/tenants": 11,  # the partner seen, locked, and its tenants counted
    "GET /api/v1/admin/tenants/{id}": 2,
    "PATCH /api/v1/admin/tenants/{id}": 12,
    "DELETE /api/v1/admin/tenants/{id}": 22,
    "GET /api/v1/admin/users": 3,
    "POST /api/v1/admin/users": 11,  # the tenant, it and its partner locked
    "GET /api/v1/admin/users/{id}": 2,
    "PATCH /api/v1/admin/users/{id}": 13,
    "DELETE /api/v1/admin/users/{id}": 25,
    "POST /api/v1/admin/users/{id}/reset-password": 29,
    "POST /api/v1/admin/users/{id}/mfa/disable": 27,
    "POST /api/v1/auth/reset-password": 18,  # the address charged and given back; everything ended; the code used up
    "GET /api/v1/admin/applications": 2,  # there are none here; else this page of them
    "POST /api/v1/admin/applications": 11,
    "GET /api/v1/admin/applications/{id}": 2,
    "PATCH /api/v1/admin/applications/{id}": 13,
    "DELETE /api/v1/admin/applications/{id}": 24,
    "POST /api/v1/admin/applications/{id}/rotate-secret": 13,
    "GET /api/v1/admin/agents": 2,
    "POST /api/v1/admin/agents": 11,
    "GET /api/v1/admin/agents/{id}": 2,
    "PATCH /api/v1/admin/agents/{id}": 13,
    "DELETE /api/v1/admin/agents/{id}": 14,  # the counter, and its floor: it has no sessions
    "POST /api/v1/admin/agents/{id}/rotate-secret": 13,
    "GET /api/v1/admin/groups": 2,  # there are none here
    "POST /api/v1/admin/groups": 10,
    "GET /api/v1/admin/groups/{id}": 2,
    "PATCH /api/v1/admin/groups/{id}": 13,
    "DELETE /api/v1/admin/groups/{id}": 12,
    "GET /api/v1/admin/groups/{id}/members": 3,  # whether there is the group is told with how many
    "POST /api/v1/admin/groups/{id}/members": 15,  # and the group has another version
    "DELETE /api/v1/admin/groups/{id}/members/{user_id}": 14,
    "GET /api/v1/admin/groups/{id}/nested": 3,
    "POST /api/v1/admin/groups/{id}/nested": 16,
    "DELETE /api/v1/admin/groups/{id}/nested/{child_group_id}": 12,
    "GET /api/v1/admin/identity-providers": 2,
    "POST /api/v1/admin/identity-providers": 10,
    "GET /api/v1/admin/identity-providers/{id}": 2,
    "PATCH /api/v1/admin/identity-providers/{id}": 13,
    "DELETE /api/v1/admin/identity-providers/{id}": 12,
    "GET /api/v1/admin/audit": 3,
    "GET /api/v1/admin/audit/actions": 1,
    "GET /api/v1/admin/audit/resource-types": 1,
    "GET /api/v1/admin/audit/{id}": 2,
    "GET /api/v1/admin/dashboard/stats": 3,  # everything there is; and the live sessions, from their counters
    "GET /api/v1/admin/dashboard/activity": 3,
    "POST /api/v1/platform/oauth/token": 6,  # the address charged and given back; the application; audit
    "GET /api/v1/platform/.well-known/jwks.json": 0,
    "GET /.well-known/jwks.json": 0,
    "GET /reset-password": 0,
    "POST /reset-password": 18,
    "GET /healthz": 0,
    "GET /readyz": 1,
}


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of what happens inside, on a process that has its signing keys in memory."""
    ring.clear()  # or else it might be just about to read them again
    ring.published()
    statements: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield statements
    statements += [each["sql"] for each in captured.captured_queries if not each["sql"].startswith(CONTROL)]


def cost(act: Callable[[], Any]) -> int:
    with counted() as statements:
        act()
    return len(statements)


class TestRequest:
    @cells("row", rows(), ids=str)
    def test_runs_the_number_of_queries_in_the_table(self, row: Row, world: World):
        world.nobody.get("/readyz")  # what a process looks at once, it has looked at
        (case,) = cases_of(row, "SA" if row.is_administrative else "PU", world)
        valid_request = valid_request_for(row, case, world)
        with counted() as statements:
            send(row, case.caller, valid_request)
        assert len(statements) == COSTS[str(row)], statements

    def test_every_route_is_in_the_table(self):
        assert COSTS.keys() == {str(row) for row in rows()}

    def test_refused_request_runs_the_check_and_three_audit_queries(self, world: World):
        service = world.service()
        assert cost(lambda: service.get("/api/v1/me/sessions")) == 1 + 3

    def test_request_without_credentials_runs_no_queries(self, world: World):
        assert cost(lambda: world.nobody.get("/api/v1/me/sessions")) == 0


class TestAuthenticator:
    """An undeclared method only authenticates, so its queries are those of the authenticator."""

    def of(self, caller: Caller) -> int:
        return cost(lambda: caller.request("PATCH", "/api/v1/me"))

    def test_session_takes_one_query(self, world: World):
        assert self.of(world.ada) == 1

    def test_platform_token_takes_one_query(self, world: World):
        assert self.of(world.service(*Scope)) == 1

    def test_delegated_token_takes_one_query(self, world: World):
        application(world)
        assert self.of(acting_for(world.ada)) == 1

    def test_agent_takes_one_query_and_another_for_its_rate_limit(self, world: World):
        assert self.of(with_scopes(world, *Scope)) == 1
        limited = with_scopes(world, *Scope, rate_limit_rpm=1)
        assert [self.of(limited), self.of(limited)] == [2, 2]

    def test_api_key_takes_one_query(self, world: World):
        key = api_key_of(world.ada.user)
        self.of(key)  # which notes its first use
        assert self.of(key) == 1

    def test_revoked_session_takes_one_query(self, world: World):
        world.ada.post("/api/v1/auth/logout")
        assert self.of(world.ada) == 1

    def test_last_use_is_written_at_most_once_a_minute(self, world: World):
        key = api_key_of(world.ada.user)
        long_ago = Now() - timedelta(minutes=2)
        Session.objects.filter(user=world.ada.user).update(last_activity_at=long_ago)
        ApiKey.objects.filter(user=world.ada.user).update(last_used_at=long_ago)
        assert [self.of(world.ada), self.of(world.ada)] == [2, 1]
        assert [self.of(key), self.of(key)] == [2, 1]

    def test_unknown_key_id_takes_no_query(self, world: World):
        _, private = ring.signer()
        unknown = encode({}, private, algorithm="RS256", headers={"typ": "at+jwt", "kid": "0" * 26})
        assert self.of(Caller(unknown)) == 0
        assert Caller(unknown).get("/api/v1/me").status_code == 401

    @cells("garbage", ["x", "a.b.c", "cfr_" + "A" * 86, "x" * 100_000])
    def test_malformed_token_takes_no_query(self, garbage: str, world: World):
        assert self.of(Caller(garbage)) == 0


class TestNumberOfSessions:
    @cells("method_and_path", ["GET /api/v1/me/sessions", "POST /api/v1/me/sessions/revoke-all"])
    def test_query_count_does_not_grow_with_sessions(self, method_and_path: str, world: World):
        method, path = method_and_path.split()
        costs = []
        for total in (10, 200):
            make_them(total, world.ada)
            assert len(world.ada.get("/api/v1/me/sessions").json()["data"]) == total
            costs.append(cost(lambda: world.ada.request(method, path)))
        assert (
            costs[0] == costs[1] <= COSTS[method_and_path] + 2
        )  # to mark the rows, and say how many, where there are any


class TestSessionListPage:
    """Every page of a list of any length runs as many queries as the first page of a short one."""

    @cells("query", ["", "&search=ada", "&status=active&ordering=-last_activity_at", "&active_only=no"])
    @cells("where", ["admin/sessions?user_id={ada}", "tenants/{north}/sessions?search=", USERS_LIST + "?search="])
    def test_query_count_does_not_grow_with_length_or_page(self, where: str, query: str, world: World):
        operator, paths = world.super_admin, {"north": world.north.handle, "ada": world.ada.user.handle}
        path = f"/api/v1/{where.format(**paths)}{query}&per_page=5"
        costs = []
        for total in (10, 200):
            make_them(total, world.ada)
            answer = operator.get(path).json()["pagination"]
            assert answer["total"] == total
            places = ("", f"&page={total // 5}", f"&cursor={answer['next_cursor']}")
            costs += [cost(lambda place=place: operator.get(path + place)) for place in places]
        assert costs == [4 if "search=ada" in query else 3] * 6  # a search takes a turn first

    def test_statistics_query_count_does_not_grow_with_sessions(self, world: World):
        north_admin, costs = world.north_admin, []
        for total in (10, 200):
            make_them(total, world.ada)
            costs += [cost(lambda: north_admin.get("/api/v1/admin/sessions/stats"))]
        assert costs == [2, 2]

    def test_unknown_tenant_or_user_takes_no_more_queries(self, world: World):
        operator, tenant, user = world.super_admin, some_id(Prefix.TENANT), some_id(Prefix.USER)
        for where in (f"{tenant}/sessions", f"{world.north.handle}/sessions/users/{user}"):
            for query, statements in (("", 2), ("?search=x", 3), ("?page=7", 2)):
                assert cost(lambda path=f"/api/v1/tenants/{where}{query}": operator.get(path)) == statements


# As above, for an administrator by the edge.
EDGE_COSTS = {
    "GET ": 0,
    "GET /": 0,
    "GET /version": 0,
    "GET /specs": 0,
    "GET /specs/edge-management": 0,
    "GET /summary": 2,
    "POST /authenticate?method=password": 16,  # as v1's login, and what is shown of the session
    "GET /current-api-session": 2,
    "DELETE /current-api-session": 13,
    "GET /current-identity": 3,  # and whether there is a live session
    "GET /api-sessions": 2,  # the page, and how many there are in all
    "GET /api-sessions?limit=-1&sort=ipAddress": 3,  # whether they are too many, before any is read
    'GET /api-sessions?filter=ipAddress contains "2" and not mfaRequired sort by identity skip 1': 3,  # and a turn
    "GET /api-sessions?filter=false": 1,  # nobody needs to be asked
    "GET /api-sessions?filter=nonsense": 1,
    "GET /api-sessions/{id}": 2,
    "DELETE /api-sessions/{id}": 13,
    "GET /identities": 3,  # the page and its total; who of them has a live session
    "GET /identities?limit=-1&sort=name": 4,
    'GET /identities?filter=name icontains "a" and not isAdmin sort by type, createdAt limit 20': 4,
    "GET /identities?filter=isEmpty(roleAttributes)": 3,
    'GET /identities?filter=anyOf(roleAttributes) = "x"': 1,
    "GET /identities?filter=nonsense": 1,
    "GET /identities/{identity}": 3,
}


class TestEdge:
    @cells("asked", EDGE_COSTS)
    def test_runs_the_number_of_queries_in_the_table(self, asked: str, world: World):
        method, path = asked.split(" ", 1)
        place = f"/edge/management/v1{path.format(id=world.ada.session_id, identity=world.ada.user.handle)}".replace(
            " ", "%20"
        )
        admin, body = world.north_admin, None
        if "authenticate" in path:
            body = {"username": world.person("alan", world.north).email, "password": PASSWORD}
        with counted() as statements:
            admin.request(method, place, body)
        assert len(statements) == EDGE_COSTS[asked], statements

    def test_session_list_query_count_does_not_grow(self, world: World):
        operator, costs = world.super_admin, []
        for total in (10, 300):
            make_them(total, world.ada)
            for query in (
                "limit=500",
                "limit=-1",
                "offset=7&sort=createdAt",
                "filter=ipAddress%20%3E%20%22%22%20limit%20500",
            ):
                path = f"/edge/management/v1/api-sessions?{query}"
                assert operator.get(path).json()["meta"]["pagination"]["totalCount"] > total
                costs.append(cost(lambda path=path: operator.get(path)))
        assert costs == [2, 3, 2, 3] * 2  # with a filter, a turn

    def test_identity_list_query_count_does_not_grow(self, world: World):
        operator, costs = world.super_admin, []
        for total in (10, 300):
            User.objects.bulk_create(UserFactory.build(tenant=world.north) for _ in range(total))
            for query in ("limit=500&sort=name", "limit=-1", "filter=name%20%3E%20%22%22%20limit%20500"):
                path = f"/edge/management/v1/identities?{query}"
                assert operator.get(path).json()["meta"]["pagination"]["totalCount"] > total
                costs.append(cost(lambda path=path: operator.get(path)))
        assert costs == [3, 4, 4] * 2  # with a filter, a turn

    def test_refused_request_runs_the_check_and_three_audit_queries(self, world: World):
        ada = world.ada
        assert cost(lambda: ada.get("/edge/management/v1/api-sessions")) == 1 + 3
        assert cost(lambda: world.nobody.get("/edge/management/v1/api-sessions")) == 0


class TestResourceList:
    """Three queries for ten or a thousand rows of every kind, and one more for a search."""

    @cells("kind", KINDS, ids=str)
    def test_query_count_does_not_grow_with_the_list(self, kind: Kind, world: World):
        operator, owner, costs = world.super_admin, world.ada.user, []
        assert operator.post(kind.path, kind.new(owner, world)).status_code == 201
        for total in (10, 1_000):
            make_alike(kind, total)
            for query in ("?per_page=100", "?per_page=5&page=2", "?search=-&ordering=created_at"):
                assert operator.get(f"{kind.path}{query}").json()["data"]
                costs.append(cost(lambda path=kind.path + query: operator.get(path)))
        assert costs == [3, 3, 4] * 2  # a search takes a turn first


def make_alike(kind: Kind, total: int) -> None:
    """So many of a kind, all like the newest but for what each has of its own."""
    rows, newest = kind.model._default_manager, kind.model._default_manager.values().latest("pk")
    own = {name: f"{newest[name]}-{{}}" for name in ("slug", "email", "name", "client_id") if newest.get(name)}
    rows.bulk_create(
        kind.model(**newest | {"id": uuid7()} | {name: each.format(n) for name, each in own.items()})
        for n in range(rows.count(), total)
    )


def make_them(total: int, caller: Caller) -> None:
    mine = SessionState.objects.filter(user=caller.user).live()
    copied = Session.objects.filter(pk=mine.latest("pk").pk).values().get()
    del copied["id"], copied["refresh_digest"]
    Session.objects.bulk_create(Session(**copied) for _ in range(total - mine.count()))
