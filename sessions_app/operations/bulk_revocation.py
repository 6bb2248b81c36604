"""Ending whatever a selection means: a whole scope in an instant, or row by row in a job that survives being killed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, CharField, Count, Value, When
from django.db.models.functions import Coalesce, Now

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from sessions_app.durations import read
from sessions_app.models import Reach, Revocation, SessionState
from sessions_app.models.expressions import opened_as_admin
from sessions_app.operations.revocation import RevocationResult, revocation_fields, revoke_rows
from sessions_app.operations.scope_revocation import revoke_scope
from sessions_app.reads import live_counts
from sessions_app.reads.stats import NOTHING, statistics
from sessions_app.selection import Selection

COUNTED = (Reach.PLATFORM, Reach.PARTNER, Reach.TENANT)
BATCH = 2_000
SAMPLE = 10
AGES = {"under 1h": "1h", "under 1d": "1d", "under 7d": "7d", "under 30d": "30d"}
OLDER = "30d and more"


class MoreThanConfirmed(Exception):
    """By now more sessions match than somebody agreed to end. What was ended until now stays ended."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would end."""

    count: int
    by_tenant: dict[str, int]
    by_device: dict[str, int]
    by_age: dict[str, int]
    sample: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RevocationPreview:
    """How far an act would reach, told before it is done."""

    sessions: int
    users: int
    tenants: int
    administrators: int
    is_ones_own: bool
    sample: list[SessionState]


def preview_revocation(selection: Selection) -> RevocationPreview:
    """From the counters where a floor ends it all, at once for a million; else from the rows."""
    live = selection.sessions().live()
    mine = selection.asked_by.session_id if selection.asked_by else None
    is_ones_own = mine is not None and live.filter(pk=mine).exists()
    if selection.scope and selection.scope[0] in COUNTED:
        reach, target_id = selection.scope
        told = statistics(reach, target_id, seen_by=None) or NOTHING
        tenants, administrators = live_counts.tenants_and_administrators(reach, target_id)
        numbers = (told["active_sessions"], told["unique_users"], tenants, administrators)
    else:
        is_an_administrators = Count("pk", filter=opened_as_admin())
        sums = {"s": Count("pk"), "u": Count("user", distinct=True), "t": Count("tenant", distinct=True)}
        told = live.aggregate(**sums, a=is_an_administrators)
        numbers = (told["s"], told["u"], told["t"], told["a"])
    newest = live.opened_since_last_scope_revocation(**_place_of(selection)).newest_first()
    return RevocationPreview(*numbers, is_ones_own, list(newest[:SAMPLE]))


def _place_of(selection: Selection) -> dict[str, UUID | None]:
    return {f"{reach}_id": selection.scopes.get(reach) for reach in (Reach.TENANT, Reach.PARTNER)}


def preview(selection: Selection) -> Preview:
    live = selection.sessions().live()
    ages = [When(created_at__gt=Now() - read(length), then=Value(words)) for words, length in AGES.items()]
    age = Case(*ages, default=Value(OLDER), output_field=CharField())
    tenant = Coalesce("tenant_slug", "tenant_name", output_field=CharField())
    groups = live.annotate(age=age).order_by().values_list(tenant, "device_type", "age").annotate(n=Count("*"))
    sums: tuple[dict[str, int], ...] = ({}, {}, dict.fromkeys([*AGES, OLDER], 0))
    total = 0
    for *values, n in groups:
        total += n
        for counts, value in zip(sums, values, strict=True):
            counts[value or "unknown"] = counts.get(value or "unknown", 0) + n
    return Preview(total, _largest_first(sums[0]), _largest_first(sums[1]), sums[2], _sample(live))


def count(selection: Selection, *, reason: str) -> int:
    """How many sessions `revoke_selected` would end; of a job that was begun before, how many it still has to."""
    if selection.scope:
        return live_counts.live_count(*selection.scope)
    begun = unfinished(selection, reason=reason)
    return selection.sessions(begun.created_at if begun else None).live().count()


def unfinished(selection: Selection, *, reason: str) -> Revocation | None:
    """The same job, where an earlier run was killed before its end."""
    same = Revocation.objects.filter(reach=Reach.SELECTION, selection=selection.as_json(), reason=reason, swept_at=None)
    if selection.asked_by:
        same = same.filter(actor_id=selection.asked_by.id)  # whose name is on what they end
    return same.order_by("pk").first()


