"""Rules for every filter of every list: an empty value does not filter, an unknown word is refused."""

from collections.abc import Iterator

import pytest

from core.api.pagination import PARAMETERS
from sessions_app import operations as sessions
from sessions_app.models import RevocationScope
from tests.contract.v1.answers import flaws, page
from tests.security.answers import comparable
from tests.security.routes import Operation, reads
from tests.world import SYSTEM, Caller, World


@pytest.fixture
def lists(world: World) -> list[tuple[Operation, Caller, str]]:
    """Each list with its caller and URL, and something in it that its filters could leave out."""
    for name in ("north_admin", "alan", "lisa", "acme_partner"):
        assert getattr(world, name).session
    sessions.revoke_scope(RevocationScope.USER, world.signed_in(world.alan.user).user.pk, actor=SYSTEM, reason="test")
    callers = [(each, each.caller(world)) for each in reads() if each.query]
    return [(each, caller, each.url(world, caller)) for each, caller in callers]


def filters_of(operation: Operation) -> Iterator[str]:
    return (name for name in operation.query if name not in PARAMETERS)


def all_empty(operation: Operation) -> str:
    return "&".join(f"{name}=" for name in filters_of(operation))


def test_empty_filter_does_not_filter(lists: list[tuple[Operation, Caller, str]]):
    wrong = []
    for operation, caller, url in lists:
        plain = comparable(caller.get(url))
        queries = [f"{name}={empty}" for name in filters_of(operation) for empty in ("", "%20", "+%09")]
        for query in [*queries, all_empty(operation)]:
            answer = comparable(caller.get(f"{url}?{query}"))
            if answer != plain or answer[0] != 200:
                wrong.append((str(operation), query, answer[0]))
    assert (len(lists), wrong) == (17, [])


def test_empty_filter_does_not_undo_the_same_filter_before_it(world: World):
    path, admin = "/api/v1/admin/sessions", world.super_admin
    assert [
        page(admin.get(f"{path}?user_id={world.ada.user.handle}{more}"))[1]["total"]
        for more in ("", "&user_id=", "&user_id=%20", "&user_id=+")
    ] == [1, 1, 1, 1]


def test_empty_filter_does_not_change_whose_cursor_it_is(lists: list[tuple[Operation, Caller, str]]):
    walked = 0
    for operation, caller, url in lists:
        place = page(caller.get(f"{url}?per_page=1"))[1]["next_cursor"] if "cursor" in operation.query else None
        if place:
            walked += 1
            by_number, _ = page(caller.get(f"{url}?per_page=1&page=2"))
            by_cursor, _ = page(caller.get(f"{url}?per_page=1&cursor={place}&{all_empty(operation)}"))
            assert by_cursor == by_number, str(operation)
    assert walked > 5


def test_word_outside_a_closed_set_is_refused(lists: list[tuple[Operation, Caller, str]]):
    wrong, closed = [], 0
    for operation, caller, url in lists:
        for name, schema in operation.query.items():
            if "enum" in schema or schema["type"] == "boolean":
                closed += 1
                if [where for where, _, _ in flaws(caller.get(f"{url}?{name}=surprise"))] != [["query", name]]:
                    wrong.append((str(operation), name))
    assert wrong == []
    assert closed > 30
