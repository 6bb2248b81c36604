"""Random requests that the published schema allows get responses that the schema describes."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from accounts.operations.sign_in import _dummy_hash
from config.wsgi import application
from core.access import Origin, Scope
from sessions_app.api.authentication import principal_of
from tests.factories import hashed_password
from tests.proof.claims import FULL
from tests.world import Caller, World

pytestmark = pytest.mark.proof
EXAMPLES = 300 if FULL else 2
TIERS = ("super_admin", "acme_partner", "north_admin", "ada", "service")

schema = schemathesis.openapi.from_wsgi("/openapi.json", application)
for_anybody = schema.include(lambda context: not context.operation.definition.raw.get("security"))
for_the_signed_in = schema.include(lambda context: bool(context.operation.definition.raw.get("security")))
tuned = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A request neither opens nor closes the test's own connection, whose transaction is rolled back in the end."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def caller(world: World, who: str) -> Caller:
    """Let in anew where that is over: some acts end the session, or the token, that they came by."""
    known = vars(world).get(f"schema's {who}")
    if known is None or principal_of(known.token, Origin()) is None:
        known = world.service(*Scope) if who == "service" else world.signed_in(getattr(world, who).user)
        setattr(world, f"schema's {who}", known)
    return known


def asking(world: World) -> Sequence[str]:
    """Each request as each of them; but for a proof, only the first of an operation, and the others in turn."""
    turn = vars(world).setdefault("schema's turn", count())
    number = next(turn)
    return TIERS if FULL or number == 0 else TIERS[number % len(TIERS) :][:1]


def is_about_what_only_we_know(response: Any) -> bool:
    """A schema promises which requests are well formed, not which passwords are right or strong, which addresses can
    be reached, nor which cursors are ours."""
    flaws = response.json()["detail"] if response.status_code == 422 else []
    place = {"tenant_id", "partner_id"}  # which of them is needed depends on the role, and on who asks
    kinds = {flaw["type"] for flaw in flaws if flaw["type"] != "missing" or flaw["loc"][-1] not in place}
    return bool(flaws) and kinds <= {
        "value_error.address",
        "value_error.certificate",
        "value_error.contradiction",
        "value_error.cursor",
        "value_error.inexact",
        "value_error.key_taken",
        "value_error.unreadable",
        "value_error.wrong_code",
        "value_error.wrong_password",
        "value_error.weak_password",
    }


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> Iterator[None]:
    """Thousands of passwords are tried here, and none of them is right. What was hashed so is not for other tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield
    hashed_password.cache_clear()
    _dummy_hash.cache_clear()


@for_anybody.parametrize()
@tuned
def test_anonymous_responses_match_the_schema(world: World, one_connection: None, case: Any):
    response = case.call()
    excluded = [positive_data_acceptance] if is_about_what_only_we_know(response) else []
    case.validate_response(response, excluded_checks=excluded)


@for_the_signed_in.parametrize()
@tuned
def test_responses_match_the_schema_for_every_role(world: World, one_connection: None, case: Any):
    for who in asking(world):
        headers = {"Authorization": f"Bearer {caller(world, who).token}"}
        response = case.call(headers=headers)
        excluded = [positive_data_acceptance] if is_about_what_only_we_know(response) else []
        case.validate_response(response, headers=headers, excluded_checks=excluded)
