from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import tokens
from accounts.operations.sign_in import as_principal
from audit.actions import Action, Result
from audit.operations import record
from core.access import Origin
from sessions_app.models import Session, SessionState
from sessions_app.models.expressions import next_due_at
from sessions_app.operations.revocation import revoke_rows
from sessions_app.operations.sign_ins import SignedIn, access_token
from sessions_app.refresh_tokens import InvalidCredential, RefreshToken

GRACE = timedelta(seconds=10)


class RefreshRefused(Exception):
    """Unknown, ended, or spent: sign in again."""


def refresh(text: str, *, origin: Origin) -> SignedIn:
    """Swap a refresh token for its successor. The same token again within the grace gets the same successor."""
    tokens.require_key()
    try:
        token = RefreshToken.read(text)
    except InvalidCredential as error:
        raise RefreshRefused from error
    with transaction.atomic():
        session, told = _live_and_locked(token)
        successor = _rotate(session, token, origin, told) if session else None
    if session and successor is None:
        _end_replayed(session, origin)
    if session is None or successor is None:
        raise RefreshRefused
    return SignedIn(session, access_token(session), str(successor))


def _live_and_locked(token: RefreshToken) -> tuple[Session | None, list[bytes]]:
    """The session, and the digests of what it told within the grace, which whoever asks again is told again."""
    row: Any = (
        Session.objects.filter(pk=token.session_id)
        .select_related("user__tenant__partner")
        .annotate(last=Q(refreshed_at__gt=Now() - GRACE), before=Q(refreshed_before_at__gt=Now() - GRACE))
        .select_for_update(of=("self",))
        .first()
    )
    # Judged when it is locked: whatever it had to wait for is seen by the next statement only.
    if row is None or not SessionState.objects.live().filter(pk=row.pk).exists():
        return None, []
    told = []
    if row.last:
        told.append(bytes(row.refresh_digest))
    if row.before:
        told.append(bytes(row.spent_refresh_digest))
    return row, told


def _rotate(session: Session, token: RefreshToken, origin: Origin, told: list[bytes]) -> RefreshToken | None:
    """The successor, or None for a token that was spent too long ago."""
    if token.digest == bytes(session.refresh_digest or b""):
        successor = token.successor()
        Session.objects.filter(pk=session.pk).update(
            refresh_digest=successor.digest,
            spent_refresh_digest=token.digest,
            refreshed_at=Now(),
            refreshed_before_at=F("refreshed_at"),
            last_activity_at=Now(),
            last_ip_address=origin.ip_address,
            due_at=next_due_at(),
        )
        return successor
    return next((each for each in token.successors() if each.digest in told), None)


@transaction.atomic
def _end_replayed(session: Session, origin: Origin) -> None:
    """Two parties hold this family's tokens and nobody can tell which is the thief: it ends for both."""
    actor = as_principal(session.user, origin)
    revoke_rows([session.pk], actor=actor, reason="refresh token replayed")
    record(Action.REFRESH_REPLAYED, actor=actor, resource=session, result=Result.DENIED)
