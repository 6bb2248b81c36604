"""Exact numbers without a scan: what the counters hold, less the few rows that the clock has ended just now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Aggregate, BigIntegerField, Count, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce, Now

from core.prepared import Prepared
from sessions_app.models import CounterKind, Reach, SessionCountState, SessionCountStateQuerySet, SessionState
from sessions_app.models.expressions import opened_as_admin
from tenancy.models import Platform

_FOLD_LOCK = 0x666F6C64
KEY = "tenant_id, is_admin, application_id, era, state, kind, value, slot"
# A span this old is asked about no more; whatever is still said of it may be forgotten.
SPANS_KEPT = 25 * 12


def live_count(reach: Reach, target_id: UUID | None) -> int:
    """How many live sessions there are within a reach; a user's are counted from their rows."""
    if reach in (Reach.USER, Reach.SESSION):
        return SessionState.objects.live().within(reach, target_id).count()
    return live_count_and_moment(reach, target_id)[0]


def live_count_and_moment(reach: Reach, target_id: UUID | None) -> tuple[int, datetime]:
    """And when exactly that was: a little later it may be fewer."""
    [counted] = _live_count(reach).fetch(target_id)
    return counted


@cache
def _live_count(reach: Reach) -> Prepared:
    target_id = UUID(int=3)
    total = Platform.objects.annotate(told=live_total(reach, target_id), at=Now()).values_list("told", "at")
    return Prepared(lambda: total, {target_id: "uuid"})


def live_total(reach: Reach, target_id: UUID | None) -> CombinedExpression:
    """The same, for use inside another query: what the counters hold, less what has lapsed since."""
    counted = counters_within(reach, target_id).current().filter(kind=CounterKind.ALL)
    lapsed = SessionState.objects.within(reach, target_id).not_revoked().timed_out()
    return _only(counted, Sum("n")) - _only(lapsed, Count("pk"))


def _only(rows: QuerySet[Any], aggregate: Aggregate) -> Coalesce:
    whole = rows.order_by().values(whole=Value(1)).annotate(told=Cast(aggregate, BigIntegerField())).values("told")
    return Coalesce(Subquery(whole, output_field=BigIntegerField()), 0)


def tenants_and_administrators(reach: Reach, target_id: UUID | None) -> tuple[int, int]:
    """Of how many tenants the live sessions within a reach are, and how many of them are administrators'."""
    whose = ("tenant", "is_admin")
    counted = counters_within(reach, target_id).current().filter(kind=CounterKind.ALL).order_by()
    live = {(tenant, is_admin): n for tenant, is_admin, n in counted.values_list(*whose).annotate(Sum("n"))}
    lapsed = SessionState.objects.within(reach, target_id).not_revoked().timed_out().order_by()
    over = lapsed.annotate(administers=opened_as_admin()).values_list("tenant", "administers").annotate(Count("pk"))
    for tenant, is_admin, n in over:
        live[tenant, is_admin] = live.get((tenant, is_admin), 0) - n
    tenants = {tenant for (tenant, _), n in live.items() if n > 0}
    return len(tenants), sum(n for (_, is_admin), n in live.items() if is_admin)


def counters_within(reach: Reach, target_id: UUID | None) -> SessionCountStateQuerySet:
    match reach:
        case Reach.PLATFORM:
            return SessionCountState.objects.all()
        case Reach.ADMINS:
            return SessionCountState.objects.filter(is_admin=True)
        case Reach.PARTNER:
            return SessionCountState.objects.filter(tenant__partner=target_id)
        case _:
            return SessionCountState.objects.filter(**{f"{reach}_id": target_id})


def fold() -> int:
    """Add up what was appended; how many rows that was. One at a time; readers see all of it, before or after."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_FOLD_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_FOLD)
        return cursor.fetchone()[0]


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that says something else than the rows do."""

    key: dict[str, Any]
    counted: int
    found: int


def differences() -> Iterator[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        names = [column.name for column in cursor.description]
        for row in cursor.fetchall():
            told = dict(zip(names, row, strict=True))
            yield Difference(counted=told.pop("counted"), found=told.pop("found"), key=told)


@transaction.atomic
def rebuild() -> None:
    """Count everything anew, while nobody opens or ends anything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_FOLD_LOCK])
        cursor.execute("LOCK TABLE sessions_app_session IN SHARE MODE")
        cursor.execute("DELETE FROM sessions_app_sessioncount")
        cursor.execute(
            f"INSERT INTO sessions_app_sessioncount ({KEY}, n, is_folded)"  # noqa: S608 - ours
            f" SELECT {KEY}, sum(n), true FROM ({_SCANNED}) AS scanned GROUP BY {KEY} HAVING sum(n) <> 0"
        )


_OLD = f"slot > 0 AND slot <= session_count_slot(now()) - {SPANS_KEPT}"
_SCANNED = (
    "SELECT session.tenant_id, is_admin, session.application_id, counted.era, state, kind, value, slot, n"  # noqa: S608 - ours
    " FROM sessions_app_session AS session, LATERAL session_counted(session) AS counted"
    f" WHERE NOT ({_OLD})"
)
_FOLD = f"""
    WITH appended AS (
        DELETE FROM sessions_app_sessioncount WHERE NOT is_folded RETURNING {KEY}, n
    ), added AS (
        INSERT INTO sessions_app_sessioncount AS folded ({KEY}, n, is_folded)
        SELECT {KEY}, sum(n), true FROM appended WHERE NOT ({_OLD}) GROUP BY {KEY} HAVING sum(n) <> 0
        ON CONFLICT ({KEY}) WHERE is_folded DO UPDATE SET n = folded.n + excluded.n
    ), forgotten AS (
        DELETE FROM sessions_app_sessioncount WHERE is_folded AND (n = 0 OR {_OLD})
    )
    SELECT count(*) FROM appended
"""  # noqa: S608 - ours
_DIFFERENCES = f"""
    SELECT {KEY}, sum(counted)::bigint AS counted, sum(found)::bigint AS found
    FROM (
        SELECT {KEY}, n AS counted, 0 AS found FROM sessions_app_sessioncount WHERE NOT ({_OLD})
        UNION ALL SELECT {KEY}, 0, n FROM ({_SCANNED}) AS scanned
    ) AS told
    GROUP BY {KEY} HAVING sum(counted) <> sum(found)
    ORDER BY tenant_id, kind, value, slot
"""  # noqa: S608 - ours
