"""Authentication: by access token, session key or API key, in the Authorization header or in a cookie.

Each credential is first read, which costs no query, and then looked up in one statement. That statement is also where
revocation takes effect: it finds nobody unless the session, or whatever else the credential belongs to, is live.
"""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import HTTP_HEADER_ENCODING
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied, Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts import operations as accounts
from accounts import tokens
from accounts.operations.keys import API_KEY_START
from accounts.operations.rate_limit import RateLimited, count_request
from accounts.queries import holder_of_agent_token, holder_of_api_key, holder_of_platform_token
from core.access import Origin, Principal
from core.api.middleware import ORIGIN
from core.api.same_origin import is_allowed_origin, is_cross_site
from core.crypto import InvalidCredential
from sessions_app import operations, session_keys
from sessions_app.api import cookies
from sessions_app.session_check import CheckedSession, check_delegated_session, check_session, check_session_key
from sessions_app.session_keys import SessionKey


@dataclass(frozen=True, slots=True)
class ApiKey:
    secret: str = field(repr=False)


Credential = tokens.Claims | SessionKey | ApiKey


class CrossSite(PermissionDenied):
    """The request comes from a page of another site, with credentials that the browser adds by itself."""


class BearerAuthentication(JWTAuthentication):
    """simplejwt's bearer authentication, with the session check in place of its blacklist and its user lookup.

    API keys and session keys are accepted as well. The user of a request is a Principal.
    """

    origin: Origin

    def __init__(self) -> None:
        pass  # the base class looks up the user model, at every request

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:  # type: ignore[override]  # no User
        self.origin = request.META[ORIGIN]
        authenticated: Any = super().authenticate(request)
        return authenticated and (authenticated[0], authenticated[0])

    def get_raw_token(self, header: bytes) -> bytes | None:
        scheme, _, credential = header.partition(b" ")
        return credential if scheme.lower() == b"bearer" else None  # other schemes are for others, such as a proxy

    def get_validated_token(self, raw_token: bytes) -> Credential:  # type: ignore[override]  # or a key
        try:
            return read_credential(raw_token.decode(HTTP_HEADER_ENCODING))
        except InvalidCredential as error:
            raise AuthenticationFailed from error

    def get_user(self, validated_token: Credential) -> Principal:  # type: ignore[override]  # no User
        principal = holder_of(validated_token, self.origin)
        if principal is None:
            raise AuthenticationFailed
        return principal

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class DeadCookie(NotAuthenticated):
    """The only credentials are cookies that are invalid or whose sessions have ended."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names


class CookieAuthentication(BaseAuthentication):
    """Authenticate by the session cookie. This comes last: a dead cookie matters only if there is nothing else."""

    other_names: tuple[str, ...] = ()
    used_name: str | None = None  # an authenticator is made for each request

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        names = [name for name in (cookies.name(), *self.other_names) if request.COOKIES.get(name)]
        if not names:
            return None
        require_same_site(request)
        principals = {name: self.principal(name, request.COOKIES[name], request.META[ORIGIN]) for name in names}
        live = {name: principal for name, principal in principals.items() if principal is not None}
        if not live:
            raise DeadCookie(*names)
        self.used_name = next((name for name, principal in live.items() if self.may_call(principal)), next(iter(live)))
        return live[self.used_name], live[self.used_name]

    def principal(self, name: str, credential: str, origin: Origin) -> Principal | None:
        return by_session_key(credential, origin)

    def may_call(self, principal: Principal) -> bool:
        """Whether this cookie is the one to use where a browser has several."""
        return True

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def drop_dead_cookie(response: HttpResponse, error: Exception) -> None:
    """Have the browser forget the cookies that caused the error, if any did."""
    if isinstance(error, DeadCookie):
        for name in error.names:
            cookies.drop_cookie(response, name)


def drop_cookie(request: Request, response: HttpResponse) -> None:
    """Have the browser forget the cookie that authenticated the request, if it was a cookie."""
    authenticator = request.successful_authenticator
    if isinstance(authenticator, CookieAuthentication):
        cookies.drop_cookie(response, authenticator.used_name)


def require_same_site(request: Request) -> None:
    """Refuse a request that may change something if it comes from a page of another site."""
    if request.method not in SAFE_METHODS and is_cross_site(request):
        raise CrossSite("This was sent by a page of another site")


def require_allowed_origin(request: Request) -> None:
    """Refuse a cross-site request that may change something, unless its origin may call the API."""
    if not is_allowed_origin(request):
        require_same_site(request)


def principal_of(text: str, origin: Origin) -> Principal | None:
    try:
        return holder_of(read_credential(text), origin)
    except InvalidCredential:
        return None


def read_credential(text: str) -> Credential:
    """Return the credential in a text, or raise InvalidCredential."""
    if text.startswith(API_KEY_START):
        return ApiKey(text)
    if text.startswith(session_keys.START):
        return SessionKey.read(text)
    return tokens.verify(text)


def holder_of(credential: Credential, origin: Origin) -> Principal | None:
    """Return the principal that a credential belongs to, or None unless it is valid at this moment."""
    match credential:
        case tokens.SessionClaims():
            return _present(check_session(credential, origin=origin))
        case SessionKey():
            return _present(check_session_key(credential, origin=origin))
        case tokens.DelegateClaims():
            return _present(check_delegated_session(credential, origin=origin))
        case tokens.AgentClaims():
            return _agent(credential, origin)
        case tokens.PlatformClaims():
            return holder_of_platform_token(credential, origin=origin)
        case ApiKey():
            return _api_key(credential.secret, origin)


def by_cookie(request: HttpRequest) -> Principal | None:
    key = cookies.key_in(request)
    return by_session_key(key, request.META[ORIGIN]) if key else None


def by_session_key(text: str, origin: Origin) -> Principal | None:
    """Authenticate by the only kind of credential that a cookie of ours may hold."""
    try:
        return holder_of(SessionKey.read(text), origin)
    except InvalidCredential:
        return None


def _present(holder: CheckedSession | None) -> Principal | None:
    if holder is None:
        return None
    me = holder.principal
    if holder.is_stale and me.session_id:
        operations.touch(me.session_id, origin=me.origin)
    return me


def _agent(claims: tokens.AgentClaims, origin: Origin) -> Principal | None:
    """Return an agent's principal, and count the request against the agent's limit."""
    holder = holder_of_agent_token(claims, origin=origin)
    if holder is None:
        return None
    principal, agent_id, limit = holder
    if limit is not None:
        try:
            count_request(agent_id, limit)
        except RateLimited as refusal:
            raise Throttled(wait=refusal.retry_after) from refusal
    return principal


def _api_key(secret: str, origin: Origin) -> Principal | None:
    holder = holder_of_api_key(secret, origin=origin)
    if holder is None:
        return None
    principal, key_id, is_stale = holder
    if is_stale:
        accounts.note_key_use(key_id)
    return principal


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of any kind, a session key, or an API key.",
        }


class CookieScheme(OpenApiAuthenticationExtension):
    target_class = CookieAuthentication
    name = "cookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": cookies.name(),
            "description": "The session cookie that `POST /api/v1/auth/login` sets with `session_cookie`. It can "
            "change something only from a page of the same host.",
        }
