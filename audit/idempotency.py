"""Responses stored for a day, so that a request that is sent again gets the same response and takes effect once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import orjson
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from audit.models import IdempotentResponse
from core.access import Principal
from core.crypto import digest, seal, unseal

LIFETIME = timedelta(days=1)
PURPOSE = "given answer"


class KeyTaken(Exception):
    """The key was already used for a different request."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


def run_once(actor: Principal, key: str, request: str, act: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Run `act` unless it has run for this key; return its answer, and whether that was stored before.

    The answer is stored in the transaction of the act. A concurrent request with the same key waits for the first and
    gets its answer, or runs if the first failed.
    """
    with transaction.atomic():
        scoped_key = (
            f"{actor.delegate}\n{key}" if actor.delegate else key
        )  # a client acting for a user has its own keys
        row = IdempotentResponse(actor_id=actor.id, key=digest(scoped_key), request=digest(request))
        if _is_first(row):
            answer = act()
            sealed = seal(orjson.dumps([answer.status, answer.headers, answer.body]), purpose=PURPOSE)
            IdempotentResponse.objects.filter(pk=row.pk).update(sealed=sealed)
            return answer, False
    stored = IdempotentResponse.objects.get(actor_id=row.actor_id, key=row.key)
    if bytes(stored.request) != row.request:
        raise KeyTaken
    return Answer(*orjson.loads(unseal(bytes(stored.sealed), purpose=PURPOSE))), True


def _is_first(row: IdempotentResponse) -> bool:
    IdempotentResponse.objects.filter(actor_id=row.actor_id, key=row.key, created_at__lte=Now() - LIFETIME).delete()
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def purge_responses() -> int:
    return IdempotentResponse.objects.filter(created_at__lte=Now() - LIFETIME).delete()[0]
