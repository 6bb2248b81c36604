"""The account page: where a user is signed in, signing out elsewhere, and changing the password."""

from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts import operations as accounts
from accounts.api.v1.serializers.mine import PasswordChange
from accounts.mail import brand
from accounts.models import User
from core.access import Principal
from core.api.same_origin import is_cross_site
from core.humanize import how_many
from core.ids import Prefix, decode_id
from sessions_app import operations
from sessions_app.api import cookies
from sessions_app.api.authentication import by_cookie
from sessions_app.models import RevocationScope, SessionState
from sessions_app.operations.revocation import REASON_BY_USER
from web.account.login import InvalidForm, NotSignedIn, try_to_sign_in
from web.account.page import View, clear_flash, flash_message, form_of, page, redirect_with_message, renders_errors
from web.account.presentation import device_of, ink_on, session_row

SIGN_IN, SESSIONS, PASSWORD = "account-sign-in", "account-sessions", "account-password"
MAX_SESSIONS = 200


def same_site_only(view: View) -> View:
    """Refuse forms that another site has sent, whatever cookie comes with them."""

    @renders_errors
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and is_cross_site(request):
            return page(request, "account/elsewhere.html", {}, HTTPStatus.FORBIDDEN)
        if request.method == "POST" and form_of(request) is None:
            return page(request, "account/elsewhere.html", {}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return view(request, *args, **kwargs)

    return wrapper


def signed_in(view: View) -> View:
    """Redirect to the sign-in page if there is no live session: one that was ended elsewhere has no effect any more."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        me = by_cookie(request)
        if me is None:
            had_key = cookies.key_in(request)
            response = redirect_with_message(SIGN_IN, "Your session has ended. Sign in again." if had_key else "")
            if had_key:
                cookies.drop_cookie(response)
            return response
        return view(request, me, *args, **kwargs)

    return same_site_only(wrapper)


@require_http_methods(["GET", "HEAD", "POST"])
@same_site_only
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        context = {"message": flash_message(request), "tenant": request.GET.get("tenant", "")[:64]}
        return clear_flash(request, page(request, "account/sign_in.html", context))
    try:
        signed_in = try_to_sign_in(request)
    except NotSignedIn as error:
        return page(request, "account/sign_in.html", error.context, error.status)
    response = redirect_with_message(SESSIONS)
    cookies.set_cookie(response, signed_in)
    return response


@require_http_methods(["GET", "HEAD"])
@signed_in
def show(request: HttpRequest, me: Principal) -> HttpResponse:
    mine = SessionState.objects.for_user(me.user_id).live().with_is_current(me).order_by(F("is_current").desc(), "-id")
    now = datetime.now(UTC)
    rows = [session_row(session, now) for session in mine[: MAX_SESSIONS + 1]]
    context = {"message": flash_message(request), "rows": rows[:MAX_SESSIONS], "has_more": len(rows) > MAX_SESSIONS}
    return clear_flash(request, page(request, "account/sessions.html", context | _common_context(me)))


@require_http_methods(["POST"])
@signed_in
def end(request: HttpRequest, me: Principal, session_id: str) -> HttpResponse:
    pk = decode_id(Prefix.SESSION, session_id)
    sessions = SessionState.objects.for_user(me.user_id).filter(pk__in=[pk] if pk else [])
    session = sessions.first()
    if session is None:
        return redirect_with_message(SESSIONS, "This session does not exist any more.")
    is_new = operations.revoke(sessions, actor=me, reason=REASON_BY_USER).count > 0
    message = f"{device_of(session)} {'has been signed out' if is_new else 'was already signed out'}."
    if "not_me" in request.POST:
        return redirect_with_message(
            PASSWORD, f"{message} If this was not you, someone may know your password: change it now."
        )
    return redirect_with_message(SESSIONS, message)


@require_http_methods(["POST"])
@signed_in
def end_others(request: HttpRequest, me: Principal) -> HttpResponse:
    ended = operations.revoke_scope(
        RevocationScope.USER, me.user_id, actor=me, reason=REASON_BY_USER, except_session_id=me.session_id, max_ids=0
    )
    return redirect_with_message(SESSIONS, f"Signed out everywhere else ({how_many(ended.count, 'session')}).")


@require_http_methods(["POST"])
@signed_in
def sign_out(request: HttpRequest, me: Principal) -> HttpResponse:
    assert me.session_id  # noqa: S101 - a cookie holds nothing but a session's key
    operations.sign_out(me.session_id, actor=me)
    response = redirect_with_message(SIGN_IN, "You are signed out.")
    cookies.drop_cookie(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def password(request: HttpRequest, me: Principal) -> HttpResponse:
    if request.method != "POST":
        context = {"message": flash_message(request)} | _common_context(me)
        return clear_flash(request, page(request, "account/password.html", context))
    user, status = _user(me), HTTPStatus.UNPROCESSABLE_ENTITY
    errors: dict[str, Any] = {}
    serializer = PasswordChange(
        data={name: request.POST.get(name, "") for name in ("current_password", "new_password")}
    )
    try:
        ended = accounts.change_password(user, **_passwords(serializer), actor=me)
    except InvalidForm:
        errors = {f"wrong_{name.removesuffix('_password')}": " ".join(each) for name, each in serializer.errors.items()}
    except accounts.PasswordWrong:
        errors = {"wrong_current": "This is not your current password."}
    except accounts.PasswordUnfit as error:
        errors = {"wrong_new": " ".join(error.messages)}
    except accounts.Throttled as error:
        status = HTTPStatus.TOO_MANY_REQUESTS
        wait = f"Too many wrong passwords. Try again in {error.retry_after} seconds."
        errors = {"wrong_current": wait, "wait": error.retry_after}
    else:
        return redirect_with_message(SESSIONS, f"Password changed. {how_many(ended, 'other session')} signed out.")
    return page(request, "account/password.html", errors | _common_context(me), status)


def _passwords(serializer: PasswordChange) -> dict[str, str]:
    if not serializer.is_valid():
        raise InvalidForm
    return {name.removesuffix("_password"): secret for name, secret in serializer.validated_data.items()}


def _user(me: Principal) -> User:
    assert me.user_id  # noqa: S101 - every session has a user
    return User.objects.select_related("tenant").get(pk=me.user_id)


def _common_context(me: Principal) -> dict[str, Any]:
    """The user, and the colours of their tenant."""
    user = _user(me)
    colours = brand(user.tenant.branding)
    return {"me": user, "brand": colours, "ink": ink_on(colours["colour"])}
