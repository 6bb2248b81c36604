from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts import tokens
from accounts.operations.sign_in import as_principal
from audit.actions import Action, Result
from audit.operations import record
from core.access import Origin
from sessions_app.models import Session
from sessions_app.operations.opening import SignedIn, access_token
from sessions_app.operations.revoking import end
from sessions_app.refresh_tokens import NotOurs, RefreshToken

GRACE = timedelta(seconds=10)


class RefreshRefused(Exception):
    """Unknown, ended, or spent: sign in again."""


def refresh(text: str, *, origin: Origin) -> SignedIn:
    """Swap a refresh token for its successor. The same token again within the grace gets the same successor."""
    tokens.require_key()
    try:
        token = RefreshToken.read(text)
    except NotOurs as error:
        raise RefreshRefused from error
    with transaction.atomic():
        session, is_in_grace = _live_and_locked(token)
        successor = _rotate(session, token, origin, is_in_grace=is_in_grace) if session else None
        if session and successor is None:
            _end_replayed(session, origin)
    if session is None or successor is None:
        raise RefreshRefused
    return SignedIn(session, access_token(session), str(successor))


def _live_and_locked(token: RefreshToken) -> tuple[Session | None, bool]:
    """The session, and whether its last refresh is recent enough for the token of then to be asked for once more."""
    row: Any = (
        Session.objects.live()
        .filter(pk=token.session_id)
        .select_related("user__tenant__partner")
        .annotate(is_in_grace=Q(refreshed_at__gt=Now() - GRACE))
        .select_for_update(of=("self",))
        .first()
    )
    return row, bool(row and row.is_in_grace)


def _rotate(session: Session, token: RefreshToken, origin: Origin, *, is_in_grace: bool) -> RefreshToken | None:
    """The successor, or None for a token that was spent too long ago."""
    current, spent = bytes(session.refresh_digest or b""), bytes(session.spent_refresh_digest or b"")
    if token.digest == current:
        successor = token.successor()
        Session.objects.filter(pk=session.pk).update(
            refresh_digest=successor.digest,
            spent_refresh_digest=token.digest,
            refreshed_at=Now(),
            last_activity_at=Now(),
            last_ip_address=origin.ip_address,
        )
        return successor
    if token.digest == spent and is_in_grace:
        return next((each for each in token.successors() if each.digest == current), None)
    return None


def _end_replayed(session: Session, origin: Origin) -> None:
    """Two parties hold this family's tokens and nobody can tell which is the thief: it ends for both."""
    actor = as_principal(session.user, origin)
    end([session.pk], actor=actor, reason="refresh token replayed")
    record(Action.REFRESH_REPLAYED, actor=actor, resource=session, result=Result.DENIED)
