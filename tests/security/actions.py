"""Every action that writes an audit entry, performed once over HTTP or by its command, with the expected entry."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db.models import F
from django.test import override_settings
from django_otp.oath import hotp

from accounts import operations as accounts
from accounts.models import Application
from audit.actions import Action, Result
from core.access import Origin, Scope
from sessions_app.models import Session
from tests.world import CHROME, PASSWORD, SYSTEM, Caller, World

FORM = "application/x-www-form-urlencoded"
FROM = {"headers": {"User-Agent": CHROME, "X-Request-ID": "the-request-itself"}, "REMOTE_ADDR": "192.0.2.77"}
LOGIN = "/api/v1/auth/login"
TOTP = "/api/v1/me/mfa/totp"
GRANT = "grant_type=client_credentials"
TOKEN = "/api/v1/platform/oauth/token"
Prepared = Callable[[World], Callable[[], Any]]


@dataclass(frozen=True)
class Act:
    """`prepare` makes what the act needs, and hands over the act itself: calling it is what is recorded."""

    prepare: Prepared
    action: Action
    result: Result = Result.SUCCESS
    status: int | None = 200
    actor: str = "user"
    resource: str = ""


def as_ada(method: str, path: str, body: Any = None) -> Prepared:
    return lambda world: lambda: world.ada.request(method, path, body, **FROM)


def sign_in(password: str = PASSWORD, email: str | None = None, **more: str) -> Prepared:
    def prepare(world: World) -> Callable[[], Any]:
        credentials = {"email": email or world.ada.user.email, "password": password} | more
        return lambda: world.nobody.post(LOGIN, credentials, **FROM)

    return prepare


def sign_in_with_code(right: bool, recovery: bool = False) -> Prepared:
    def prepare(world: World) -> Callable[[], Any]:
        key, recovery_codes = with_totp(world.ada)
        totp = {"recovery_code": recovery_codes[0]} if recovery else {"totp_code": code(key, steps_ahead=1)}
        wrong = {"recovery_code": "00000-00000-00000-00000"} if recovery else {"totp_code": "000000"}
        return sign_in(**(totp if right else wrong))(world)

    return prepare


def code(key: bytes, steps_ahead: int = 0) -> str:
    return f"{hotp(key, int(time.time()) // 30 + steps_ahead):06d}"


def with_totp(caller: Caller) -> tuple[bytes, list[str]]:
    enrolled = caller.post(TOTP).json()["data"]
    key = base64.b32decode(enrolled["secret"])
    confirmed = caller.post(f"{TOTP}/confirm", {"code": code(key)}).json()["data"]
    return key, confirmed["recovery_codes"]


def after(*first: Prepared, then: Prepared) -> Prepared:
    """Do some, then have another ready."""

    def prepare(world: World) -> Callable[[], Any]:
        for each in first:
            each(world)()
        return then(world)

    return prepare


def until_throttled(attempt: Prepared) -> Prepared:
    def prepare(world: World) -> Callable[[], Any]:
        with override_settings(SIGN_IN_FAILURES_PER_ACCOUNT=1):
            while attempt(world)().status_code != 429:
                pass
        return attempt(world)

    return prepare


def end_a_session(world: World) -> Callable[[], Any]:
    phone = world.signed_in(world.ada.user)
    return lambda: world.ada.delete(f"/api/v1/me/sessions/{phone.session_id}", **FROM)


def end_it_again(world: World) -> Callable[[], Any]:
    end = end_a_session(world)
    end()
    return end


def reset(world: World) -> Callable[[], Any]:
    issued = accounts.issue_password_reset(world.ada.user, actor=SYSTEM, by_mail=False)
    body = {"code": issued.code, "new_password": CHANGE["new_password"]}
    return lambda: world.nobody.post("/api/v1/auth/reset-password", body, **FROM)


def confirm(world: World) -> Callable[[], Any]:
    key = base64.b32decode(world.ada.post(TOTP).json()["data"]["secret"])
    return lambda: world.ada.post(f"{TOTP}/confirm", {"code": code(key)}, **FROM)


def enrolled(then: Prepared) -> Prepared:
    return after(lambda world: lambda: with_totp(world.ada), then=then)


def delete_a_key(world: World) -> Callable[[], Any]:
    made = world.ada.post("/api/v1/me/api-keys", {"name": "laptop"}).json()["data"]
    return lambda: world.ada.delete(f"/api/v1/me/api-keys/{made['id']}", **FROM)


def ask_for_a_token(secret: str | None = None, client: str | None = None, more: str = "") -> Prepared:
    def prepare(world: World) -> Callable[[], Any]:
        name = world.make_service("billing", [Scope.ADMIN_READ]).client_id
        form = f"{GRANT}&client_id={client or name}&client_secret={secret or f'{name}-secret'}{more}"
        return lambda: world.nobody.http.generic("POST", TOKEN, form, FORM, **FROM)

    return prepare


def exchange_a_token(world: World) -> Callable[[], Any]:
    billing = world.make_service("billing", [])
    Application.objects.filter(pk=billing.pk).update(token_exchange_allowed=True)
    kind = "urn:ietf:params:oauth:token-type:access_token"
    client = "client_id=billing&client_secret=billing-secret"
    form = f"grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token_type={kind}&{client}"
    return lambda: world.nobody.http.generic("POST", TOKEN, f"{form}&subject_token={world.ada.token}", FORM, **FROM)


def exchange_a_dead_one(world: World) -> Callable[[], Any]:
    ask = exchange_a_token(world)
    world.ada.post("/api/v1/auth/logout")
    return ask


def refresh_again(world: World) -> Callable[[], Any]:
    body = {"refresh_token": world.ada.refresh_token}
    world.nobody.post("/api/v1/auth/refresh", body)
    Session.objects.filter(pk=world.ada.session.pk).update(refreshed_at=F("refreshed_at") - timedelta(minutes=1))
    return lambda: world.nobody.post("/api/v1/auth/refresh", body, **FROM)


def as_a_service(world: World) -> Callable[[], Any]:
    world.make_service("billing", [Scope.ADMIN_READ])
    token = accounts.issue_token("billing", "billing-secret", None, origin=Origin()).access_token
    return lambda: Caller(token).get("/api/v1/me", **FROM)


def with_a_key(world: World) -> Callable[[], Any]:
    key = Caller(accounts.create_api_key(world.ada.user, "laptop", actor=SYSTEM).secret)
    return lambda: key.post("/api/v1/me/api-keys", {"name": "another"}, **FROM)


def command(name: str, *arguments: str) -> Prepared:
    return lambda world: lambda: call_command(name, *arguments, stdout=StringIO())


WRONG = "not the password"
CHANGE = {"current_password": PASSWORD, "new_password": "a much longer one than that"}
PASSWORD_PATH, KEYS = "/api/v1/me/password", "/api/v1/me/api-keys"
FAILURE, DENIED = Result.FAILURE, Result.DENIED

ACTS: dict[str, Act] = {
    "signing in": Act(sign_in(), Action.SIGNED_IN, resource="session"),
    "signing in to a tenant": Act(sign_in(tenant="north"), Action.SIGNED_IN, resource="session"),
    "signing in with a code": Act(sign_in_with_code(True), Action.SIGNED_IN, resource="session"),
    "signing in with a recovery code": Act(sign_in_with_code(True, True), Action.SIGNED_IN, resource="session"),
    "a wrong password": Act(sign_in(WRONG), Action.SIGNED_IN, FAILURE, 401, resource="user"),
    "an unknown e-mail": Act(sign_in(WRONG, "x@x.example"), Action.SIGNED_IN, FAILURE, 401, actor="anonymous"),
    "too many attempts": Act(until_throttled(sign_in(WRONG)), Action.SIGNED_IN, DENIED, 429, resource="user"),
    "a missing code": Act(enrolled(sign_in()), Action.SIGNED_IN, DENIED, 401, resource="user"),
    "a wrong code": Act(sign_in_with_code(False), Action.SIGNED_IN, FAILURE, 401, resource="user"),
    "a wrong recovery code": Act(sign_in_with_code(False, True), Action.SIGNED_IN, FAILURE, 401, resource="user"),
    "signing out": Act(as_ada("POST", "/api/v1/auth/logout"), Action.SIGNED_OUT, status=204, resource="session"),
    "ending a session": Act(end_a_session, Action.SESSION_REVOKED, resource="session"),
    "ending it again": Act(end_it_again, Action.SESSION_REVOKED, resource="session"),
    "ending the others": Act(
        as_ada("POST", "/api/v1/me/sessions/revoke-all"), Action.SESSIONS_REVOKED, resource="revocation"
    ),
    "changing a password": Act(as_ada("POST", PASSWORD_PATH, CHANGE), Action.PASSWORD_CHANGED, resource="user"),
    "changing it with a wrong one": Act(
        as_ada("POST", PASSWORD_PATH, CHANGE | {"current_password": WRONG}),
        Action.PASSWORD_CHANGED,
        FAILURE,
        422,
        resource="user",
    ),
    "changing it too often with a wrong one": Act(
        until_throttled(as_ada("POST", PASSWORD_PATH, CHANGE | {"current_password": WRONG})),
        Action.PASSWORD_CHANGED,
        DENIED,
        429,
        resource="user",
    ),
    "choosing a new one": Act(reset, Action.PASSWORD_RESET, resource="user"),
    "enrolling a second factor": Act(as_ada("POST", TOTP), Action.MFA_ENROLLED, resource="user"),
    "enrolling one too many": Act(enrolled(as_ada("POST", TOTP)), Action.ACT_REFUSED, FAILURE, 409),
    "confirming it": Act(confirm, Action.MFA_ENABLED, resource="user"),
    "confirming none": Act(as_ada("POST", f"{TOTP}/confirm", {"code": "1"}), Action.ACT_REFUSED, FAILURE, 409),
    "removing it": Act(enrolled(as_ada("DELETE", TOTP, {"password": PASSWORD})), Action.MFA_DISABLED, resource="user"),
    "removing it with a wrong password": Act(
        enrolled(as_ada("DELETE", TOTP, {"password": WRONG})), Action.MFA_DISABLED, FAILURE, 422, resource="user"
    ),
    "making a key": Act(
        as_ada("POST", KEYS, {"name": "laptop"}), Action.API_KEY_CREATED, status=201, resource="api_key"
    ),
    "deleting a key": Act(delete_a_key, Action.API_KEY_DELETED, status=204, resource="api_key"),
    "a platform token": Act(ask_for_a_token(), Action.CLIENT_AUTHENTICATED, actor="platform", resource="application"),
    "a wrong client secret": Act(
        ask_for_a_token("x"), Action.CLIENT_AUTHENTICATED, FAILURE, 401, actor="platform", resource="application"
    ),
    "an unknown client": Act(
        ask_for_a_token(client="nobody"), Action.CLIENT_AUTHENTICATED, FAILURE, 401, actor="platform"
    ),
    "a scope beyond what is allowed": Act(
        ask_for_a_token(more="&scope=admin:write"),
        Action.CLIENT_AUTHENTICATED,
        FAILURE,
        400,
        actor="platform",
        resource="application",
    ),
    "exchanging a token": Act(exchange_a_token, Action.TOKEN_EXCHANGED, actor="platform", resource="application"),
    "exchanging a dead one": Act(
        exchange_a_dead_one, Action.TOKEN_EXCHANGED, FAILURE, 400, actor="platform", resource="application"
    ),
    "replaying a refresh token": Act(refresh_again, Action.REFRESH_REPLAYED, DENIED, 401, resource="session"),
    "a service on a person's ground": Act(as_a_service, Action.ACCESS_DENIED, DENIED, 403, actor="platform"),
    "a key where a session is needed": Act(with_a_key, Action.ACCESS_DENIED, DENIED, 403, actor="api_key"),
    "rotating the signing key": Act(
        command("rotate_signing_key"), Action.SIGNING_KEY_ROTATED, status=None, actor="system"
    ),
    "unlocking an account": Act(
        command("unlock_sign_in", "ada@north.example"), Action.SIGN_IN_UNLOCKED, status=None, actor="system"
    ),
}
