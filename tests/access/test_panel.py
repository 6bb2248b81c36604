"""Permissions of the panel API: every route as every caller; a refused request changes nothing."""

from tests.access.callers import cases
from tests.access.database_digest import database_digest
from tests.access.matrix import COLUMNS
from tests.architecture.routes import routes_of_dialects, same_place
from tests.cells import cells
from tests.contract.panel.answers import COUNT, SESSIONS, refused
from tests.world import World

ROUTES = {
    ("GET", SESSIONS),
    ("GET", COUNT),
    ("DELETE", SESSIONS),
    ("DELETE", f"{SESSIONS}/"),
    ("DELETE", f"{SESSIONS}/{{}}"),
}
PEOPLE = {"PU", "TA=", "PA=", "SA"}
REFUSED = {"AN": 401, "SR": 403, "SW": 403, "S0": 403, "SUS": 401, "REV": 401}


def test_panel_routes_are_all_tested():
    found = {
        (method, same_place(route.path))
        for route in routes_of_dialects()
        if route.path.startswith("/api/account/")
        for method in route.methods
    }
    assert found == ROUTES


@cells("column", [column for column in COLUMNS if column in PEOPLE])
@cells(("method", "path"), sorted(ROUTES))
def test_users_are_accepted_on_their_own_sessions(method: str, path: str, column: str, world: World):
    (case,) = cases(column, world)
    own = world.signed_in(case.caller.user)
    answer = case.caller.request(method, path.format(own.session_id))
    assert answer.status_code == (400 if path.endswith("/") else 200), answer.content


@cells("column", REFUSED)
def test_every_other_caller_is_refused_and_changes_nothing(column: str, world: World):
    for case in cases(column, world):
        world.signed_in(world.ada.user)
        before = database_digest()
        for method, path in sorted(ROUTES):
            answer = case.caller.request(method, path.format(world.ada.session_id))
            assert refused(answer, REFUSED[column]), case.name
        assert database_digest() == before, case.name
