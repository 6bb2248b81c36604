"""Signing in by a form, on the account page and on the console's sign-in page."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest

from accounts import operations as accounts
from core.access import Tier
from core.api.middleware import ORIGIN
from core.humanize import how_many
from sessions_app import operations
from sessions_app.api.v1.serializers import Credentials


class InvalidForm(Exception):
    """The form lacks a required field, or a field is too long."""


class NotSignedIn(Exception):
    """`context` is for the form: what was typed, without the secrets, and what is wrong with it."""

    def __init__(self, status: HTTPStatus, context: dict[str, Any]) -> None:
        super().__init__(status)
        self.status, self.context = status, context


def try_to_sign_in(request: HttpRequest, *, since: Tier = Tier.USER) -> operations.SignedIn:
    """Sign in with the form of a request. Users below the tier `since` are refused."""
    values = {name: request.POST.get(name, "").strip()[:254] for name in ("email", "tenant", "code")}
    status, wrong = HTTPStatus.UNAUTHORIZED, dict[str, Any]()
    try:
        credentials = _credentials(request, values)
        return operations.sign_in(credentials, origin=request.META[ORIGIN], with_key=True, min_tier=since)
    except InvalidForm:
        status, wrong = HTTPStatus.UNPROCESSABLE_ENTITY, {"wrong": "Enter your e-mail address and password."}
    except accounts.SecondFactorMissing:
        wrong = {"wrong_code": "This account has MFA. Enter your password again, and the code from your app."}
    except accounts.Throttled as refusal:
        status = HTTPStatus.TOO_MANY_REQUESTS
        wait = f"Too many failed sign-ins. Try again in {refusal.retry_after} seconds."
        wrong = {"wrong": wait, "wait": refusal.retry_after}
    except operations.SessionLimitReached as refusal:
        status = HTTPStatus.CONFLICT
        allowed = how_many(refusal.allowed, "session")
        wrong = {"wrong": f"You have reached the limit of {allowed}. End another session first."}
    except operations.RevokedDuringSignIn:
        wrong = {"wrong": "Your sessions were revoked while you were signing in. Sign in again."}
    except operations.TierTooLow:
        status, wrong = HTTPStatus.FORBIDDEN, {"wrong": "This account is not an administrator."}
    except accounts.SignInRefused:
        wrong = {"wrong": "Wrong e-mail, password, code or organization."}
    raise NotSignedIn(status, {**values, "code": "", **wrong})


def _credentials(request: HttpRequest, values: dict[str, str]) -> accounts.Credentials:
    """A code that consists of digits is from an authenticator app; any other is a recovery code."""
    code = values["code"].replace(" ", "")
    kind = "totp_code" if code.isdecimal() else "recovery_code"
    typed = {name: values[name] or None for name in ("email", "tenant")} | {kind: code or None}
    serializer = Credentials(data=typed | {"password": request.POST.get("password", "")})
    if not serializer.is_valid():
        raise InvalidForm
    return accounts.Credentials(**{name: serializer.validated_data.get(name) for name in (*typed, "password")})