def revoke_selected(
    selection: Selection,
    *,
    actor: Principal,
    reason: str,
    at_most: int | None = None,
    told: Callable[[int], object] = int,
) -> RevocationResult:
    """End what is selected; no more than `at_most`, if that was agreed on. `told` hears of each step how many it ended.

    Each batch is a transaction of its own: killed at any moment, the same call carries on with the same revocation.
    """
    if selection.scope:
        return _whole_scope(*selection.scope, actor=actor, reason=reason, at_most=at_most)
    revocation = _begin(selection, actor=actor, reason=reason, at_most=at_most)
    last = None
    while batch := _next(selection, revocation, last):
        ended = _end_some(batch, revocation, actor=actor, at_most=at_most)
        at_most = None if at_most is None else at_most - ended
        told(ended)
        last = batch[-1]
    return _finish(revocation, actor=actor)


@transaction.atomic
def _whole_scope(
    reach: Reach, target_id: UUID | None, *, actor: Principal, reason: str, at_most: int | None
) -> RevocationResult:
    ended = revoke_scope(reach, target_id, actor=actor, reason=reason, shown=0)
    if at_most is not None and ended.count > at_most:
        raise MoreThanConfirmed
    return ended


@transaction.atomic
def _begin(selection: Selection, *, actor: Principal, reason: str, at_most: int | None) -> Revocation:
    """Recorded when it begins and when it is done: one killed in between has left word of who began what."""
    _one_at_a_time(selection, reason)
    revocation = unfinished(selection, reason=reason)
    if at_most is not None and count(selection, reason=reason) > at_most:
        raise MoreThanConfirmed
    if revocation:
        return revocation
    place = {"tenant_id": selection.tenant_id, "partner_id": selection.partner_id}
    revocation = Revocation.objects.create(
        reach=Reach.SELECTION, selection=selection.as_json(), **place, **revocation_fields(actor, reason, 0)
    )
    revocation.refresh_from_db()  # born at the database's time
    _record(revocation, actor, is_finished=False)
    return revocation


def _next(selection: Selection, revocation: Revocation, last: UUID | None) -> list[UUID]:
    """Those that only rest are ended too: else they could come back."""
    rows = selection.sessions(revocation.created_at).revocable()
    ahead = rows.filter(pk__gt=last) if last else rows
    return list(ahead.order_by("pk").values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _end_some(batch: list[UUID], revocation: Revocation, *, actor: Principal, at_most: int | None) -> int:
    ended = revoke_rows(batch, actor=actor, reason=revocation.reason, revocation=revocation)
    if at_most is not None and ended.count > at_most:
        raise MoreThanConfirmed
    return ended.count


@transaction.atomic
def _finish(revocation: Revocation, *, actor: Principal) -> RevocationResult:
    is_ours = Revocation.objects.filter(pk=revocation.pk, swept_at=None).update(swept_at=Now())
    revocation.refresh_from_db()
    if is_ours:
        _record(revocation, actor, is_finished=True)
    return RevocationResult(revocation.revoked_count, [], revocation)


def _record(revocation: Revocation, actor: Principal, *, is_finished: bool) -> None:
    changes = {"reason": revocation.reason, "reach": revocation.reach, "selection": revocation.selection}
    changes |= {"revoked_count": revocation.revoked_count, "is_finished": is_finished}
    record(Action.SESSIONS_REVOKED, actor=actor, resource=revocation, changes=changes)


def _one_at_a_time(selection: Selection, reason: str) -> None:
    """Two runs that begin at once begin one job, and share the work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{selection.as_json()} {reason}"])


def _sample(live: Any) -> list[dict[str, Any]]:
    shown = live.newest_first()[:SAMPLE]
    return [
        {
            "id": each.handle,
            "user": each.user_email,
            "tenant": each.tenant_slug or each.tenant_name,
            "ip_address": each.ip_address,
            "device": " ".join(filter(None, [each.browser, each.os, each.device_type])),
            "created_at": each.created_at.isoformat(timespec="seconds"),
            "last_activity_at": each.last_activity_at.isoformat(timespec="seconds"),
        }
        for each in shown
    ]


def _largest_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
