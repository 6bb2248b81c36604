"""Revoke what an operator selected: a whole scope at once, or row by row in a job that can be killed and continued."""

from collections.abc import Callable
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from sessions_app.models import Revocation, RevocationScope
from sessions_app.operations.revocation import RevocationResult, revocation_fields, revoke_rows_unaudited
from sessions_app.operations.scope_revocation import revoke_scope
from sessions_app.reads import live_counts
from sessions_app.selection import Selection

BATCH = 2_000


class MoreThanConfirmed(Exception):
    """More sessions match now than were confirmed. What has been revoked so far stays revoked."""


def count(selection: Selection, *, reason: str) -> int:
    """Count the sessions that `revoke_selected` would revoke, or that an unfinished job has yet to revoke."""
    if selection.whole_scope:
        return live_counts.live_count(*selection.whole_scope)
    job = unfinished(selection, reason=reason)
    return selection.sessions(job.created_at if job else None).live().count()


def unfinished(selection: Selection, *, reason: str) -> Revocation | None:
    """Return the same job, if an earlier run of it was killed."""
    jobs = Revocation.objects.filter(
        reach=RevocationScope.SELECTION, selection=selection.as_json(), reason=reason, swept_at=None
    )
    if selection.requested_by:
        jobs = jobs.filter(actor_id=selection.requested_by.id)  # its actor is on every session that it revokes
    return jobs.order_by("pk").first()


def revoke_selected(
    selection: Selection,
    *,
    actor: Principal,
    reason: str,
    at_most: int | None = None,
    on_progress: Callable[[int], object] = int,
) -> RevocationResult:
    """Revoke the selected sessions, but no more than the confirmed `at_most`.

    Each batch is a transaction of its own: after a kill, the same call continues the same revocation. `on_progress`
    is called with the number of sessions of each batch.
    """
    if selection.whole_scope:
        return _revoke_whole_scope(*selection.whole_scope, actor=actor, reason=reason, at_most=at_most)
    revocation = _begin(selection, actor=actor, reason=reason, at_most=at_most)
    last = None
    while batch := _next(selection, revocation, last):
        revoked_count = _revoke_batch(batch, revocation, actor=actor, at_most=at_most)
        at_most = None if at_most is None else at_most - revoked_count
        on_progress(revoked_count)
        last = batch[-1]
    return _finish(revocation, actor=actor)


@transaction.atomic
def _revoke_whole_scope(
    scope: RevocationScope, target_id: UUID | None, *, actor: Principal, reason: str, at_most: int | None
) -> RevocationResult:
    result = revoke_scope(scope, target_id, actor=actor, reason=reason, max_ids=0)
    if at_most is not None and result.count > at_most:
        raise MoreThanConfirmed
    return result


@transaction.atomic
def _begin(selection: Selection, *, actor: Principal, reason: str, at_most: int | None) -> Revocation:
    """Start or continue the job. Its start is audited, so a killed job shows who started it."""
    _lock_job(selection, reason)
    revocation = unfinished(selection, reason=reason)
    if at_most is not None and count(selection, reason=reason) > at_most:
        raise MoreThanConfirmed
    if revocation:
        return revocation
    owner = {"tenant_id": selection.tenant_id, "partner_id": selection.partner_id}
    revocation = Revocation.objects.create(
        reach=RevocationScope.SELECTION, selection=selection.as_json(), **owner, **revocation_fields(actor, reason, 0)
    )
    revocation.refresh_from_db()  # for the creation time, which the database sets
    _record(revocation, actor, is_finished=False)
    return revocation


def _next(selection: Selection, revocation: Revocation, last: UUID | None) -> list[UUID]:
    """Return the next ids. Sessions of something suspended are among them, since they could come back."""
    rows = selection.sessions(revocation.created_at).revocable()
    ahead = rows.filter(pk__gt=last) if last else rows
    return list(ahead.order_by("pk").values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _revoke_batch(batch: list[UUID], revocation: Revocation, *, actor: Principal, at_most: int | None) -> int:
    result = revoke_rows_unaudited(batch, actor=actor, reason=revocation.reason, revocation=revocation)
    if at_most is not None and result.count > at_most:
        raise MoreThanConfirmed
    return result.count


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


def _lock_job(selection: Selection, reason: str) -> None:
    """Let two runs that start at once share one job."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{selection.as_json()} {reason}"])
