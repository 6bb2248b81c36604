"""Every kind of caller at every door of the panel; whoever is refused has changed nothing."""

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


def test_these_are_the_doors():
    found = {
        (method, same_place(route.path))
        for route in routes_of_dialects()
        if route.path.startswith("/api/account/")
        for method in route.methods
    }
    assert found == ROUTES


@cells("column", [column for column in COLUMNS if column in PEOPLE])
@cells(("method", "path"), sorted(ROUTES))
def test_people_are_let_in_to_what_is_theirs(method: str, path: str, column: str, world: World):
    (case,) = cases(column, world)
    own = world.signed_in(case.caller.user)
    answer = case.caller.request(method, path.format(own.session_id))
    assert answer.status_code == (400 if path.endswith("/") else 200), answer.content


@cells("column", REFUSED)
def test_nobody_else_is(column: str, world: World):
    for case in cases(column, world):
        world.signed_in(world.ada.user)
        before = database_digest()
        for method, path in sorted(ROUTES):
            answer = case.caller.request(method, path.format(world.ada.session_id))
            assert refused(answer, REFUSED[column]), case.name
        assert database_digest() == before, case.name
