from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from accounts import operations as accounts
from accounts import tokens
from accounts.models import User
from audit.actions import Action
from audit.operations import record
from core.access import Origin, Principal
from core.ids import Prefix, show
from sessions_app import devices
from sessions_app.models import Session
from sessions_app.refresh_tokens import RefreshToken

TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and the credentials that were just made for it. They exist nowhere else."""

    session: Session
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int = tokens.ACCESS_LIFETIME


def sign_in(credentials: accounts.Credentials, *, origin: Origin) -> SignedIn:
    tokens.require_key()
    proof = accounts.prove(credentials, origin=origin)
    session, refresh_token = open(proof, actor=proof.principal)
    return SignedIn(session, access_token(session), str(refresh_token))


@transaction.atomic
def open(proof: accounts.Proof, *, actor: Principal) -> tuple[Session, RefreshToken]:  # noqa: A001 - reads as `operations.open`
    """A session for whoever has proved who they are. What was revoked since they began proving it stays revoked."""
    user, origin = proof.user, proof.origin
    device = devices.describe(origin.user_agent)
    session = Session(
        user=user,
        tenant=user.tenant,
        partner=user.tenant.partner,
        role=user.role,
        auth_method=proof.auth_method,
        ip_address=origin.ip_address,
        last_ip_address=origin.ip_address,
        user_agent=origin.user_agent,
        browser=device.browser,
        os=device.os,
        device_type=device.device_type,
        location=devices.locate(origin.ip_address),
        expires_at=Now() + proof.candidate.session_lifetime,
        idle_limit=proof.candidate.idle_timeout,
        revision=proof.candidate.revision,
    )
    refresh_token = RefreshToken.new(session.pk)
    session.refresh_digest = refresh_token.digest
    session.save(force_insert=True)
    User.objects.filter(pk=user.pk).update(last_login_at=Now())
    record(Action.SIGNED_IN, actor=actor, resource=session, changes={"auth_method": proof.auth_method})
    return session, refresh_token


def touch(session_id: UUID, *, origin: Origin) -> None:
    """Somebody was here. Written at most once a minute, and to columns that no index holds."""
    Session.objects.live().filter(pk=session_id, last_activity_at__lt=Now() - TOUCH_EVERY).update(
        last_activity_at=Now(), last_ip_address=origin.ip_address
    )


def access_token(session: Session) -> str:
    user, tenant = session.user, session.user.tenant
    return tokens.sign(
        {
            "sub": user.handle,
            "sid": session.handle,
            "tenant_id": None if tenant.is_staff else tenant.handle,
            "partner_id": show(Prefix.PARTNER, tenant.partner_id) if tenant.partner_id else None,
            "role": user.role,
            "scope": "",
        },
        tokens.ACCESS_LIFETIME,
    )
