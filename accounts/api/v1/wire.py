"""v1's errors for accounts' exceptions, and the token endpoint (RFC 6749)."""

import base64
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations
from core.api.errors import ACCESS_DENIED
from core.api.parsers import TooLarge
from core.api.permissions import NEEDS_SESSION
from core.api.v1 import error_item
from tenancy.api.v1 import wire as tenancy

UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
CLIENT_CREDENTIALS, TOKEN_EXCHANGE = GRANTS = (
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:token-exchange",
)


def wrong_password(field: str) -> tuple[HTTPStatus, Any]:
    return UNPROCESSABLE, [
        error_item(("body", field), "This is not your current password", "value_error.wrong_password")
    ]


def unfit_password(error: Exception) -> Any:
    assert isinstance(error, operations.PasswordUnfit)  # noqa: S101 - the table says so
    return [error_item(("body", "new_password"), message, "value_error.weak_password") for message in error.messages]


THROTTLED = (HTTPStatus.TOO_MANY_REQUESTS, "Too many failed attempts; wait as many seconds as Retry-After says")
CLIENT_THROTTLED = (
    HTTPStatus.TOO_MANY_REQUESTS,
    {"error": "temporarily_unavailable", "error_description": "Too many failed attempts from this address"},
)
CODE_WRONG = (
    UNPROCESSABLE,
    [error_item(("body", "code"), "This code is wrong or was already used", "value_error.wrong_code")],
)
TOTP_UNAVAILABLE = (
    HTTPStatus.CONFLICT,
    "MFA is already on, or there is nothing to confirm or remove; see GET /api/v1/me",
)


USER_ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    **tenancy.ERRORS,
    operations.CodeNotForClients: (HTTPStatus.FORBIDDEN, "Clients cannot receive reset codes; use the delivery mail"),
    operations.OwnAccount: (
        HTTPStatus.FORBIDDEN,
        "Change this for your own account at /api/v1/me, with your password",
    ),
    operations.RoleDoesNotFit: (
        UNPROCESSABLE,
        [
            error_item(
                ("body", "role"),
                "Users of a tenant cannot become staff, and staff cannot become users of a tenant",
            )
        ],
    ),
    operations.RoleNotGrantable: (HTTPStatus.FORBIDDEN, ACCESS_DENIED),
    operations.SignInRequired: (HTTPStatus.FORBIDDEN, NEEDS_SESSION),
    operations.LastOperator: (HTTPStatus.CONFLICT, "This is the last active super admin; at least one is required"),
    operations.AccountInactive: (
        HTTPStatus.CONFLICT,
        "The user, or their tenant or partner, is suspended; reactivate it first",
    ),
    operations.TotpUnavailable: (HTTPStatus.CONFLICT, "This user does not have MFA"),
}
RESET_ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    operations.PasswordUnfit: (UNPROCESSABLE, unfit_password),
    operations.ResetRefused: (
        UNPROCESSABLE,
        [
            error_item(
                ("body", "code"),
                "This code is wrong, already used or expired; ask your administrator for a new one",
                "value_error.wrong_code",
            )
        ],
    ),
    operations.Throttled: THROTTLED,
}


CLIENT_ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    **tenancy.ERRORS,
    operations.ScopeNotGrantable: (HTTPStatus.FORBIDDEN, ACCESS_DENIED),
    operations.PublicClient: (
        HTTPStatus.CONFLICT,
        "A public client has no secret; only WEB and SERVICE applications have one",
    ),
}


GROUP_ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    operations.GroupCycle: (HTTPStatus.CONFLICT, "The group would contain itself"),
}


class FormParser(BaseParser):
    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, list[str]]:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        form: dict[str, list[str]] = {}
        for name, value in _pairs(body):
            form.setdefault(name, []).append(value)
        return form


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as error:
        raise operations.ClientRefused("invalid_request", "The form cannot be read") from error


def token_form(request: Request) -> dict[str, str]:
    """Return the form's parameters, each of which may appear once only (RFC 6749, section 3.2)."""
    form = request.data
    if not isinstance(form, dict) or any(len(values) > 1 or "\0" in values[0] for values in form.values()):
        raise operations.ClientRefused("invalid_request", "A parameter is repeated or unreadable")
    return {name: values[0] for name, values in form.items()}


def client_of(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Return the client's id and secret, from Basic authentication or form fields, but not from both."""
    basic = _basic(request.META.get("HTTP_AUTHORIZATION", ""))
    if basic and ("client_secret" in form or form.get("client_id", basic[0]) != basic[0]):
        raise operations.ClientRefused("invalid_request", "Two ways of authenticating in one request")
    return basic or (form.get("client_id", ""), form.get("client_secret", ""))


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise operations.ClientRefused("invalid_client", "The Authorization header cannot be read") from error
    return unquote_plus(client_id).replace("\0", ""), unquote_plus(secret)


def grant(form: dict[str, str]) -> str:
    match form.get("grant_type"):
        case None:
            raise operations.ClientRefused("invalid_request", "grant_type is missing")
        case known if known in GRANTS:
            return known
        case _:
            raise operations.ClientRefused("unsupported_grant_type", f"The grants here are {' and '.join(GRANTS)}")


def issued(token: operations.IssuedToken) -> dict[str, Any]:
    return {
        "access_token": token.access_token,
        "token_type": "Bearer",
        "expires_in": token.expires_in,
        "scope": token.scope,
    }


def refused(refusal: operations.ClientRefused) -> Response:
    body = {"error": refusal.error, "error_description": refusal.description}
    if refusal.error == "invalid_client":
        return Response(body, status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": 'Basic realm="curfew"'})
    return Response(body, status=HTTPStatus.BAD_REQUEST)
