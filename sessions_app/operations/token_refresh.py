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
from sessions_app.operations.revocation import revoke_rows_unaudited
from sessions_app.operations.sign_ins import SignedIn, access_token
from sessions_app.refresh_tokens import InvalidCredential, RefreshToken

GRACE = timedelta(seconds=10)


class RefreshRefused(Exception):
    """The refresh token is unknown or was used before, or its session has ended."""


def refresh(text: str, *, origin: Origin) -> SignedIn:
    """Exchange a refresh token for its successor. Within the grace period, a used token returns the same successor."""
    tokens.require_key()
    try:
        token = RefreshToken.read(text)
    except InvalidCredential as error:
        raise RefreshRefused from error
    with transaction.atomic():
        session, recent_digests = _lock_live_session(token)
        successor = _rotate(session, token, origin, recent_digests) if session else None
    if session and successor is None:
        _revoke_replayed(session, origin)
    if session is None or successor is None:
        raise RefreshRefused
    return SignedIn(session, access_token(session), str(successor))


def _lock_live_session(token: RefreshToken) -> tuple[Session | None, list[bytes]]:
    """Lock and return the session, with the digests of the refresh tokens issued within the grace period."""
    row: Any = (
        Session.objects.filter(pk=token.session_id)
        .select_related("user__tenant__partner")
        .annotate(last=Q(refreshed_at__gt=Now() - GRACE), before=Q(refreshed_before_at__gt=Now() - GRACE))
        .select_for_update(of=("self",))
        .first()
    )
    # Checked after locking: changes that the lock waited for are visible to the next statement only.
    if row is None or not SessionState.objects.live().filter(pk=row.pk).exists():
        return None, []
    recent_digests = []
    if row.last:
        recent_digests.append(bytes(row.refresh_digest))
    if row.before:
        recent_digests.append(bytes(row.spent_refresh_digest))
    return row, recent_digests


def _rotate(session: Session, token: RefreshToken, origin: Origin, recent_digests: list[bytes]) -> RefreshToken | None:
    """Return the successor, or None for a token that was used before the grace period."""
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
    return next((each for each in token.successors() if each.digest in recent_digests), None)


@transaction.atomic
def _revoke_replayed(session: Session, origin: Origin) -> None:
    """Revoke a session whose refresh token was replayed: a thief and its owner look alike."""
    actor = as_principal(session.user, origin)
    revoke_rows_unaudited([session.pk], actor=actor, reason="refresh token replayed")
    record(Action.REFRESH_REPLAYED, actor=actor, resource=session, result=Result.DENIED)
