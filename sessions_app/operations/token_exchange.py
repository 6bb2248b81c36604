"""Token exchange (RFC 8693): a client acts for a signed-in user, in their session and within its own scopes."""

import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts import operations as accounts
from accounts import tokens
from accounts.models import Application
from audit.actions import Action
from audit.operations import record
from core.access import Origin, Principal
from sessions_app.models import Session, SessionApplication
from sessions_app.operations.sign_ins import claims_of
from sessions_app.session_check import check_delegated_session, check_session

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type


@dataclass(frozen=True, slots=True)
class Subject:
    """The verified claims of a subject token, and the user it belongs to."""

    principal: Principal
    session: tokens.SessionClaims
    clients: tuple[str, ...] = ()
    scopes: frozenset[str] | None = None  # set if the token was itself exchanged


@dataclass(frozen=True, slots=True)
class Exchange:
    """The parameters of a token exchange request, as the RFC names them."""

    subject_token: str | None = field(default=None, repr=False)
    subject_token_type: str | None = None
    scope: str | None = None
    requested_token_type: str | None = None
    audience: str | None = None
    resource: str | None = None
    actor_token: str | None = field(default=None, repr=False)


def exchange(client_id: str, secret: str, request: Exchange, *, origin: Origin) -> accounts.IssuedToken:
    """Issue a token for the client to act with. It expires with the session or the subject token, if that is sooner."""
    with accounts.authenticated(client_id, secret, Action.TOKEN_EXCHANGED, origin=origin) as client:
        application = _require_exchange_client(client.row)
        subject = _subject(_valid_subject_token(request), origin)
        if not application.is_offered_to(subject.principal.tenant_id, subject.principal.partner_id):
            raise _invalid_request("This application is not offered to whom the subject_token belongs")
        token_scopes = subject.scopes
        allowed = [scope for scope in application.allowed_scopes if token_scopes is None or scope in token_scopes]
        granted = accounts.granted_of(allowed, request.scope)
    until = subject.session.expires_at
    lifetime = max(0, min(application.token_lifetime, until - int(time.time())))
    session = Session.objects.select_related("user__tenant").get(pk=subject.session.session_id)
    claims = claims_of(session) | {
        "client_id": client_id,
        "act": _chain((client_id, *subject.clients)),
        "scope": granted,
        "revision": client.revision,
    }
    token = tokens.sign(claims, lifetime, until=until)
    with transaction.atomic():
        _record_use(session, application)
        changes = {"scope": granted, "user": subject.principal.id, "session": session.handle}
        record(
            Action.TOKEN_EXCHANGED,
            actor=client.actor,
            resource=application,
            tenant_id=session.tenant_id,
            partner_id=session.partner_id,
            changes=changes,
        )
    return accounts.IssuedToken(token, lifetime, granted)


def _record_use(session: Session, application: Application) -> None:
    """List the application among those used in the session, with the current time."""
    SessionApplication.objects.bulk_create(
        [SessionApplication(session=session, application=application, accessed_at=Now())],
        update_conflicts=True,
        unique_fields=["session", "application"],
        update_fields=["accessed_at"],
    )


def _require_exchange_client(client: object) -> Application:
    if not isinstance(client, Application) or not client.is_confidential or not client.token_exchange_allowed:
        raise accounts.ClientRefused("unauthorized_client", "token_exchange_allowed is not set on this client")
    return client


def _valid_subject_token(request: Exchange) -> str:
    """Return the subject token, if token type and audience are the only ones supported and no other actor is named."""
    if not request.subject_token or request.subject_token_type != ACCESS_TOKEN:
        raise _invalid_request(f"A subject_token is needed, of the type {ACCESS_TOKEN}")
    if request.requested_token_type not in (None, ACCESS_TOKEN) or request.actor_token is not None:
        raise _invalid_request(f"What is issued is {ACCESS_TOKEN}, to the client itself")
    if request.audience not in (None, settings.AUDIENCE) or request.resource is not None:
        raise accounts.ClientRefused("invalid_target", f"The only audience is {settings.AUDIENCE}")
    return request.subject_token


def _subject(token: str, origin: Origin) -> Subject:
    try:
        claims = tokens.verify(token)
    except tokens.InvalidToken as error:
        raise _invalid_request("The subject_token is not an access token of an active session") from error
    match claims:
        case tokens.SessionClaims():
            checked = check_session(claims, origin=origin)
            subject = Subject(checked.principal, claims) if checked else None
        case tokens.DelegateClaims():
            checked = check_delegated_session(claims, origin=origin)
            subject = Subject(checked.principal, claims.session, claims.clients, claims.scopes) if checked else None
        case _:
            subject = None
    if subject is None or len(subject.clients) >= tokens.MAX_DELEGATES:
        raise _invalid_request(
            "The subject_token is not an access token of an active session, or was exchanged too often"
        )
    return subject


def _chain(clients: tuple[str, ...]) -> dict[str, object]:
    first, *others = clients
    return {"sub": first} | ({"act": _chain(tuple(others))} if others else {})


def _invalid_request(description: str) -> accounts.ClientRefused:
    """Build the error for any problem with a subject_token (RFC 8693, section 2.2.2)."""
    return accounts.ClientRefused("invalid_request", description)
