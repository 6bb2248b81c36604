from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Now

from accounts import operations as accounts
from accounts import tokens
from accounts.models import Application, User, user_is_active
from accounts.models.users import is_admin
from audit.actions import Action, Result
from audit.operations import record, record_refusal
from core.access import Origin, Principal, Tier
from core.ids import NIL_ID, Prefix, encode_id, uuid7
from core.prepared import Prepared
from sessions_app import devices
from sessions_app.models import Session, SessionApplication, SessionState
from sessions_app.models.expressions import RequiredRevision, allowed_lifetime, next_due_at
from sessions_app.operations.locks import lock_shared
from sessions_app.operations.revocation import evict_oldest
from sessions_app.refresh_tokens import RefreshToken
from sessions_app.session_keys import SessionKey
from tenancy.models import OnSessionLimit, strictest

_USER, _APPLICATION, _ADMIN_LIFETIME = UUID(int=1), UUID(int=2), 1_000_000_003  # placeholders for the values
TOUCH_EVERY = timedelta(minutes=1)


class RevokedDuringSignIn(Exception):
    """A revocation covers this sign-in and happened while it was in progress."""


class SessionLimitReached(Exception):
    """The user has as many sessions as the policy allows, and the policy refuses more."""

    def __init__(self, allowed: int) -> None:
        super().__init__(f"{allowed} sessions are allowed, and in use")
        self.allowed = allowed


class TierTooLow(Exception):
    """The credentials are right, but this sign-in is for users of a higher tier."""


