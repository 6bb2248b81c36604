"""SQL queries of each panel API request: one authenticates, one counts the request for its rate limit."""

from collections.abc import Callable
from typing import Any

from tests.access.callers import api_key_of
from tests.architecture.test_sql_counts import cost, make_them
from tests.cells import cells
from tests.contract.panel.answers import COUNT, SESSIONS, browser, page
from tests.world import Caller, World

CALLERS: dict[str, Callable[[World], Caller]] = {
    "a token": lambda world: world.ada,
    "a cookie": lambda world: browser(world.ada),
    "an API key": lambda world: api_key_of(world.ada.user),
}


@cells("by", CALLERS)
def test_list_query_count_does_not_grow_with_sessions(by: str, world: World):
    caller, found = CALLERS[by](world), []
    caller.get(COUNT)  # which notes a key's first use
    for total in (10, 200):
        make_them(total, world.ada)
        assert page(caller)[2]["total"] == total
        queries = ("", "?limit=5", f"?limit=5&page={total // 5}", "?limit=100")
        found += [cost(lambda query=query: caller.get(f"{SESSIONS}{query}")) for query in queries]
        assert cost(lambda: caller.get(COUNT)) == 3
        assert cost(lambda: caller.get(f"{SESSIONS}?page=99")) == 4  # how many there are, then, is asked by itself
    assert found == [3] * 8


def test_revocation_runs_the_expected_number_of_queries(world: World):
    world.ada.get(COUNT)
    assert cost(lambda: world.ada.delete(SESSIONS)) == 17 + 1
    phone = world.signed_in(world.ada.user)
    assert cost(lambda: world.ada.delete(f"{SESSIONS}/{phone.session_id}")) == 13 + 1
    assert cost(lambda: world.ada.delete(f"{SESSIONS}/x")) == 2


@cells("headers", [{}, {"Authorization": "Bearer x"}, {"X-Api-Key": "x"}, {"Cookie": "curfew_session=x"}])
def test_missing_or_malformed_credential_runs_no_queries(headers: dict[str, Any], world: World):
    assert cost(lambda: Caller().get(SESSIONS, headers=headers)) == 0
