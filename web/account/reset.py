"""Pages for people without a session: they choose a new password with the code that a letter has brought them."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts import operations
from accounts.api.v1.serializers.people import NewPassword
from core.api.middleware import ORIGIN
from web.account.page import answered, form_of, page


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def reset_password(request: HttpRequest) -> HttpResponse:
    """No cookie takes part in it: whoever sends the code might as well have typed it."""
    status, said = _reset(request) if request.method == "POST" else (HTTPStatus.OK, {})
    return page(request, "reset_password.html", said, status)


def _reset(request: HttpRequest) -> tuple[HTTPStatus, dict[str, object]]:
    form = form_of(request)
    if form is None:
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {}
    code = form.get("code", "").strip()
    again: dict[str, object] = {"code": code[:128]}
    given = NewPassword(data={"code": code, "new_password": form.get("new_password", "")})
    if not given.is_valid():
        beside = {f"wrong_{name.removeprefix('new_')}": wrong for name, wrong in given.errors.items()}
        return HTTPStatus.UNPROCESSABLE_ENTITY, again | beside
    new = given.validated_data["new_password"]
    try:
        operations.reset_password(given.validated_data["code"], new, origin=request.META[ORIGIN])
    except operations.ResetRefused:
        wrong = ["This code is wrong, already used or expired. Ask your administrator for a new one."]
        return HTTPStatus.UNPROCESSABLE_ENTITY, again | {"wrong_code": wrong}
    except operations.PasswordUnfit as error:
        return HTTPStatus.UNPROCESSABLE_ENTITY, again | {"wrong_password": error.messages}
    except operations.Throttled as error:
        wait = [f"Too many wrong codes. Try again in {error.retry_after} seconds."]
        return HTTPStatus.TOO_MANY_REQUESTS, again | {"wrong_code": wait, "wait": error.retry_after}
    return HTTPStatus.OK, {"is_done": True}
