"""One-time codes and the limit of wrong passwords hold under concurrency."""

import base64
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django_otp.oath import hotp

from accounts import operations as accounts
from accounts.models import SignInThrottle
from accounts.operations.second_factor import STEP_SECONDS
from tests.proof.browsers import Answer, at_once, browsers
from tests.servers import Servers
from tests.world import PASSWORD, SYSTEM, World

GUESSES = 50
MAX_CONCURRENT = 8


def guess_at_once(servers: Servers, email: str) -> list[Answer]:
    with browsers(servers.urls, GUESSES) as guessers:
        return at_once(*(partial(each.sign_in, email=email, password="not it") for each in guessers))


def statuses(answers: list[Answer]) -> dict[int, int]:
    seen = [answer.status for answer in answers]
    return {status: seen.count(status) for status in set(seen)}


def test_concurrent_wrong_passwords_stay_within_the_limit(busy_servers: Servers, committed_world: World, claim):
    limit = settings.SIGN_IN_FAILURES_PER_ACCOUNT
    promise = claim(f"wrong passwords at once, of which {limit} are looked at", full=GUESSES, reduced=GUESSES)
    answers = guess_at_once(busy_servers, committed_world.person("ada", committed_world.north).email)
    promise.saw(len(answers), f"{statuses(answers).get(401, 0)} looked at, the others told to wait")
    assert statuses(answers) == {401: limit, 429: GUESSES - limit}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status == 429)


@pytest.mark.proof
def test_broken_build_reading_the_failure_count_first_is_caught(broken_servers: Servers, committed_world: World, claim):
    limit = settings.SIGN_IN_FAILURES_PER_ACCOUNT
    promise = claim("control, looks before it counts: guesses beyond the limit", full=1, reduced=1)
    answers = guess_at_once(broken_servers, committed_world.person("ada", committed_world.north).email)
    beyond = statuses(answers).get(401, 0) - limit
    promise.saw(beyond, f"of {GUESSES} guesses")
    assert beyond >= promise.asked


def enrolled(world: World, number: int) -> tuple[str, dict[str, str]]:
    """Somebody new with a second factor: their e-mail, and a code of each kind that is good for one sign-in."""
    user = world.person(f"careful{number}", world.north)
    enrolment = accounts.enrol_totp(user, actor=SYSTEM)
    key = base64.b32decode(enrolment.secret)
    step = int(time.time()) // STEP_SECONDS
    recovery_codes = accounts.confirm_totp(user, f"{hotp(key, step):06d}", actor=SYSTEM)
    # The step of now is used up by confirming. That of the next half minute counts as early, and is still unused.
    return user.email, {"totp_code": f"{hotp(key, step + 1):06d}", "recovery_code": recovery_codes[0]}


def successes(servers: Servers, world: World, kind: str) -> Iterator[int]:
    """How many of eight sign-ins at once got in on one and the same code; again and again."""
    with browsers(servers.urls, MAX_CONCURRENT) as hands:
        for number in range(1_000_000):
            email, codes = enrolled(world, number)
            body: dict[str, Any] = {"email": email, "password": PASSWORD, kind: codes[kind]}
            seen = statuses(at_once(*(partial(hand.sign_in, **body) for hand in hands)))
            assert seen.keys() <= {200, 401}, seen
            yield seen.get(200, 0)
            SignInThrottle.objects.all().delete()


@pytest.mark.parametrize("kind", ["totp_code", "recovery_code"])
def test_concurrent_sign_ins_with_one_code_succeed_once(
    kind, busy_servers: Servers, committed_world: World, claim: Callable
):
    promise = claim(f"eight sign-ins at once on one {kind}", full=50, reduced=5)
    rounds = successes(busy_servers, committed_world, kind)
    seen = [next(rounds) for _ in range(promise.asked)]
    promise.saw(len(seen), f"{max(seen)} got in")
    assert seen == [1] * promise.asked


@pytest.mark.proof
@pytest.mark.parametrize("kind", ["totp_code", "recovery_code"])
def test_broken_build_checking_codes_before_using_them_is_caught(
    kind, broken_servers: Servers, committed_world: World, claim
):
    promise = claim(f"control, reads a {kind} before using it up: got in", full=2, reduced=2)
    rounds = successes(broken_servers, committed_world, kind)
    most = max(next(rounds) for _ in range(3))
    promise.saw(most, f"of {MAX_CONCURRENT}")
    assert most >= promise.asked
