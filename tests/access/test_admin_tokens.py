"""Permissions of the admin tokens API: every route as every caller; a refused request changes nothing."""

from tests.access.callers import cases
from tests.access.database_digest import database_digest
from tests.access.matrix import COLUMNS
from tests.architecture.routes import routes_of_dialects, same_place
from tests.cells import cells
from tests.contract.admin_tokens.answers import CLEAN_UP, REVOKE, SESSIONS, data_of
from tests.world import World

OURS = ("/api/admin/", "/api/cron/")
ROUTES = {("GET", SESSIONS), ("DELETE", f"{SESSIONS}/{{}}"), ("POST", REVOKE), ("GET", CLEAN_UP)}
SHOWN = ROUTES - {("GET", CLEAN_UP)}
LET_IN = "SA"


def test_admin_tokens_routes_are_all_tested():
    routes = [route for route in routes_of_dialects() if route.path.startswith(OURS)]
    assert {(method, same_place(route.path)) for route in routes for method in route.methods} == ROUTES


@cells(("method", "path"), sorted(SHOWN))
def test_super_admin_is_accepted_on_every_route(method: str, path: str, world: World):
    (case,) = cases(LET_IN, world)
    assert data_of(case.caller.request(method, path.format(world.north_admin.session_id)))["success"] is True


@cells("column", [column for column in COLUMNS if column != LET_IN])
def test_every_other_caller_is_401_and_changes_nothing(column: str, world: World):
    for case in cases(column, world):
        target = world.signed_in(world.super_admin.user)
        before = database_digest()
        for method, path in sorted(ROUTES):
            answer = case.caller.request(method, path.format(target.session_id))
            assert (answer.status_code, answer.json()["error"]) == (401, "Unauthorized"), case.name
        assert database_digest() == before, case.name


def test_super_admins_token_is_refused_on_the_cron_route(world: World):
    assert world.super_admin.get(CLEAN_UP).status_code == 401
