"""Sessions that expire at the moment of a revocation are counted once."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from accounts.models import Role
from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, Session
from sessions_app.operations import revocation, scope_revocation
from tests.proof.mutations import mutated
from tests.proof.test_exact_counts import live_sessions, sessions
from tests.world import SYSTEM, World

MANY = 400
RUNNING_OUT = """
    UPDATE sessions_app_session AS session SET expires_at = soon.at, due_at = soon.at FROM (
        SELECT id, clock_timestamp() + interval '30 milliseconds' + interval '500 milliseconds' * random() AS at
        FROM sessions_app_session WHERE id = ANY(%s)
    ) AS soon WHERE soon.id = session.id
"""


def counts_of_an_end(reach: RevocationScope, world: World, attempts: int = 5) -> list[int]:
    """How many an act says it ended, how many it lists, and how many rows say so in the end."""
    boss = world.person("boss", world.north, Role.TENANT_ADMIN)
    target: dict[RevocationScope, UUID] = {
        RevocationScope.USER: boss.pk,
        RevocationScope.TENANT: boss.tenant_id,
        RevocationScope.PARTNER: world.acme.pk,
    }
    made = sessions(boss, MANY)
    with connection.cursor() as cursor:
        cursor.execute(RUNNING_OUT, [list(made)])
    while len(live_sessions(made)) > MANY * 0.9:
        time.sleep(0.001)
    if reach is RevocationScope.SESSION:
        ended = operations.revoke(Session.objects.filter(pk__in=made), actor=SYSTEM, reason="meanwhile")
    else:
        ended = operations.revoke_scope(reach, target.get(reach), actor=SYSTEM, reason="meanwhile")
    time.sleep(0.5)  # until all of them have run out
    operations.sweep()
    expired = operations.expire(actor=SYSTEM)
    if ended.revocation is None and attempts > 1:  # on a busy machine all of them had timed out before
        return counts_of_an_end(reach, world, attempts - 1)
    assert ended.revocation
    swept = Revocation.objects.get(pk=ended.revocation.pk).swept_count
    rows = Session.objects.filter(pk__in=made)
    assert rows.filter(is_expired=True).count() >= expired
    return [ended.count, len(ended.session_ids), swept, rows.filter(revocation=ended.revocation).count()]


@pytest.mark.parametrize(
    "reach",
    [
        RevocationScope.SESSION,
        RevocationScope.USER,
        RevocationScope.TENANT,
        RevocationScope.PARTNER,
        RevocationScope.ADMINS,
        RevocationScope.PLATFORM,
    ],
)
def test_revocation_count_is_exact_while_sessions_expire(reach: RevocationScope, committed_world: World, claim):
    promise = claim(f"revoke-alls of {reach} while sessions run out", full=100, reduced=1)
    operations.revoke_scope(RevocationScope.PLATFORM, None, actor=SYSTEM, reason="what others have left", max_ids=0)
    operations.sweep()
    seen = [counts_of_an_end(reach, committed_world) for _ in range(promise.asked)]
    promise.saw(len(seen), f"{sum(counts[0] for counts in seen)} of {MANY * len(seen)} were ended by the act")
    assert [counts for counts in seen if len(set(counts)) > 1] == []


SLOWLY = '__import__("time").sleep(0.3)'  # as long as a busy machine may take in between
LIVE_LATER = f'{SLOWLY}; live = list(SessionState.objects.live().filter(pk__in=marked).values_list("pk", flat=True))'
MISTAKES: dict[RevocationScope, tuple[Callable[..., Any], str, str]] = {
    RevocationScope.SESSION: (
        revocation._revoke_locked,
        'live = [row["pk"] for row in reversed(rows) if row["is_live"]]',
        LIVE_LATER,
    ),
    RevocationScope.TENANT: (scope_revocation.revoke_scope_unaudited, '{"created_at": moment}', f"{SLOWLY} or {{}}"),
}


@pytest.mark.proof
@pytest.mark.parametrize("reach", MISTAKES)
def test_broken_build_counting_and_revoking_at_different_times_is_caught(
    reach: RevocationScope, committed_world: World, claim
):
    promise = claim(f"control, ends {reach} at another moment than it counts: wrong counts", full=1, reduced=1)
    operations.revoke_scope(RevocationScope.PLATFORM, None, actor=SYSTEM, reason="what others have left", max_ids=0)
    operations.sweep()
    with mutated(*MISTAKES[reach]):
        tries = next((at for at in range(1, 21) if len(set(counts_of_an_end(reach, committed_world))) > 1), 0)
    wrong = int(tries > 0)
    promise.saw(wrong, f"at the {tries}. try")
    assert wrong >= promise.asked
