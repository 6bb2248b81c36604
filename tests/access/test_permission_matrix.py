"""Sends a request for every cell of the permission matrix; a refused request changes nothing."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from accounts.models import Group, Role
from audit.models import AuditEntry
from sessions_app.models import Revocation, Session, SessionState
from tenancy.models import Tenant
from tests.access.callers import Case, administrative_cases, cases
from tests.access.database_digest import database_digest
from tests.access.matrix import COLUMNS, NOTHING, OWN, Cell, Row, matrix_cells, rows
from tests.access.valid_requests import revocation_id, send, valid_request_for
from tests.architecture.routes import DOCS, PAGES, routes, same_place
from tests.cells import cells
from tests.resources import KINDS, group_of, kind_at
from tests.world import World

NO_USER = {"detail": "This endpoint is about the signed-in user, and a client's token has none"}
NO_SCOPE = {"detail": "Platform token requires admin:read or admin:write scope"}
PEOPLE = ("ada", "katherine", "lisa", "north_admin", "acme_partner", "super_admin")
EVERY_WAY = {"GET /api/v1/me/sessions", "DELETE /api/v1/admin/users/{id}"}
REFUSALS: dict[str, dict[str, str]] = {
    "401": {"detail": "Not authenticated"},
    "403": {"detail": "Access denied"},
    "403p": NO_SCOPE,
    "403u": NO_USER,
}


@cells("cell", matrix_cells(), ids=str, by=lambda cell: cell.row, signed_in=PEOPLE)
def test_request_is_answered_as_the_matrix_says(cell: Cell, world: World):
    for case in cases_of(cell.row, cell.column, world):
        valid_request = valid_request_for(cell.row, case, world)
        populate(cell, world)
        before = database_digest()
        answer = send(cell.row, case.caller, valid_request)
        assert answer.status_code == int(cell.code[:3]), (case.name, answer.content)
        if cell.is_denied:
            assert database_digest() == before, case.name
        if cell.code == "404":
            unknown = send(cell.row, case.caller, valid_request.with_unknown_ids())
            assert told(answer) == told(unknown), case.name
        elif cell.is_denied:
            assert answer.json() == REFUSALS[cell.code], case.name
        if cell.code in (OWN, NOTHING):
            assert seen_in(answer) == there_is(cell.row, case), case.name
        if cell.code == "401":
            assert answer["WWW-Authenticate"] == "Bearer", case.name


def cases_of(row: Row, column: str, world: World) -> Iterator[Case]:
    """Every way to be turned away is tried at two endpoints, and one of them at each of the others."""
    choosing = None if str(row) in EVERY_WAY else row
    return (administrative_cases if row.is_administrative else cases)(column, world, choosing)


def populate(cell: Cell, world: World) -> None:
    """Somebody's session, group and revocation in every tenant: there is something to be kept from."""
    if cell.code in (OWN, NOTHING):
        for who in ("ada", "katherine", "lisa"):
            revocation_id(getattr(world, who).user, world)
            group_of(getattr(world, who).user, world)


def seen_in(answer: Any) -> Any:
    """The ids in a list, each once; or what there is by the statistics."""
    data = answer.json()["data"]
    if isinstance(data, list):
        return Counter(row["id"] for row in data)
    return data["total_sessions"] if "total_sessions" in data else (data["tenants"], data["groups"])


def there_is(row: Row, case: Case) -> Any:
    """The same, told from the tables: within the caller's tenant or partner, or nothing."""
    me, mine = case.caller.user, {"tenant_id": case.caller.user.tenant_id}
    if me.role == Role.PARTNER_ADMIN:
        mine = {"partner_id": me.tenant.partner_id}
    if "dashboard" in row.path and row.path.endswith("/stats"):
        kinds = [kind for kind in KINDS if kind.model in (Tenant, Group)]
        return tuple(
            0 if case.is_about_others else kind.model.objects.filter(kind.seen_by(me)).count() for kind in kinds
        )
    if row.path.endswith("/stats"):
        return 0 if case.is_about_others else Session.objects.filter(**mine).count()
    if kind := kind_at(row.path):
        seen = kind.model._default_manager.filter(kind.seen_by(me), deleted_at=None)
        return Counter(() if case.is_about_others else (each.handle for each in seen))
    rows: Any = SessionState.objects.filter(**mine).live()
    if "revocations" in row.path:
        rows = Revocation.objects.filter(**mine)
    elif "audit" in row.path or "activity" in row.path:
        rows = AuditEntry.objects.filter(**mine).exclude(tenant_id=None)
    return Counter(() if case.is_about_others else (each.handle for each in rows))


def told(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """Everything an answer says, but when it said it and to which request."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("X-Request-ID", "Date")}
    return answer.status_code, answer.content, headers


class TestMatrix:
    def test_contains_every_way_of_being_refused(self):
        assert {str(row) for row in rows() if row.codes["SUS"] == row.codes["REV"] == "401"} >= EVERY_WAY

    def test_has_a_row_for_every_route_and_no_other(self):
        asked = Counter((row.method, same_place(row.path)) for row in rows())
        routed = Counter(
            (method, same_place(route.path))
            for route in routes()
            if route.path not in DOCS | PAGES
            for method in route.methods
        )
        assert asked == routed

    def test_has_a_code_for_every_caller(self):
        assert [str(row) for row in rows() if not all(row.codes[column] for column in COLUMNS)] == []


class TestDatabaseDigest:
    """The digest that proves that refused requests change nothing does notice allowed changes."""

    @cells("row", [row for row in rows() if row.codes["SA"] in ("201", "204")], ids=str)
    def test_digest_changes_when_an_allowed_request_writes(self, row: Row, world: World):
        (case,) = cases_of(row, "SA", world)
        valid_request = valid_request_for(row, case, world)
        before = database_digest()
        assert send(row, case.caller, valid_request).status_code == int(row.codes["SA"])
        assert database_digest() != before
