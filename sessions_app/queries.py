"""The session check: one statement, asked of the database on every request."""

from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from accounts.models.users import tier_of
from accounts.queries import key_still_verifies
from accounts.tokens import SessionClaims
from core.access import ActorType, Origin, Principal
from core.prepared import Prepared
from sessions_app.models import Session
from sessions_app.operations.opening import TOUCH_EVERY

_SESSION, _USER, _KID = UUID(int=1), UUID(int=2), "the token's key"
_COLUMNS = {
    "user_id": F("user_id"),
    "email": F("user__email"),
    "tier": tier_of("user__"),
    "tenant_id": F("tenant_id"),
    "partner_id": F("tenant__partner_id"),
    "is_stale": Q(last_activity_at__lt=Now() - TOUCH_EVERY),
}


class Holder(NamedTuple):
    principal: Principal
    is_stale: bool


def holder_of(claims: SessionClaims, *, origin: Origin) -> Holder | None:
    """Whoever the session belongs to, as they stand this moment; None unless the session is live."""
    rows = _CHECK.ask(claims.session_id, claims.user_id, claims.kid)
    if not rows:
        return None
    columns = dict(zip(_COLUMNS, rows[0], strict=True))
    principal = Principal.user(columns, origin=origin, session_id=claims.session_id, type=ActorType.USER)
    return Holder(principal, columns["is_stale"])


def _check() -> QuerySet[Any]:
    """`live()` itself: the rule is written once, and paid for once."""
    named = {f"its_{name}": column for name, column in _COLUMNS.items()}
    live = Session.objects.live().filter(key_still_verifies(_KID), pk=_SESSION, user=_USER)
    return live.annotate(**named).values_list(*named)


_CHECK = Prepared(_check, {_SESSION: "uuid", _USER: "uuid", _KID: "text"})
