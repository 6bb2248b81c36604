"""Response times of refused sign-ins over HTTP do not reveal which accounts exist."""

import math
import time
from collections.abc import Iterator
from random import sample
from statistics import median

import pytest
from django.conf import settings

from accounts.hashers import Argon2
from accounts.models import User
from core.models import Status
from tests.proof.browsers import Browser, browsers
from tests.proof.claims import FULL
from tests.servers import Servers
from tests.world import PASSWORD, World

pytestmark = pytest.mark.proof

CLOSE = 0.05 if FULL else 0.6  # a few samples on a busy machine show no more than whether a hash was computed
UNLIKELY = 0.01
PATIENT = {"SIGN_IN_FAILURES_PER_ACCOUNT": "1000000", "SIGN_IN_FAILURES_PER_ADDRESS": "1000000"}


@pytest.fixture(scope="module")
def patient_servers(django_db_setup: None) -> Iterator[Servers]:
    """One process that never tells anybody to wait."""
    with Servers.running(settings.DATABASES["default"], count=1, **PATIENT) as servers:
        yield servers


def somebody(world: World, name: str, **columns: str) -> str:
    user = world.person(name, world.north)
    User.objects.filter(pk=user.pk).update(**columns)
    return user.email


def accounts_of(world: World) -> dict[str, str]:
    known = somebody(world, "known01", password=Argon2().encode(PASSWORD, Argon2().salt()))  # the tests' own is cheap
    return {
        "known": known,
        "unknown": known.replace("known01", "nobody1"),
        "suspended": somebody(world, "suspend", status=Status.SUSPENDED),
        "without a password": somebody(world, "without", password="!never-a-hash"),
    }


def seconds(browser: Browser, email: str) -> float:
    began = time.perf_counter()
    answer = browser.sign_in(email=email, password="not it")
    taken = time.perf_counter() - began
    assert answer.status == 401
    return taken


def measured(browser: Browser, emails: dict[str, str], times: int) -> dict[str, list[float]]:
    """Each as often, in an order that is another every time, after a first one that nobody counts."""
    taken: dict[str, list[float]] = {account: [] for account in emails}
    for number in range(times + 1):
        for account in sample(sorted(emails), len(emails)):
            took = seconds(browser, emails[account])
            if number:
                taken[account].append(took)
    return taken


def by_chance(one: list[float], other: list[float]) -> float:
    """How likely so great a difference is between two samples of one thing: Mann and Whitney's U, two-sided."""
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks = sum(rank for rank, (_, is_one) in enumerate(ranked, 1) if is_one)
    n, m = len(one), len(other)
    deviation = abs(ranks - n * (n + m + 1) / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(deviation / math.sqrt(2))


def apart(one: list[float], other: list[float]) -> float:
    return abs(median(one) / median(other) - 1)


def test_refused_sign_in_takes_equally_long_for_every_kind_of_account(
    patient_servers: Servers, committed_world: World, claim
):
    promise = claim("refused sign-ins timed, for each kind of account", full=1000, reduced=10)
    with browsers(patient_servers.urls, 1) as [browser]:
        taken = measured(browser, accounts_of(committed_world), promise.asked)
    unknown = taken.pop("unknown")
    apart_by = {account: apart(times, unknown) for account, times in taken.items()}
    chances = {account: by_chance(times, unknown) for account, times in taken.items()}
    seen = ", ".join(f"{account} {apart_by[account]:.1%} p={chances[account]:.2f}" for account in taken)
    promise.saw(len(unknown), f"{median(unknown) * 1000:.1f} ms; from an unknown one: {seen}")
    assert max(apart_by.values()) < CLOSE
    assert min(chances.values()) > (UNLIKELY if FULL else 0)


def test_statistical_test_notices_a_difference_of_one_percent():
    spread = [1 + each / 10_000 for each in range(1000)]
    assert by_chance(spread, spread[::-1]) > 0.9
    assert by_chance([each * 1.01 for each in spread], spread) < UNLIKELY
