"""Answers that are kept for a day, so that a request that is sent again is answered again and not done twice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import orjson
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from audit.models import GivenAnswer
from core.access import Principal
from core.crypto import digest, seal, unseal

KEPT = timedelta(days=1)
PURPOSE = "given answer"


class KeyTaken(Exception):
    """The same key came with another request before."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


def run_once(actor: Principal, key: str, request: str, act: Callable[[], Answer]) -> tuple[Answer, bool]:
    """What `act` answers, and whether it had answered before. The answer is kept by the transaction that earned it.

    A second request of the same key waits for the first, and gets its answer; or has its turn, if the first failed.
    """
    with transaction.atomic():
        own = f"{actor.delegate}\n{key}" if actor.delegate else key  # who acts for somebody has keys of their own
        kept = GivenAnswer(actor_id=actor.id, key=digest(own), request=digest(request))
        if _is_first(kept):
            answer = act()
            sealed = seal(orjson.dumps([answer.status, answer.headers, answer.body]), purpose=PURPOSE)
            GivenAnswer.objects.filter(pk=kept.pk).update(sealed=sealed)
            return answer, False
    given = GivenAnswer.objects.get(actor_id=kept.actor_id, key=kept.key)
    if bytes(given.request) != kept.request:
        raise KeyTaken
    return Answer(*orjson.loads(unseal(bytes(given.sealed), purpose=PURPOSE))), True


def _is_first(kept: GivenAnswer) -> bool:
    GivenAnswer.objects.filter(actor_id=kept.actor_id, key=kept.key, created_at__lte=Now() - KEPT).delete()
    try:
        with transaction.atomic():
            kept.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def forget_answers() -> int:
    return GivenAnswer.objects.filter(created_at__lte=Now() - KEPT).delete()[0]
