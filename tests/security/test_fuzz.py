"""Random request bodies get a documented status and never a 500."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cells import cells
from tests.proof.claims import FULL
from tests.security.routes import JSON, Operation, kinds, with_json
from tests.world import World

pytestmark = pytest.mark.proof

EXAMPLES = 2_000 if FULL else 40

texts = st.text(st.characters(exclude_categories=[]), max_size=40) | st.sampled_from(["\0", "\ud800", "' OR 1=1--"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))


def bodies(operation: Operation) -> st.SearchStrategy[bytes]:
    """Objects with this operation's fields, right or wrong; any other JSON, or nearly JSON; and any bytes."""
    fields = {name: texts if "string" in kinds(field) else values for name, field in operation.fields.items()}
    right = st.fixed_dictionaries({}, optional=fields)
    wrong = st.dictionaries(st.sampled_from(sorted(fields)) | texts, values, max_size=4)
    return st.one_of(right, wrong, values).map(_encoded) | st.binary(max_size=60)


def _encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


@cells("operation", with_json(), ids=str)
def test_random_body_gets_a_documented_status_and_no_500(world: World, operation: Operation):
    caller = operation.caller(world)
    url = operation.url(world, caller)
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=not FULL, suppress_health_check=list(HealthCheck))
    @given(body=bodies(operation))
    def try_one(body: bytes) -> None:
        answer = caller.http.generic(operation.method, url, body, JSON, headers=headers)
        assert answer.status_code in operation.statuses - {413, 415, 500, 503}, (body, answer.status_code)
        json.loads(answer.content)

    try_one()
