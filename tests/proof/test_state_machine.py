"""Random actions in random order: the product agrees with a model in plain Python after each."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from sessions_app.models import SessionStateQuerySet, expressions
from sessions_app.operations import revocation, scope_revocation, session_policy, sign_ins, sweeps
from tenancy import operations as tenancy
from tests.proof.claims import FULL
from tests.proof.mutations import mutated
from tests.proof.state_machine.actors import Actors
from tests.proof.state_machine.clock import clock_functions
from tests.proof.state_machine.comparison import PreparedQueries
from tests.proof.state_machine.machine import SessionStateMachine
from tests.world import World

ACTS = 50 if FULL else 15
MISTAKES: dict[str, tuple[Callable[..., Any], str, str]] = {
    "raises no floor under a partner": (
        scope_revocation._raise_floor,
        "filter(pk=target_id).update(min_revision=number",
        "filter(pk=target_id).update(min_revision=0 if scope is RevocationScope.PARTNER else number",
    ),
    "opens sessions in no era": (sign_ins._session, "era=context.era", "era=0"),
    "expires a user's newest and crowns no other": (
        revocation.mark_expired,
        "reassign_newest_flag(Session.objects.filter(pk__in=session_ids))",
        "pass",
    ),
    "leaves what only rests": (revocation._revoke_locked, ".revocable()", ".live()"),
    "moves tenants with their sessions": (
        tenancy.change_tenant,
        'ending="tenant moved", ',
        "",
    ),
    "sweeps up what had run out": (
        sweeps._rows_to_mark,
        'last_activity_at__gt=revocation.created_at - F("idle_limit"),',
        "",
    ),
    "spares in the old era": (scope_revocation._keep, '{"revision": number, "era": number}', '{"revision": number}'),
    "spares the dead": (
        scope_revocation._keep,
        "SessionState.objects.live().in_scope(",
        "SessionState.objects.in_scope(",
    ),
    "opens on a proof from before its application's end": (
        sign_ins._context,
        "verified.application.pk if verified.application else NIL_ID",
        "NIL_ID",
    ),
    "lets a touch outlast the session": (
        expressions.next_due_at,
        "times_out_at(seen_at=Now())",
        'F("expires_at") + F("idle_limit")',
    ),
    "tightens what is over": (
        session_policy.apply_session_policy,
        "SessionState.objects.live().in_scope(",
        "SessionState.objects.in_scope(",
    ),
    "counts to the very moment": (SessionStateQuerySet.timed_out, "due_at__lte", "due_at__lt"),
}


@pytest.fixture
def actors(committed_world: World) -> Iterator[Actors]:
    with clock_functions():
        yield Actors(committed_world)


def act(actors: Actors, orders: int, *phases: Phase) -> Counter[str]:
    tuned = settings(
        max_examples=orders,
        stateful_step_count=ACTS,
        deadline=None,
        derandomize=not FULL,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, *phases],
        database=None,
    )
    queries, tally = PreparedQueries(actors), Counter[str]()
    run_state_machine_as_test(lambda: SessionStateMachine(actors, queries, tally), settings=tuned)
    return tally


def test_product_agrees_with_the_model_after_every_random_action(actors: Actors, claim):
    promise = claim("orders of acts after each of which product and model agree", full=2000, reduced=8)
    tally = act(actors, promise.asked, Phase.shrink)
    promise.saw(tally["orders"], f"of up to {ACTS} acts, {tally['acts']:,} in all")


@pytest.mark.proof
@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mutation_can_be_planted(mistake: str):
    with mutated(*MISTAKES[mistake]):
        pass


@pytest.mark.proof
@pytest.mark.parametrize("mistake", MISTAKES if FULL else [*MISTAKES][:1])  # each takes as long as a look for it
def test_mutation_is_caught_by_the_state_machine(mistake: str, actors: Actors, claim):
    promise = claim(f"control, {mistake}: caught", full=1, reduced=1)
    with mutated(*MISTAKES[mistake]), pytest.raises((AssertionError, IntegrityError)):
        act(actors, 500)
    promise.saw(1)
