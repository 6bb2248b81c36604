"""The session check: one query on every request."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject, Now

from accounts.models.users import tier_of
from accounts.queries import administrative, exchanging_since, key_still_verifies
from accounts.tokens import DelegateClaims, SessionClaims
from core.access import ActorType, Origin, Principal
from core.prepared import Prepared
from sessions_app.models import SessionState
from sessions_app.models.expressions import times_out_at
from sessions_app.operations.sign_ins import TOUCH_EVERY
from sessions_app.session_keys import SessionKey

_SESSION, _USER, _KID, _DIGEST = UUID(int=1), UUID(int=2), "the token's key", b"the key's digest"
_IS_STALE = Q(last_activity_at__lt=Now() - TOUCH_EVERY)
_UNWRAPPED_DIGEST = RawSQL("%s", [_DIGEST])  # a field would wrap the placeholder in another value
_COLUMNS = {
    "user_id": F("user_id"),
    "email": F("user_email"),
    "tier": tier_of("user_"),
    "tenant_id": F("tenant_id"),
    "partner_id": F("tenant_partner_id"),
    "is_stale": _IS_STALE,
    "until": times_out_at(seen_at=Case(When(_IS_STALE, then=Now()), default=F("last_activity_at"))),
}


class CheckedSession(NamedTuple):
    principal: Principal
    is_stale: bool


def check_session(claims: SessionClaims, *, origin: Origin) -> CheckedSession | None:
    """Return the session's user with their current rights, or None unless the session is live."""
    rows = _TOKEN_CHECK.fetch(claims.session_id, claims.user_id, claims.kid)
    return _checked(claims.session_id, rows[0], origin) if rows else None


def check_session_key(key: SessionKey, *, origin: Origin) -> CheckedSession | None:
    """Return the user of a session key's session, or None unless the session is live."""
    rows = _KEY_CHECK.fetch(key.session_id, key.digest)
    return _checked(key.session_id, rows[0], origin) if rows else None


def check_delegated_session(claims: DelegateClaims, *, origin: Origin) -> CheckedSession | None:
    """Return the user that clients act for, with the scopes that all these clients have.

    None unless the session is live and every client may still act for the user.
    """
    clients = exchanging_since(claims.revision).filter(client_id__in=claims.clients)
    allowed = ArraySubquery(clients.values(about=JSONObject(client_id="client_id", scopes="allowed_scopes")))
    session = claims.session
    row = _live(session.session_id, _signed(session.user_id, claims.kid), its_clients=allowed).first()
    if row is None:
        return None
    *columns, current_clients = row
    if {each["client_id"] for each in current_clients} != set(claims.clients):
        return None
    checked = _checked(session.session_id, columns, origin)
    scopes = administrative(claims.scopes, *(each["scopes"] for each in current_clients))
    return checked._replace(principal=replace(checked.principal, delegate=claims.clients[0], scopes=scopes))


def _checked(session_id: UUID, row: Sequence[Any], origin: Origin) -> CheckedSession:
    columns = dict(zip(_COLUMNS, row, strict=True))
    principal = Principal.user(columns, origin=origin, session_id=session_id, type=ActorType.USER)
    return CheckedSession(principal, columns["is_stale"])


def _live(session_id: UUID, credential: Q, **more: Any) -> QuerySet[Any]:
    columns = {f"its_{name}": column for name, column in _COLUMNS.items()} | more
    return SessionState.objects.live().filter(credential, pk=session_id).annotate(**columns).values_list(*columns)


def _signed(user_id: UUID, kid: str) -> Q:
    return Q(key_still_verifies(kid), user=user_id)


_TOKEN_CHECK = Prepared(lambda: _live(_SESSION, _signed(_USER, _KID)), {_SESSION: "uuid", _USER: "uuid", _KID: "text"})
_KEY_CHECK = Prepared(lambda: _live(_SESSION, Q(key_digest=_UNWRAPPED_DIGEST)), {_SESSION: "uuid", _DIGEST: "bytea"})
