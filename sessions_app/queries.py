"""The session check: one statement, asked of the database on every request."""

from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from accounts.queries import HOLDER, key_still_verifies
from accounts.tokens import SessionClaims
from core.access import ActorType, Origin, Principal
from sessions_app.models import Session
from sessions_app.operations.opening import TOUCH_EVERY

_COLUMNS = ("user_id", "email", "tier", "tenant_id", "partner_id", "is_stale")
_HOLDER: list[Any] = [HOLDER[column] for column in _COLUMNS[1:-1]]
_SESSION, _USER, _KID = UUID(int=1), UUID(int=2), "the token's key"


class Holder(NamedTuple):
    principal: Principal
    is_stale: bool


def holder_of(claims: SessionClaims, *, origin: Origin) -> Holder | None:
    """Whoever the session belongs to, as they stand this moment; None unless the session is live."""
    statement, parameters = _statement()
    given: dict[Any, Any] = {_SESSION: claims.session_id, _USER: claims.user_id, _KID: claims.kid}
    with connection.cursor() as cursor:
        cursor.execute(statement, [given.get(each, each) for each in parameters])
        row = cursor.fetchone()
    if row is None:
        return None
    columns = dict(zip(_COLUMNS, row, strict=True))
    principal = Principal.user(columns, origin=origin, session_id=claims.session_id, type=ActorType.USER)
    return Holder(principal, columns["is_stale"])


@cache
def _statement() -> tuple[str, tuple[Any, ...]]:
    """`live()` compiled once, with stand-ins where the token's ids go: the rule is written once and paid for once."""
    checked = (
        Session.objects.live()
        .filter(key_still_verifies(_KID), pk=_SESSION, user=_USER)
        .annotate(is_stale=Q(last_activity_at__lt=Now() - TOUCH_EVERY))
        .values_list("user_id", *_HOLDER, "is_stale")
    )
    return checked.query.sql_with_params()
