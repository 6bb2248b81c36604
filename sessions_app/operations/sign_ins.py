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
from sessions_app.operations.revocation import end_oldest
from sessions_app.refresh_tokens import RefreshToken
from sessions_app.session_keys import SessionKey
from tenancy.models import OnSessionLimit, strictest

_USER, _APPLICATION, _ADMIN_LIFETIME = UUID(int=1), UUID(int=2), 1_000_000_003  # where values go
TOUCH_EVERY = timedelta(minutes=1)


class RevokedDuringSignIn(Exception):
    """Whatever this sign-in would have opened was ended while it was under way."""


class SessionLimitReached(Exception):
    """This user has as many sessions as the policy allows, and the policy is to refuse more."""

    def __init__(self, allowed: int) -> None:
        super().__init__(f"{allowed} sessions are allowed, and in use")
        self.allowed = allowed


class TierTooLow(Exception):
    """Who this is, is proved; and where they sign in to is for others."""


class Opened(NamedTuple):
    session: Session
    refresh_token: RefreshToken
    key: SessionKey | None
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and the credentials that were just made for it. They exist nowhere else."""

    session: Session
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    key: str = field(default="", repr=False)
    lasts: timedelta | None = None
    expires_in: int = tokens.ACCESS_LIFETIME


def sign_in(
    credentials: accounts.Credentials, *, origin: Origin, with_key: bool = False, since: Tier = Tier.USER
) -> SignedIn:
    """`with_key` also makes the session's own credential, for a client that keeps just one. Whoever stands lower than
    `since` gets no session."""
    tokens.require_key()
    proof = accounts.verify_credentials(credentials, origin=origin)
    try:
        if proof.principal.tier < since:
            raise TierTooLow
        opened = open(proof, actor=proof.principal, with_key=with_key)
    except (RevokedDuringSignIn, SessionLimitReached, TierTooLow) as refusal:
        why = {"reason": type(refusal).__name__}
        record_refusal(Action.SIGNED_IN, actor=proof.principal, resource=proof.user, result=Result.FAILURE, changes=why)
        raise
    key = str(opened.key) if opened.key else ""
    return SignedIn(opened.session, access_token(opened.session), str(opened.refresh_token), key, opened.lasts)


@transaction.atomic
def open(proof: accounts.VerifiedSignIn, *, actor: Principal, with_key: bool = False) -> Opened:  # noqa: A001 - reads as `operations.open`
    """A session for whoever has proved who they are. What was revoked since they began proving it stays revoked."""
    user = proof.user
    lock_shared([user.tenant_id])
    User.objects.filter(pk=user.pk).update(last_login_at=Now())  # and its lock: one opening at a time for each user
    circumstances = _circumstances(proof)
    if circumstances is None or proof.candidate.revision < circumstances.floor:
        raise RevokedDuringSignIn
    _make_room(circumstances, user, actor)
    session = _session(proof, circumstances)
    refresh_token = RefreshToken.new(session.pk)
    session.refresh_digest = refresh_token.digest
    key = SessionKey.new(session.pk) if with_key else None
    session.key_digest = key.digest if key else None
    Session.objects.filter(user=user, is_newest=True).update(is_newest=False)
    session.save(force_insert=True)
    if proof.application:
        SessionApplication.objects.create(session=session, application=proof.application)
    record(Action.SIGNED_IN, actor=actor, resource=session, changes={"auth_method": proof.auth_method})
    return Opened(session, refresh_token, key, timedelta(seconds=circumstances.lifetime))


def touch(session_id: UUID, *, origin: Origin) -> None:
    """Somebody was here. Written at most once a minute, and mostly to columns that no index holds."""
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


class Circumstances(NamedTuple):
    """What applies to a new session of a user at this moment: floors, policy, and the live sessions there are."""

    now: datetime
    era: int
    floor: int
    lifetime: int
    idle: int
    allowed: int | None
    when_full: str
    used: int


def _circumstances(proof: accounts.VerifiedSignIn) -> Circumstances | None:
    application_id = proof.application.pk if proof.application else NIL_ID
    rows = _CIRCUMSTANCES.fetch(proof.user.pk, application_id, settings.ADMIN_SESSION_LIFETIME)
    return Circumstances(*rows[0]) if rows else None


def _circumstances_query() -> QuerySet[Any]:
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
            floor=Greatest(F("era"), F("min_revision")),
            lifetime=allowed_lifetime(strictest("session_lifetime", "tenant__"), is_admin(), _ADMIN_LIFETIME),
            idle=strictest("idle_timeout", "tenant__"),
            allowed=strictest("max_sessions", "tenant__"),
            when_full=strictest("when_full", "tenant__"),
            used=Coalesce(Subquery(live.values(n=Count("pk"))), 0),
        )
        .values_list(*Circumstances._fields)
    )


_CIRCUMSTANCES = Prepared(_circumstances_query, {_USER: "uuid", _APPLICATION: "uuid", _ADMIN_LIFETIME: "integer"})


def _make_room(circumstances: Circumstances, user: User, actor: Principal) -> None:
    if circumstances.allowed is None:
        return
    too_many = circumstances.used + 1 - circumstances.allowed
    if too_many > 0 and circumstances.when_full == OnSessionLimit.DENY:
        raise SessionLimitReached(circumstances.allowed)
    if too_many > 0:
        end_oldest(user.pk, too_many, actor=actor)


def _session(proof: accounts.VerifiedSignIn, circumstances: Circumstances) -> Session:
    user, origin = proof.user, proof.origin
    lifetime, idle = timedelta(seconds=circumstances.lifetime), timedelta(seconds=circumstances.idle)
    device = devices.describe(origin.user_agent)
    return Session(
        id=uuid7(int(circumstances.now.timestamp() * 1000)),  # the database's time, whichever host this is
        user=user,
        tenant=user.tenant,
        partner=user.tenant.partner,
        application=proof.application,
        role=user.role,
        auth_method=proof.auth_method,
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
        revision=proof.candidate.revision,
        era=circumstances.era,
        is_newest=True,
    )
