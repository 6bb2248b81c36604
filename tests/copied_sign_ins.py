"""Sign-ins of the people whom almost every test names, copied from rows that a real sign-in has written.

A real one takes thirteen statements, and the suite makes ten thousand. A copy stands only in the same circumstances:
nothing above the user has been touched since, and the user does not exist yet. In others the sign-in is a real one.
"""

import json
import pickle
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.models import User
from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.ids import uuid7
from sessions_app.models import Session
from sessions_app.operations.sign_ins import OpenedSession
from sessions_app.refresh_tokens import RefreshToken
from sessions_app.session_keys import SessionKey
from tests.planned import plan

# Every change of a row gives it another `xmin`, committed or not.
_VERSION = """
SELECT concat_ws(' ', tenant.xmin, partner.xmin, platform.xmin) AS version FROM tenancy_platform platform,
tenancy_tenant tenant LEFT JOIN tenancy_partner partner ON partner.id = tenant.partner_id WHERE tenant.id = {}
"""
_ROWS = f"""
SELECT to_jsonb(person), to_jsonb(session), circumstances.version
FROM sessions_app_session session JOIN accounts_user person ON person.id = session.user_id,
LATERAL ({_VERSION.format("person.tenant_id")}) circumstances
WHERE session.id = %s
"""
_COPY_USER = f"""
INSERT INTO accounts_user SELECT person.* FROM ({_VERSION.format("$1::uuid")}) circumstances,
jsonb_populate_record(NULL::accounts_user, $3::jsonb || jsonb_build_object(
    'created_at', statement_timestamp(), 'updated_at', statement_timestamp())) person
WHERE version = $2 AND NOT EXISTS (SELECT FROM accounts_user WHERE tenant_id = $1 AND email = $4)
RETURNING created_at, updated_at
"""
_COPY_SESSION = """
INSERT INTO sessions_app_session SELECT session.* FROM accounts_user person,
jsonb_populate_record(NULL::sessions_app_session, $2::jsonb || jsonb_build_object(
    'created_at', statement_timestamp(), 'last_activity_at', statement_timestamp(),
    'expires_at', statement_timestamp() + $3::interval, 'due_at', statement_timestamp() + $4::interval)) session
WHERE person.id = $1 RETURNING created_at, last_activity_at, due_at
"""
_COPY = "EXECUTE copy_user (%s, %s, %s, %s); EXECUTE copy_session (%s, %s, %s, %s)"


@dataclass(frozen=True)
class SignIn:
    """What a real sign-in has written, and the circumstances that it was written in."""

    session: bytes  # pickled, which is read again six times as fast as a deep copy is made
    lasts: timedelta
    user_row: dict[str, Any]
    session_row: dict[str, Any]
    version: str
    admin_lifetime: int


_sign_ins: dict[str, SignIn] = {}


def remember(opened: OpenedSession) -> None:
    session = opened.session
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [session.pk])
        user_row, row, version = (json.loads(each) if each[0] == "{" else each for each in cursor.fetchone())
    _ = session.user.tenant  # read now, it is not looked up for every copy
    lifetime = settings.ADMIN_SESSION_LIFETIME
    _sign_ins[session.user.email] = SignIn(pickle.dumps(session), opened.lifetime, user_row, row, version, lifetime)


def copied(email: str, *, actor: Principal) -> OpenedSession | None:
    """The same sign-in again, of a new user with this address; None where it would not be the same."""
    like = _sign_ins.get(email)
    if like is None or like.admin_lifetime != settings.ADMIN_SESSION_LIFETIME:
        return None
    session = pickle.loads(like.session)
    user = session.user
    user.pk, session.pk = uuid7(), uuid7()
    session.user_id = user.pk
    refresh_token, key = RefreshToken.new(session.pk), SessionKey.new(session.pk)
    session.refresh_digest, session.key_digest = refresh_token.digest, key.digest
    if not _write(like, user, session):
        return None
    record(Action.SIGNED_IN, actor=actor, resource=session, changes={"auth_method": session.auth_method})
    return OpenedSession(session, refresh_token, key, like.lasts)


def _write(like: SignIn, user: User, session: Session) -> bool:
    own = {"id": str(session.pk), "user_id": str(user.pk)}
    digests = {name: f"\\x{getattr(session, name).hex()}" for name in ("refresh_digest", "key_digest")}
    person, row = like.user_row | {"id": str(user.pk)}, like.session_row | own | digests
    due = min(like.lasts, session.idle_limit)
    plan("copy_user", _COPY_USER)
    plan("copy_session", _COPY_SESSION)
    with connection.cursor() as cursor:
        values = [user.tenant_id, like.version, json.dumps(person), user.email]
        cursor.execute(_COPY, [*values, user.pk, json.dumps(row), like.lasts, due])
        inserted = cursor.fetchone()
        if inserted:
            cursor.cursor.nextset()
            user.created_at, user.updated_at = inserted
            session.created_at, session.last_activity_at, session.due_at = cursor.fetchone()
    return inserted is not None
