"""`client_credentials` for the platform's own services (RFC 6749, section 4.4)."""

import hmac
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts import tokens
from accounts.models import Application
from accounts.models.applications import application_is_up
from accounts.operations.throttle import charge_address
from audit.actions import Action, Result
from audit.operations import record, record_refusal
from core.access import ActorType, Origin, Principal, Tier
from core.secrets import digest
from tenancy.models import platform


class ClientRefused(Exception):
    """With the error code that RFC 6749 has for it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


@dataclass(frozen=True, slots=True)
class PlatformToken:
    access_token: str = field(repr=False)
    expires_in: int
    scope: str


def issue_platform_token(client_id: str, secret: str, scope: str | None, *, origin: Origin) -> PlatformToken:
    address = charge_address(origin.ip_address)
    application: Any = (  # an application, and what the statement added
        Application.objects.filter(application_is_up(""), client_id=client_id)
        .annotate(platform_revision=platform("revision"))
        .first()
    )
    actor = Principal(type=ActorType.PLATFORM, id=client_id[:128], label=client_id, tier=Tier.NONE, origin=origin)
    try:
        scopes = _granted(application, secret, scope)
    except ClientRefused as refusal:
        changes = {"reason": refusal.error}
        record_refusal(
            Action.CLIENT_AUTHENTICATED, actor=actor, result=Result.FAILURE, resource=application, changes=changes
        )
        raise
    claims = {
        "sub": application.client_id,
        "client_id": application.client_id,
        "platform_token": True,
        "token_type": "client_credentials",
        "app_scope": application.scope,
        "scope": scopes,
        "revision": application.platform_revision,
    }
    if address:
        address.refund()
    token = tokens.sign(claims, application.token_lifetime)
    with transaction.atomic():
        record(Action.CLIENT_AUTHENTICATED, actor=actor, resource=application, changes={"scope": scopes})
    return PlatformToken(token, application.token_lifetime, scopes)


def _granted(application: Application | None, secret: str, scope: str | None) -> str:
    """The scopes to put into the token. An unknown client is compared with a secret nobody has."""
    stored = bytes(application.secret_digest or b"") if application else b""
    if not hmac.compare_digest(stored or bytes(32), digest(secret)) or application is None:
        raise ClientRefused("invalid_client", "Unknown client or wrong secret")
    if (application.scope, application.application_type) != (Application.Scope.GLOBAL, Application.Type.SERVICE):
        raise ClientRefused("unauthorized_client", "Only GLOBAL SERVICE applications may use client_credentials here")
    if scope is None:
        return " ".join(application.allowed_scopes)
    asked = scope.split(" ")
    if len(set(asked)) != len(asked) or not set(asked) <= set(application.allowed_scopes):
        raise ClientRefused("invalid_scope", "The application's allowed_scopes do not cover what was asked for")
    return scope
