"""A tenant-wide revocation whose process is killed has happened completely or not at all."""

import time
from random import uniform
from uuid import UUID

import pytest
from django.db import connection

from audit.models import AuditEntry
from core.access import Origin
from sessions_app import operations
from sessions_app.api.authentication import principal_of
from sessions_app.models import Revocation, RevocationScope, Session
from sessions_app.operations import counter_maintenance
from sessions_app.reads import live_counts
from tests.proof.races import Racer
from tests.proof.test_exact_counts import sessions
from tests.world import SYSTEM, Caller, World

pytestmark = pytest.mark.proof


def crowd(world: World, size: int) -> Caller:
    """So many live sessions of one tenant; the caller's is one of them."""
    caller = world.ada
    seed = sessions(caller.user, 1).pop()
    columns = [field.column for field in Session._meta.concrete_fields if field.column not in ("id", "is_newest")]
    named = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO sessions_app_session (id, is_newest, {named})"
            f" SELECT gen_random_uuid(), false, {named}"
            " FROM sessions_app_session, generate_series(1, %s) WHERE id = %s",
            [size - 2, seed],
        )
    return caller


def bring_back(tenant_id: UUID, number: int) -> None:
    """The same sessions as if they had been opened just now."""
    Session.objects.filter(tenant=tenant_id, revoked_at=None).update(revision=number, era=number)


def test_killed_revocation_is_done_completely_or_not_at_all(committed_world: World, claim):
    promise = claim("times a process was killed at random while it signed a tenant out", full=50, reduced=5)
    size = 200_000 if promise.asked == 50 else 5_000
    caller, tenant_id = crowd(committed_world, size), committed_world.north.pk
    done, takes = 0, 0.0
    for number in range(promise.asked + 1):
        racer = Racer()
        racer.tell({"act": "sweep", "batch": 1})  # which warms it up
        racer.hear()
        began = time.monotonic()
        racer.tell({"act": "revoke", "reach": "tenant", "target": str(tenant_id), "after": 0})
        if number:
            time.sleep(uniform(0, 1.5 * takes))
        else:  # left alone, to see how long it takes
            racer.hear()
            takes = time.monotonic() - began
        racer.kill()
        wait_for_its_connection_to_end()
        done += check(caller, tenant_id, size)
    promise.saw(promise.asked, f"{done - 1} had happened, the others had not, of {size} sessions each")

    operations.revoke_scope(RevocationScope.TENANT, tenant_id, actor=SYSTEM, reason="the last")
    sweep_although_killed()
    last = Revocation.objects.filter(tenant_id=tenant_id).latest("number")
    assert (last.revoked_count, last.swept_count) == (size, size)
    assert Session.objects.filter(revocation=last).count() == size
    assert [each for each in counter_maintenance.differences() if each.key["tenant_id"] == tenant_id] == []


def check(caller: Caller, tenant_id: UUID, size: int) -> bool:
    """Whether it happened; and everything must agree on that."""
    fallen = Revocation.objects.to_sweep().filter(tenant_id=tenant_id)
    recorded = AuditEntry.objects.filter(action="session.revoked_all", tenant_id=tenant_id).count()
    assert recorded == Revocation.objects.filter(tenant_id=tenant_id).count(), (
        "no act without its record, nor the reverse"
    )
    assert caller.token
    has_happened = principal_of(caller.token, Origin()) is None
    live = live_counts.live_count(RevocationScope.TENANT, tenant_id)
    assert live == (0 if has_happened else size)
    newest = fallen.last()
    if has_happened:
        assert newest
        assert newest.revoked_count == size
        bring_back(tenant_id, newest.number)
        Revocation.objects.filter(pk=newest.pk).update(swept_at=newest.created_at)  # nothing is left to sweep for it
        assert principal_of(caller.token, Origin())
    return has_happened


def wait_for_its_connection_to_end() -> None:
    """PostgreSQL notices that a client is gone when it next speaks to it, and undoes what was not committed."""
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid()"
                " AND backend_type <> 'autovacuum worker'"
            )
            if not cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise TimeoutError("a killed process is still at work")


def sweep_although_killed() -> None:
    sweeper = Racer()
    sweeper.tell({"act": "sweep", "batch": 500})
    time.sleep(0.5)
    sweeper.kill()
    wait_for_its_connection_to_end()
    while Revocation.objects.to_sweep().exists():
        operations.sweep()