class OpenedSession(NamedTuple):
    session: Session
    refresh_token: RefreshToken
    key: SessionKey | None
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session and its credentials, which are stored nowhere else."""

    session: Session
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    key: str = field(default="", repr=False)
    lifetime: timedelta | None = None
    expires_in: int = tokens.ACCESS_LIFETIME


def sign_in(
    credentials: accounts.Credentials, *, origin: Origin, with_key: bool = False, min_tier: Tier = Tier.USER
) -> SignedIn:
    """Check credentials and open a session.

    `with_key` also issues a session key, for clients that keep one credential. Users below `min_tier` are refused.
    """
    tokens.require_key()
    verified = accounts.verify_credentials(credentials, origin=origin)
    try:
        if verified.principal.tier < min_tier:
            raise TierTooLow
        opened = open(verified, actor=verified.principal, with_key=with_key)
    except (RevokedDuringSignIn, SessionLimitReached, TierTooLow) as refusal:
        changes = {"reason": type(refusal).__name__}
        record_refusal(
            Action.SIGNED_IN, actor=verified.principal, resource=verified.user, result=Result.FAILURE, changes=changes
        )
        raise
    key = str(opened.key) if opened.key else ""
    return SignedIn(opened.session, access_token(opened.session), str(opened.refresh_token), key, opened.lifetime)


@transaction.atomic
def open(verified: accounts.VerifiedSignIn, *, actor: Principal, with_key: bool = False) -> OpenedSession:  # noqa: A001 - reads as `operations.open`
    """Open a session for verified credentials, unless a revocation since they were presented covers it."""
    user = verified.user
    lock_shared([user.tenant_id])
    User.objects.filter(pk=user.pk).update(last_login_at=Now())  # locks the user: one sign-in at a time
    context = _context(verified)
    if context is None or verified.candidate.revision < context.required_revision:
        raise RevokedDuringSignIn
    _enforce_session_limit(context, user, actor)
    session = _session(verified, context)
    refresh_token = RefreshToken.new(session.pk)
    session.refresh_digest = refresh_token.digest
    key = SessionKey.new(session.pk) if with_key else None
    session.key_digest = key.digest if key else None
    Session.objects.filter(user=user, is_newest=True).update(is_newest=False)
    session.save(force_insert=True)
    if verified.application:
        SessionApplication.objects.create(session=session, application=verified.application)
    record(Action.SIGNED_IN, actor=actor, resource=session, changes={"auth_method": verified.auth_method})
    return OpenedSession(session, refresh_token, key, timedelta(seconds=context.lifetime))


def touch(session_id: UUID, *, origin: Origin) -> None:
    """Note that a session was used. Writes at most once a minute, and mostly to columns without an index."""
    live = SessionState.objects.live().filter(pk=session_id)
    stale = Session.objects.filter(pk=session_id, revoked_at=None, last_activity_at__lt=Now() - TOUCH_EVERY)
    stale.filter(pk__in=live.values("pk")).update(
        last_activity_at=Now(), last_ip_address=origin.ip_address, due_at=next_due_at()
    )


def access_token(session: Session) -> str:
    return tokens.sign(claims_of(session), tokens.ACCESS_LIFETIME)


def claims_of(session: Session) -> dict[str, Any]:
    user, tenant = session.user, session.user.tenant
    return {
        "sub": user.handle,
        "sid": session.handle,
        "tenant_id": None if tenant.is_staff else tenant.handle,
        "partner_id": encode_id(Prefix.PARTNER, tenant.partner_id) if tenant.partner_id else None,
        "role": user.role,
        "scope": "",
    }


class SignInContext(NamedTuple):
    """What applies to a new session of a user: the revisions it needs, the policy, and the number of live sessions."""

    now: datetime
    era: int
    required_revision: int
    lifetime: int
    idle_timeout: int
    max_sessions: int | None
    when_full: str
    live_count: int


def _context(verified: accounts.VerifiedSignIn) -> SignInContext | None:
    application_id = verified.application.pk if verified.application else NIL_ID
    rows = _CONTEXT.fetch(verified.user.pk, application_id, settings.ADMIN_SESSION_LIFETIME)
    return SignInContext(*rows[0]) if rows else None


def _context_query() -> QuerySet[Any]:
    application_floor = Application.objects.filter(pk=_APPLICATION).values("min_revision")
    live = SessionState.objects.live().filter(user=OuterRef("pk")).order_by().values("user")
    return (
        User.objects.filter(user_is_active(), pk=_USER)
        .annotate(
            now=Now(),
            era=RequiredRevision(
                is_admin(),
                F("tenant__state__min_revision"),
                F("tenant__state__admin_min_revision"),
                Coalesce(Subquery(application_floor), 0),
            ),
            required_revision=Greatest(F("era"), F("min_revision")),
            lifetime=allowed_lifetime(strictest("session_lifetime", "tenant__"), is_admin(), _ADMIN_LIFETIME),
            idle_timeout=strictest("idle_timeout", "tenant__"),
            max_sessions=strictest("max_sessions", "tenant__"),
            when_full=strictest("when_full", "tenant__"),
            live_count=Coalesce(Subquery(live.values(n=Count("pk"))), 0),
        )
        .values_list(*SignInContext._fields)
    )


_CONTEXT = Prepared(_context_query, {_USER: "uuid", _APPLICATION: "uuid", _ADMIN_LIFETIME: "integer"})


def _enforce_session_limit(context: SignInContext, user: User, actor: Principal) -> None:
    if context.max_sessions is None:
        return
    excess = context.live_count + 1 - context.max_sessions
    if excess > 0 and context.when_full == OnSessionLimit.DENY:
        raise SessionLimitReached(context.max_sessions)
    if excess > 0:
        evict_oldest(user.pk, excess, actor=actor)


def _session(verified: accounts.VerifiedSignIn, context: SignInContext) -> Session:
    user, origin = verified.user, verified.origin
    lifetime, idle = timedelta(seconds=context.lifetime), timedelta(seconds=context.idle_timeout)
    device = devices.describe(origin.user_agent)
    return Session(
        id=uuid7(int(context.now.timestamp() * 1000)),  # the database's time, whichever host this is
        user=user,
        tenant=user.tenant,
        partner=user.tenant.partner,
        application=verified.application,
        role=user.role,
        auth_method=verified.auth_method,
        ip_address=origin.ip_address,
        last_ip_address=origin.ip_address,
        user_agent=origin.user_agent,
        browser=device.browser,
        os=device.os,
        device_type=device.device_type,
        location=devices.locate(origin.ip_address),
        country=devices.country(origin.ip_address),
        expires_at=Now() + lifetime,
        idle_limit=idle,
        due_at=Now() + min(lifetime, idle),
        revision=verified.candidate.revision,
        era=context.era,
        is_newest=True,
    )
