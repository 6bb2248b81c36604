"""What ending sessions takes: a whole tenant's at once, row by row, and the night shift afterwards."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from time import perf_counter

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from bench.figures import AFTERWARDS, BEFORE, PURGE, REVOKE_ALL, SWEEP, UPDATE, WITH_IDS, Figures
from bench.load import Load
from bench.progress import say
from bench.reads import Reader
from bench.timing import in_turns, milliseconds, transactions_timed
from bench.traffic import live_traffic
from bench.world import SYSTEM, World, sign_in, sign_in_again
from sessions_app import operations
from sessions_app.models import Reach, Revocation
from sessions_app.operations.revocation import IDS_SHOWN
from tenancy.models import Tenant

NEW_SIGN_INS = 20
_UPDATE = """
    UPDATE sessions_app_session SET revoked_at = now(), revoked_by = 'bench', revoke_reason = 'bench',
        revocation_id = %s, is_newest = false
    WHERE tenant_id = %s AND revoked_at IS NULL
"""


def revoke_all(figures: Figures, world: World, *, rounds: int) -> None:
    say(f"ending everything in each tenant, {rounds} times, and taking it back")
    for name, shown in ((REVOKE_ALL, 0), (WITH_IDS, IDS_SHOWN)):
        acts = {size: ending(tenant, size, shown) for size, tenant in world.tenants.items()}
        figures.times[name] = in_turns(rounds, acts)


def ending(tenant: Tenant, live: int, shown: int) -> Callable[[], float]:
    def measure() -> float:
        took = milliseconds(lambda: end(tenant, live, shown))
        take_back(tenant)
        return took

    return measure


def end(tenant: Tenant, live: int, shown: int) -> None:
    ended = operations.revoke_scope(Reach.TENANT, tenant.pk, actor=SYSTEM, reason="measured", shown=shown)
    if ended.count != live:
        raise RuntimeError(f"{ended.count} sessions were ended where {live} were live")


def take_back(tenant: Tenant) -> None:
    """Nobody can do this to a product in use: the floor is lowered again, and no sweep marks a row."""
    Tenant.objects.filter(pk=tenant.pk).update(min_revision=0, floor_raised_at=None)
    Revocation.objects.filter(target_id=tenant.pk).update(swept_at=Now())


def aftermath(figures: Figures, world: World, load: Load, *, rounds: int) -> None:
    """Page 1 of a tenant before everything in it is ended, and after, with nothing vacuumed in between."""
    size, reader = figures.big, Reader(world)
    page = reader.page(size)
    email = "early.bird@bench.example"
    sign_in(world.tenants[size], email)
    before = in_turns(rounds, {size: lambda: reader.time(page)})
    say(f"ending {size:,} sessions for good")
    end(world.tenants[size], size + 1, 0)
    at_first = reader.time(page)
    for _ in range(NEW_SIGN_INS):
        sign_in_again(world.tenants[size], email)
    with_new = in_turns(rounds, {size: lambda: reader.time(page)})[size]
    with live_traffic(figures, world, load):
        night_shift(figures, SWEEP, size + 1, operations.sweep)
    after_sweep = in_turns(rounds, {size: lambda: reader.time(page)})[size]
    figures.times[BEFORE] = before
    figures.times[AFTERWARDS] = {size: max(at_first, with_new, after_sweep)}
    kept = timedelta(days=settings.SESSION_RETENTION_DAYS)
    night_shift(figures, PURGE, size, lambda: operations.purge(kept, actor=SYSTEM))


def night_shift(figures: Figures, name: str, expected: int, work: Callable[[], int]) -> None:
    say(f"{name} of {expected:,} sessions")
    since = perf_counter()
    with transactions_timed() as batches:
        done = work()
    if done != expected:
        raise RuntimeError(f"{name}: {done} rows where {expected} were expected")
    figures.speeds[name] = done / (perf_counter() - since)
    batches.sort()
    figures.batches[name] = (batches[len(batches) // 2], batches[-1])


def update_rows(figures: Figures, world: World) -> None:
    """What revoke-all would be without revisions. Without the counters' triggers, which it would not need either."""
    tenants = {size: tenant for size, tenant in world.tenants.items() if size < figures.big}
    for size, tenant in {**tenants, figures.big: world.bystander}.items():
        say(f"ending {size:,} sessions row by row")
        figures.times[UPDATE][size] = milliseconds(partial(update, tenant))


@transaction.atomic
def update(tenant: Tenant) -> None:
    revocation = Revocation.objects.create(reach=Reach.TENANT, target_id=tenant.pk, reason="bench", actor_id="bench")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_UPDATE, [revocation.pk, tenant.pk])
