"""The page for choosing a new password with the code from a password reset e-mail."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts import operations
from accounts.api.v1.serializers.people import NewPassword
from core.api.middleware import ORIGIN
from web.account.page import form_of, page, renders_errors


@require_http_methods(["GET", "HEAD", "POST"])
@renders_errors
def reset_password(request: HttpRequest) -> HttpResponse:
    """No cookie is read: the code alone is the credential, and it could be typed as well."""
    status, context = _reset(request) if request.method == "POST" else (HTTPStatus.OK, {})
    return page(request, "reset_password.html", context, status)


def _reset(request: HttpRequest) -> tuple[HTTPStatus, dict[str, object]]:
    form = form_of(request)
    if form is None:
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {}
    code = form.get("code", "").strip()
    typed: dict[str, object] = {"code": code[:128]}
    serializer = NewPassword(data={"code": code, "new_password": form.get("new_password", "")})
    if not serializer.is_valid():
        errors = {f"wrong_{name.removeprefix('new_')}": wrong for name, wrong in serializer.errors.items()}
        return HTTPStatus.UNPROCESSABLE_ENTITY, typed | errors
    new = serializer.validated_data["new_password"]
    try:
        operations.reset_password(serializer.validated_data["code"], new, origin=request.META[ORIGIN])
    except operations.ResetRefused:
        wrong = ["This code is wrong, already used or expired. Ask your administrator for a new one."]
        return HTTPStatus.UNPROCESSABLE_ENTITY, typed | {"wrong_code": wrong}
    except operations.PasswordUnfit as error:
        return HTTPStatus.UNPROCESSABLE_ENTITY, typed | {"wrong_password": error.messages}
    except operations.Throttled as error:
        wait = [f"Too many wrong codes. Try again in {error.retry_after} seconds."]
        return HTTPStatus.TOO_MANY_REQUESTS, typed | {"wrong_code": wait, "wait": error.retry_after}
    return HTTPStatus.OK, {"is_done": True}
