"""Measure revocations: all sessions of a tenant at once, row by row for comparison, and the cleanup afterwards."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from time import perf_counter

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from bench.figures import AFTER, BEFORE, PURGE, REVOKE_ALL, SWEEP, UPDATE, WITH_IDS, Figures
from bench.load import LoadGenerator
from bench.progress import print_status
from bench.reads import Reader
from bench.timers import interleaved_medians, milliseconds, transaction_times
from bench.traffic import background_checks
from bench.world import SYSTEM, World, sign_in, sign_in_new_user
from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope
from sessions_app.operations.revocation import MAX_IDS
from tenancy.models import Tenant

NEW_SIGN_INS = 20
_UPDATE = """
    UPDATE sessions_app_session SET revoked_at = now(), revoked_by = 'bench', revoke_reason = 'bench',
        revocation_id = %s, is_newest = false
    WHERE tenant_id = %s AND revoked_at IS NULL
"""


def measure_revoke_all(figures: Figures, world: World, *, rounds: int) -> None:
    print_status(f"revoking all sessions of each tenant, and undoing it, {rounds} rounds")
    for name, ids in ((REVOKE_ALL, 0), (WITH_IDS, MAX_IDS)):
        measurements = {size: revocation_timer(tenant, size, ids) for size, tenant in world.tenants.items()}
        figures.times[name] = interleaved_medians(rounds, measurements)


def revocation_timer(tenant: Tenant, live: int, ids: int) -> Callable[[], float]:
    def measure() -> float:
        time = milliseconds(lambda: revoke_all(tenant, live, ids))
        undo(tenant)
        return time

    return measure


def revoke_all(tenant: Tenant, live: int, ids: int) -> None:
    result = operations.revoke_scope(RevocationScope.TENANT, tenant.pk, actor=SYSTEM, reason="measured", max_ids=ids)
    if result.count != live:
        raise RuntimeError(f"{result.count} sessions were revoked, but {live} were live")


def undo(tenant: Tenant) -> None:
    """Make the tenant's sessions live again: lower its floor, and mark its revocations as swept.

    Only a bench may do this; the product never un-revokes a session.
    """
    Tenant.objects.filter(pk=tenant.pk).update(min_revision=0, floor_raised_at=None)
    Revocation.objects.filter(target_id=tenant.pk).update(swept_at=Now())


def measure_cleanup(figures: Figures, world: World, load: LoadGenerator, *, rounds: int) -> None:
    """Measure page 1 of a tenant before and after revoke-all, without any vacuum, and then sweep and purge."""
    size, reader = figures.big, Reader(world)
    page = reader.page(size)
    email = "early.bird@bench.example"
    sign_in_new_user(world.tenants[size], email)
    before = interleaved_medians(rounds, {size: lambda: reader.time(page)})
    print_status(f"revoking {size:,} sessions for good")
    revoke_all(world.tenants[size], size + 1, 0)
    at_first = reader.time(page)
    for _ in range(NEW_SIGN_INS):
        sign_in(world.tenants[size], email)
    with_new = interleaved_medians(rounds, {size: lambda: reader.time(page)})[size]
    with background_checks(figures, world, load):
        measure_job(figures, SWEEP, size + 1, operations.sweep)
    after_sweep = interleaved_medians(rounds, {size: lambda: reader.time(page)})[size]
    figures.times[BEFORE] = before
    figures.times[AFTER] = {size: max(at_first, with_new, after_sweep)}
    retention = timedelta(days=settings.SESSION_RETENTION_DAYS)
    measure_job(figures, PURGE, size, lambda: operations.purge(retention, actor=SYSTEM))


def measure_job(figures: Figures, name: str, expected: int, job: Callable[[], int]) -> None:
    print_status(f"{name} of {expected:,} sessions")
    start = perf_counter()
    with transaction_times() as batches:
        count = job()
    if count != expected:
        raise RuntimeError(f"{name}: {count} rows instead of {expected}")
    figures.speeds[name] = count / (perf_counter() - start)
    batches.sort()
    figures.batches[name] = (batches[len(batches) // 2], batches[-1])


def measure_updates(figures: Figures, world: World) -> None:
    """Measure an UPDATE of every session, which is what revoke-all would be without revisions."""
    tenants = {size: tenant for size, tenant in world.tenants.items() if size < figures.big}
    for size, tenant in {**tenants, figures.big: world.second_tenant}.items():
        print_status(f"updating {size:,} sessions row by row")
        figures.times[UPDATE][size] = milliseconds(partial(update_rows, tenant))


@transaction.atomic
def update_rows(tenant: Tenant) -> None:
    revocation = Revocation.objects.create(
        reach=RevocationScope.TENANT, target_id=tenant.pk, reason="bench", actor_id="bench"
    )
    with connection.cursor() as cursor:
        # Without the counters' triggers, which a product without revisions would not need.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_UPDATE, [revocation.pk, tenant.pk])
