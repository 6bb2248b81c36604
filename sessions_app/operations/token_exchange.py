"""Token exchange (RFC 8693): a client that somebody uses acts for them, with their session and within its scopes."""

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
    """Whose token it was, and what it said."""

    principal: Principal
    session: tokens.SessionClaims
    clients: tuple[str, ...] = ()
    scopes: frozenset[str] | None = None  # of a token that is exchanged once more


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is asked for, by the names that the RFC has."""

    subject_token: str | None = field(default=None, repr=False)
    subject_token_type: str | None = None
    scope: str | None = None
    requested_token_type: str | None = None
    audience: str | None = None
    resource: str | None = None
    actor_token: str | None = field(default=None, repr=False)


def exchange(client_id: str, secret: str, asked: Exchange, *, origin: Origin) -> accounts.IssuedToken:
    """A token for the client to act with. It ends with the session, and no later than the token it was made from."""
    with accounts.authenticated(client_id, secret, Action.TOKEN_EXCHANGED, origin=origin) as client:
        application = _require_an_exchanger(client.row)
        subject = _subject(_fit(asked), origin)
        if not application.is_offered_to(subject.principal.tenant_id, subject.principal.partner_id):
            raise _unfit("This application is not offered to whom the subject_token belongs")
        within = subject.scopes
        allowed = [scope for scope in application.allowed_scopes if within is None or scope in within]
        granted = accounts.granted_of(allowed, asked.scope)
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
        _reached(session, application)
        about = {"scope": granted, "user": subject.principal.id, "session": session.handle}
        record(
            Action.TOKEN_EXCHANGED,
            actor=client.actor,
            resource=application,
            tenant_id=session.tenant_id,
            partner_id=session.partner_id,
            changes=about,
        )
    return accounts.IssuedToken(token, lifetime, granted)


def _reached(session: Session, application: Application) -> None:
    """It is among the session's applications from now on, and was there last at this moment."""
    SessionApplication.objects.bulk_create(
        [SessionApplication(session=session, application=application, accessed_at=Now())],
        update_conflicts=True,
        unique_fields=["session", "application"],
        update_fields=["accessed_at"],
    )


def _require_an_exchanger(client: object) -> Application:
    if not isinstance(client, Application) or not client.is_confidential or not client.token_exchange_allowed:
        raise accounts.ClientRefused("unauthorized_client", "token_exchange_allowed is not set on this client")
    return client


def _fit(asked: Exchange) -> str:
    """The token to exchange. There is one type of token to be had, one place where it is good, and no other actor
    than the client itself."""
    if not asked.subject_token or asked.subject_token_type != ACCESS_TOKEN:
        raise _unfit(f"A subject_token is needed, of the type {ACCESS_TOKEN}")
    if asked.requested_token_type not in (None, ACCESS_TOKEN) or asked.actor_token is not None:
        raise _unfit(f"What is issued is {ACCESS_TOKEN}, to the client itself")
    if asked.audience not in (None, settings.AUDIENCE) or asked.resource is not None:
        raise accounts.ClientRefused("invalid_target", f"The only audience is {settings.AUDIENCE}")
    return asked.subject_token


def _subject(token: str, origin: Origin) -> Subject:
    try:
        claims = tokens.verify(token)
    except tokens.InvalidToken as error:
        raise _unfit("The subject_token is not an access token of an active session") from error
    match claims:
        case tokens.SessionClaims():
            holder = check_session(claims, origin=origin)
            found = Subject(holder.principal, claims) if holder else None
        case tokens.DelegateClaims():
            holder = check_delegated_session(claims, origin=origin)
            found = Subject(holder.principal, claims.session, claims.clients, claims.scopes) if holder else None
        case _:
            found = None
    if found is None or len(found.clients) >= tokens.MAX_DELEGATES:
        raise _unfit("The subject_token is not an access token of an active session, or was exchanged too often")
    return found


def _chain(clients: tuple[str, ...]) -> dict[str, object]:
    first, *others = clients
    return {"sub": first} | ({"act": _chain(tuple(others))} if others else {})


def _unfit(why: str) -> accounts.ClientRefused:
    """RFC 8693, section 2.2.2, has one code for whatever is wrong with a subject_token."""
    return accounts.ClientRefused("invalid_request", why)
