"""Signing in by a form: what it takes, and what it says when that was not it. Whichever page the form is on."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest

from accounts import operations as accounts
from core.access import Tier
from core.api.middleware import ORIGIN
from core.humanize import how_many
from sessions_app import operations
from sessions_app.api.v1.serializers import Credentials


class Unreadable(Exception):
    """Not what the form asks for, whatever it is."""


class NotSignedIn(Exception):
    """`said` is for the form to show: what was typed, but for its secrets, and what is wrong with it."""

    def __init__(self, status: HTTPStatus, said: dict[str, Any]) -> None:
        super().__init__(status)
        self.status, self.said = status, said


def try_to_sign_in(request: HttpRequest, *, since: Tier = Tier.USER) -> operations.SignedIn:
    """For people of the tier `since`, and above."""
    given = {name: request.POST.get(name, "").strip()[:254] for name in ("email", "tenant", "code")}
    status, wrong = HTTPStatus.UNAUTHORIZED, dict[str, Any]()
    try:
        credentials = _credentials(request, given)
        return operations.sign_in(credentials, origin=request.META[ORIGIN], with_key=True, since=since)
    except Unreadable:
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
        wrong = {"wrong": "These details do not match. If you belong to several organizations, enter yours."}
    raise NotSignedIn(status, {**given, "code": "", **wrong})


def _credentials(request: HttpRequest, given: dict[str, str]) -> accounts.Credentials:
    """A code of digits is an authenticator's; anything else is one of those kept for when that is lost."""
    code = given["code"].replace(" ", "")
    kind = "totp_code" if code.isdecimal() else "recovery_code"
    typed = {name: given[name] or None for name in ("email", "tenant")} | {kind: code or None}
    read_as = Credentials(data=typed | {"password": request.POST.get("password", "")})
    if not read_as.is_valid():
        raise Unreadable
    return accounts.Credentials(**{name: read_as.validated_data.get(name) for name in (*typed, "password")})
