"""Responses stored for an Idempotency-Key: encrypted, for one request of one caller, for a day."""

from datetime import timedelta

import pytest
from django.db.models import F

from audit.idempotency import LIFETIME, Answer, KeyTaken, purge_responses, run_once
from audit.models import IdempotentResponse
from tests.world import SYSTEM, World

SECRET = '{"client_secret":"canary"}'


def answer(times: list[int], body: str = SECRET) -> Answer:
    times.append(1)
    return Answer(201, {"ETag": '"1"'}, body)


def grow_old() -> None:
    IdempotentResponse.objects.update(created_at=F("created_at") - LIFETIME - timedelta(seconds=1))


def test_repeated_request_gets_the_stored_response(world: World):
    times: list[int] = []
    first, again = (run_once(SYSTEM, "key", "POST /things", lambda: answer(times)) for _ in range(2))
    assert (first[0], again[0], first[1], again[1], len(times)) == (again[0], first[0], False, True, 1)


def test_stored_response_is_encrypted(world: World):
    run_once(SYSTEM, "a-key-of-mine", "POST /things", lambda: answer([]))
    (row,) = IdempotentResponse.objects.values_list()
    kept = repr([bytes(value) if isinstance(value, memoryview) else value for value in row])
    assert not {each for each in ("canary", "a-key-of-mine", "things") if each in kept}


def test_key_of_another_request_is_refused(world: World):
    run_once(SYSTEM, "key", "POST /things", lambda: answer([]))
    with pytest.raises(KeyTaken):
        run_once(SYSTEM, "key", "POST /other", lambda: answer([]))


def test_failed_request_stores_nothing(world: World):
    def fail() -> Answer:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        run_once(SYSTEM, "key", "POST /things", fail)
    assert IdempotentResponse.objects.count() == 0


def test_stored_response_is_purged_after_a_day(world: World):
    times: list[int] = []
    for _ in range(2):
        run_once(SYSTEM, "key", "POST /things", lambda: answer(times))
        grow_old()
    assert len(times) == 2
    assert (purge_responses(), IdempotentResponse.objects.count()) == (1, 0)


def test_stored_response_is_kept_for_a_day(world: World):
    run_once(SYSTEM, "key", "POST /things", lambda: answer([]))
    assert (purge_responses(), IdempotentResponse.objects.count()) == (0, 1)
