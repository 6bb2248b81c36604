"""Limit, offset and sort order of edge API lists: a controller's defaults and clamping."""

import pytest

from sessions_app.models import Session
from tests.cells import cells
from tests.contract.edge.client import error, filter_error, ids, list_body, list_response
from tests.world import Caller, World

ALL = 9223372036854775807


@pytest.fixture
def dozen(world: World) -> list[str]:
    """Twelve sessions in north, in the order of their ids."""
    admin = world.north_admin
    for _ in range(11):
        world.signed_in(world.person("ada", world.north))
    return sorted(session.handle for session in Session.objects.filter(tenant=admin.user.tenant))


class TestLimit:
    @pytest.mark.parametrize(
        ("query", "limit"),
        [("", 10), ("5", 5), ("+5", 5), ("0", 10), ("-2", 10), ("-99", 10), ("500", 500), ("501", 500)],
    )
    def test_limit_is_clamped_to_its_bounds(self, query: str, limit: int, dozen: list[str], world: World):
        answer = list_body(world.north_admin, limit=query)
        assert ids(answer) == dozen[:limit]
        assert answer["meta"]["pagination"] == {"limit": limit, "offset": 0, "totalCount": 12}

    def test_default_limit_is_ten(self, dozen: list[str], world: World):
        assert ids(list_body(world.north_admin)) == dozen[:10]

    @pytest.mark.parametrize(("text", "parameters"), [(None, {"limit": -1}), ("limit none", {}), ("limit -1", {})])
    def test_limit_none_returns_every_session(
        self, text: str | None, parameters: dict[str, int], dozen: list[str], world: World
    ):
        answer = list_body(world.north_admin, text, **parameters)
        assert ids(answer) == dozen
        assert answer["meta"]["pagination"] == {"limit": ALL, "offset": 0, "totalCount": 12}

    def test_limit_none_is_refused_for_very_long_lists(
        self, dozen: list[str], world: World, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr("sessions_app.api.edge.wire.pages.MAX_UNLIMITED", 11)
        why = filter_error(list_response(world.north_admin, limit=-1), "INVALID_PAGINATION")
        assert why == "more than 11 match, which is the most at once: page with limit and offset"
        assert ids(list_body(world.north_admin, limit=-1, offset=1)) == dozen[1:]

    @cells("name", ["limit", "offset"])
    @cells("query", ["abc", "1.5", "1e3", "0x10", " 5", "9223372036854775808", "9" * 5000, "²", "\x00"])
    def test_limit_or_offset_that_is_no_integer_is_400(self, name: str, query: str, world: World):
        told = error(list_response(world.north_admin, **{name: query}), 400)
        assert told["code"] == "COULD_NOT_VALIDATE"
        assert told["cause"] == {"field": name, "reason": told["causeMessage"], "value": query[:40]}


class TestOffset:
    @pytest.mark.parametrize(("query", "offset"), [("0", 0), ("-5", 0), ("3", 3), ("11", 11), ("12", 12), ("99", 99)])
    def test_offset_skips_that_many_sessions(self, query: str, offset: int, dozen: list[str], world: World):
        answer = list_body(world.north_admin, offset=query, limit=500)
        assert ids(answer) == dozen[offset:]
        assert answer["meta"]["pagination"] == {"limit": 500, "offset": offset, "totalCount": 12}

    def test_offset_is_clamped_to_its_maximum(self, world: World):
        answer = list_body(world.north_admin, offset=100_001)
        assert answer["meta"]["pagination"] == {"limit": 10, "offset": 100_000, "totalCount": 1}

    def test_pages_together_contain_every_session_once(self, dozen: list[str], world: World):
        pages = [ids(list_body(world.north_admin, limit=5, offset=offset)) for offset in (0, 5, 10, 15)]
        assert [handle for page in pages for handle in page] == dozen
        assert [len(page) for page in pages] == [5, 5, 2, 0]


class TestPagingInTheFilter:
    def test_filter_wins_over_query_parameters(self, dozen: list[str], world: World):
        answer = list_body(world.north_admin, "true sort by id desc skip 1 limit 3", limit=7, offset=5, sort="id asc")
        assert ids(answer) == dozen[::-1][1:4]
        assert answer["meta"]["pagination"] == {"limit": 3, "offset": 1, "totalCount": 12}

    @cells(
        ("text", "limit", "offset"),
        [
            ("limit 0", 10, 0),
            ("limit -7", 10, 0),
            ("limit 501", 500, 0),
            ("skip -1", 10, 0),
            ("skip 100001", 10, 100_000),
        ],
    )
    def test_values_are_clamped_to_the_same_bounds(self, text: str, limit: int, offset: int, world: World):
        shown = list_body(world.north_admin, text)["meta"]["pagination"]
        assert (shown["limit"], shown["offset"]) == (limit, offset)

    def test_parameters_supply_what_the_filter_leaves_out(self, dozen: list[str], world: World):
        assert ids(list_body(world.north_admin, "limit 2", offset=4)) == dozen[4:6]
        assert ids(list_body(world.north_admin, "skip 2", limit=3, sort="id desc")) == dozen[::-1][2:5]

    @cells("text", ["limit 1.5", "limit 1e2", "skip 0.5", "limit 9223372036854775808"])
    def test_value_that_is_no_integer_is_refused(self, text: str, world: World):
        assert filter_error(list_response(world.north_admin, text)).startswith("expected integer value for ")


class TestSort:
    def test_default_sort_is_by_id(self, dozen: list[str], world: World):
        assert ids(list_body(world.north_admin, limit=500)) == dozen

    def test_sort_parameter_sets_the_order(self, dozen: list[str], world: World):
        assert ids(list_body(world.north_admin, limit=500, sort="id desc")) == dozen[::-1]
        assert ids(list_body(world.north_admin, limit=500, sort="token DESC, createdAt")) == dozen[::-1]
        assert ids(list_body(world.north_admin, limit=500, sort="isSystem desc")) == dozen

    def test_ties_are_sorted_by_id(self, dozen: list[str], world: World):
        by_person = list_body(world.north_admin, "sort by identity desc", limit=500)["data"]
        assert by_person == sorted(
            sorted(by_person, key=lambda each: each["id"]), key=lambda each: each["identityId"], reverse=True
        )

    def test_sort_fields_beyond_five_are_ignored(self, dozen: list[str], world: World):
        five = ", ".join(["isSystem"] * 5)
        assert ids(list_body(world.north_admin, f"sort by {five}, id desc", limit=500)) == dozen
        assert ids(list_body(world.north_admin, "sort by isSystem, id desc", limit=500)) == dozen[::-1]

    @cells(
        ("sort", "why"),
        [
            ("nothing", "unknown symbol 'nothing'"),
            ("identity.name", "unknown symbol 'identity.name'"),
            ("tags", "symbol 'tags' cannot be sorted by"),
            ("tags.x desc", "symbol 'tags.x' cannot be sorted by"),
            ("id upwards", 'Unexpected symbol: "upwards" at line: 1 column: 3. line: 1, column: 3, symbol: upwards'),
            ("id,", 'Unexpected symbol: "<EOF>" at line: 1 column: 3. line: 1, column: 3, symbol: <EOF>'),
            ("id limit 5", 'Unexpected symbol: "limit" at line: 1 column: 3. line: 1, column: 3, symbol: limit'),
        ],
    )
    def test_invalid_sort_is_refused_with_the_reason(self, sort: str, why: str, world: World):
        assert filter_error(list_response(world.north_admin, sort=sort), "INVALID_SORT_IDENTIFIER") == why
        assert list_response(world.north_admin, "sort by id", sort=sort).status_code == 200
        assert list_response(world.north_admin, f"sort by {sort}").status_code == (200 if "limit" in sort else 400)


def test_last_of_repeated_parameters_wins(dozen: list[str], world: World):
    admin: Caller = world.north_admin
    assert len(admin.get("/edge/management/v1/api-sessions?limit=x&limit=3&filter=%22&filter=true").json()["data"]) == 3
