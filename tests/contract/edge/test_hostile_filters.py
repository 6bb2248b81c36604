"""Malicious filters of the edge API are answered at once, in the error envelope, and never with a 500."""

import sys
from typing import Any

from tests.cells import cells
from tests.contract.edge.client import IDENTITIES, SESSIONS, error, filter_error, list_body, list_response
from tests.timing import quickest
from tests.world import Caller, World

QUICK, SOON = 0.1, 0.4  # seconds, request and all
BLANKS = " " * 1_000


def timed(caller: Caller, text: str, within: float = QUICK, **parameters: Any) -> Any:
    """The answer, and that it came at once."""
    answers: list[Any] = []
    assert quickest(lambda: answers.append(list_response(caller, text, **parameters))) < within
    return answers[-1]


class TestFilterLimits:
    @cells(
        ("text", "why"),
        [
            (" or ".join(["true"] * 10_000), "it has 79996 characters, and may have 4096"),
            ("(" * 3_000 + "true" + ")" * 3_000, "it has 6004 characters, and may have 4096"),
            ("true" + " " * 1024 * 1024, "it has 1048580 characters, and may have 4096"),
            (" or ".join(["true"] * 101), "it has more than 100 conditions"),
            ("(" * 2_000 + "true" + ")" * 2_000, "it is nested more than 32 deep"),
            ("not " * 1_000 + "true", "it is nested more than 32 deep"),
            (" and true or ".join(["isSystem"] * 100), "it is nested more than 32 deep"),
        ],
    )
    def test_filter_beyond_a_limit_is_refused_with_the_limit(self, text: str, why: str, world: World):
        assert filter_error(timed(world.north_admin, text)) == why

    def test_sort_beyond_the_length_limit_is_refused(self, world: World):
        assert filter_error(timed(world.north_admin, "", sort="id," * 2_000), "INVALID_SORT_IDENTIFIER").endswith(
            "may have 4096"
        )

    @cells(
        "text",
        [
            " or ".join(f'ipAddress contains "{n}"' for n in range(100)),
            "id in [" + ", ".join(f'"ses_{n:026}"' for n in range(120)) + "]",
            "id in [" + ",".join(["1"] * 2_000) + "]",
            "not (" * 15 + 'id > "x"' + ")" * 15,
            " and mfaComplete or ".join(["mfaRequired"] * 15),
            'id contains "' + "z" * 4_000 + '"',
            'ipAddress icontains "' + "%_" * 2_000 + '"',
            'id > "' + "\U0010ffff" * 4_000 + '"',
            "sort by " + ", ".join(["ipAddress desc"] * 200),
        ],
    )
    def test_session_filter_at_the_limit_is_accepted(self, text: str, world: World):
        assert timed(world.north_admin, text, SOON).status_code == 200

    @cells(
        "text",
        [
            " or ".join(f'name contains "{n}"' for n in range(100)),
            "name in [" + ", ".join(f'"{n}@north.example"' for n in range(180)) + "]",
            'name icontains "' + "%_" * 2_000 + '"',
            'name > "' + "\U0010ffff" * 4_000 + '"',
            "count(roleAttributes) in [" + ", ".join(["1e308"] * 500) + "]",
            "count(roleAttributes) between -1e308 and 1e308",
            " or ".join(['anyOf(roleAttributes) contains "x"'] * 90),
            "sort by " + ", ".join(["name desc"] * 200),
        ],
    )
    def test_identity_filter_at_the_limit_is_accepted(self, text: str, world: World):
        assert timed(world.north_admin, text, SOON, path=IDENTITIES).status_code == 200


class TestUnreadableFilter:
    @cells(
        "text",
        [
            *("limit 1e999", "skip 99999999999999999999999", "id = 1e999", "id = -1e400", f"id = {'9' * 4_000}"),
            *(
                f"id = 1.{'0' * 4_000}e99999",
                f"id = 1e{'9' * 4_000}",
                f"createdAt > datetime({'9' * 4_000}-01-01T00:00:00Z)",
            ),
            f"createdAt > datetime(2026-01-01T00:00:00.{'9' * 4_000}Q)",
            *('id = "\\u0041"', 'id = "\\', 'id = "\x00"', "\x00", 'id = "\x1f"', 'id = "a\nb"', "'", '"', "\\", "''"),
            *(f"true{BLANKS}and{BLANKS}", f"id{BLANKS}not{BLANKS}in{BLANKS}", f"true{BLANKS}sort{BLANKS}by{BLANKS}"),
            *("a." * 2_000, "a" * 4_000 + "!", 'id = "' + "\\n" * 2_000, "(" * 4_000, "count(" * 600, "[" * 4_000),
            *(
                "; DROP TABLE sessions",
                "id = 1 --",
                "id = 'x' or 1=1",
                "%s",
                "{}",
                "$gt",
                "id__in = 1",
                "id = (select 1)",
            ),
        ],
    )
    def test_unreadable_filter_is_400_at_once(self, text: str, world: World):
        filter_error(timed(world.north_admin, text))

    @cells("raw", ["%ff", "%ed%a0%80", "%c3", "\xff", "%f4%90%80%80"])
    @cells("name", ["filter", "sort", "limit", "offset"])
    def test_invalid_utf8_is_400(self, raw: str, name: str, world: World):
        answer = world.north_admin.http.get(
            SESSIONS, QUERY_STRING=f"{name}={raw}", headers={"Authorization": f"Bearer {world.north_admin.token}"}
        )
        told = error(answer, 400)
        assert told["code"] == "COULD_NOT_VALIDATE"
        assert told["cause"]["field"] == name

    def test_deepest_allowed_filter_does_not_exhaust_the_stack(self, world: World):
        """The deepest allowed filter succeeds even with a small recursion limit."""
        deepest = "not (" * 15 + "mfaComplete" + ")" * 15
        room = sys.getrecursionlimit()
        list_body(world.north_admin, deepest)
        sys.setrecursionlimit(450)
        try:
            answer = list_response(world.north_admin, deepest)
        finally:
            sys.setrecursionlimit(room)
        assert answer.status_code == 200


class TestSpecialCharacters:
    @cells(
        "text",
        ["%", "_%", "\\\\", "' OR 1=1--", "$(a+)+$", "{{7*7}}", "(a+)+$", ".*", "\U0001f600", "é", "\x7f", "a" * 4_000],
    )
    def test_value_with_special_characters_is_matched_literally(self, text: str, world: World):
        for name in ("id", "ipAddress", "authenticator", "identity"):
            for operator in ("=", "contains", "icontains", ">", "in"):
                value = f'["{text}"]' if operator == "in" else f'"{text}"'
                answer = timed(world.north_admin, f"{name} {operator} {value}", SOON)
                assert answer.status_code == 200
                assert operator == ">" or answer.json()["data"] == []


def test_thousands_of_unknown_parameters_are_ignored(world: World):
    query = "&".join(f"x{n}=y" for n in range(5_000))
    assert world.north_admin.get(f"{SESSIONS}?{query}&limit=1").status_code == 200
