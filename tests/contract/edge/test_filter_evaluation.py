"""Random filters match the same rows in the same order in SQL and in the Python evaluator."""

import random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.ids import ALPHABET, Prefix, encode_id
from tests.cells import cells
from tests.contract.edge.client import PATH, ids, list_body
from tests.contract.edge.evaluator import IDENTITIES, Expression, holds, in_order, part, written
from tests.contract.edge.mixed_sessions import Author, create_mixed_sessions, people
from tests.proof.claims import FIGURES
from tests.world import Caller, World

CROWDS, EXAMPLES = {"full": (10, 500), "reduced": (3, 100), "once": (3, 50)}[FIGURES]
pytestmark = pytest.mark.sampled
Rows = list[dict[str, Any]]
# A request that fails is rather shown than made smaller: every attempt at that is a request, too.
thoroughly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def within_reach(rows: Rows, who: str, caller: Caller) -> Rows:
    match who:
        case "north_admin":
            return [row for row in rows if row["tenant_id"] == caller.user.tenant_id]
        case "acme_partner":
            return [row for row in rows if row["partner_id"] == caller.user.tenant.partner_id]
        case _:
            return rows


def ordering(fields: list[tuple[str, bool]]) -> str:
    return ", ".join(f"{name} desc" if descends else name for name, descends in fields)


def asked_for(
    expression: Expression, fields: Any, limit: int | None, offset: int | None, *, in_filter: bool
) -> tuple[str, dict[str, Any]]:
    """The same request in either of the two ways that there are to make it."""
    text = written(expression)
    if in_filter:
        query = {"sort by": ordering(fields) or None, "skip": offset, "limit": "none" if limit == -1 else limit}
        return " ".join([text, *(f"{word} {value}" for word, value in query.items() if value is not None)]), {}
    parameters = {"sort": ordering(fields) or None, "limit": limit, "offset": offset}
    return text, {name: value for name, value in parameters.items() if value is not None}


@cells("number", range(CROWDS))
def test_sql_and_python_evaluation_of_a_session_filter_agree(number: int, world: World):
    rows = create_mixed_sessions(world, random.Random(number), 60)

    @thoroughly
    @given(st.integers(0, 2**64))
    def agree(seed: int) -> None:
        rng = random.Random(seed)
        author, who = Author(rows, rng), rng.choice(["north_admin", "acme_partner", "super_admin"])
        caller, expression, fields = getattr(world, who), author.filter(), author.order()
        limit, offset = author.limit(), author.offset()
        text, parameters = asked_for(expression, fields, limit, offset, in_filter=rng.random() < 0.5)
        answer = list_body(caller, text, **parameters)
        kept = [row for row in within_reach(rows, who, caller) if holds(expression, row)]
        assert answer["meta"]["pagination"]["totalCount"] == len(kept), text
        assert ids(answer) == [row["id"] for row in part(in_order(kept, fields), limit, offset)], text

    agree()


@cells("number", range(CROWDS))
def test_sql_and_python_evaluation_of_an_identity_filter_agree(number: int, world: World):
    rows = people(world, random.Random(number), 60)

    @thoroughly
    @given(st.integers(0, 2**64))
    def agree(seed: int) -> None:
        rng = random.Random(seed)
        author, who = Author(rows, rng, IDENTITIES), rng.choice(["north_admin", "acme_partner", "super_admin"])
        caller, expression, fields = getattr(world, who), author.filter(), author.order()
        limit, offset = author.limit(), author.offset()
        text, parameters = asked_for(expression, fields, limit, offset, in_filter=rng.random() < 0.5)
        answer = list_body(caller, text, path=f"{PATH}/identities", **parameters)
        kept = [row for row in within_reach(rows, who, caller) if holds(expression, row)]
        assert answer["meta"]["pagination"]["totalCount"] == len(kept), text
        assert ids(answer) == [row["id"] for row in part(in_order(kept, fields), limit, offset)], text

    agree()


class TestPythonEvaluator:
    """The comparison proves something only if filters match some rows, and if grouping matters."""

    def test_random_filters_match_some_rows_and_not_others(self, world: World):
        rows = create_mixed_sessions(world, random.Random(0), 60)
        filters = [Author(rows, random.Random(seed)).filter() for seed in range(200)]
        kept = [sum(holds(each, row) for row in rows) for each in filters]
        assert sum(0 < each < len(rows) for each in kept) > len(kept) / 5
        assert len({written(each) for each in filters}) > 190

    def test_sample_rows_differ_in_every_field(self, world: World):
        rows = create_mixed_sessions(world, random.Random(0), 60)
        for name in ("ipAddress", "createdAt", "lastActivityAt", "mfaComplete", "mfaRequired", "identity", "tenant_id"):
            assert len({row[name] for row in rows}) > 1, name
        rows = people(world, random.Random(0), 60)
        for name in ("name", "createdAt", "updatedAt", "isAdmin", "tenant_id"):
            assert len({row[name] for row in rows}) > 1, name


@cells("value", [0, 1, 2**128 - 1, 2**125, 2**64 - 1])
def test_encoded_ids_sort_like_their_uuids(value: int):
    """Comparing ids by their UUIDs relies on this."""

    handle = encode_id(Prefix.SESSION, UUID(int=value))
    assert list(ALPHABET) == sorted(ALPHABET)
    for other in (0, 2**127, 2**128 - 1):
        assert (handle < encode_id(Prefix.SESSION, UUID(int=other))) == (value < other)
