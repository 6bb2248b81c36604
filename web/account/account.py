"""Where am I signed in, and how do I end it: the page of anybody who has a browser and a session."""

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
from sessions_app.models import Reach, SessionState
from sessions_app.operations.revocation import REASON_BY_USER
from web.account.login import NotSignedIn, Unreadable, try_to_sign_in
from web.account.page import View, answered, clear_flash, flash_message, form_of, onward, page
from web.account.presentation import device_of, ink_on, shown

SIGN_IN, SESSIONS, PASSWORD = "account-sign-in", "account-sessions", "account-password"
SHOWN_AT_MOST = 200


def from_here(view: View) -> View:
    """A form of another site's is no form of ours, whatever cookie the browser sends along."""

    @answered
    @wraps(view)
    def look(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and is_cross_site(request):
            return page(request, "account/elsewhere.html", {}, HTTPStatus.FORBIDDEN)
        if request.method == "POST" and form_of(request) is None:
            return page(request, "account/elsewhere.html", {}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return view(request, *args, **kwargs)

    return look


def signed_in(view: View) -> View:
    """Whoever is not, signs in first; and whose session was ended elsewhere is out on this very click."""

    @wraps(view)
    def look(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        me = by_cookie(request)
        if me is None:
            was_in = cookies.key_in(request)
            away = onward(SIGN_IN, "Your session has ended. Sign in again." if was_in else "")
            if was_in:
                cookies.drop_cookie(away)
            return away
        return view(request, me, *args, **kwargs)

    return from_here(look)


@require_http_methods(["GET", "HEAD", "POST"])
@from_here
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        said = {"told": flash_message(request), "tenant": request.GET.get("tenant", "")[:64]}
        return clear_flash(request, page(request, "account/sign_in.html", said))
    try:
        made = try_to_sign_in(request)
    except NotSignedIn as refusal:
        return page(request, "account/sign_in.html", refusal.said, refusal.status)
    there = onward(SESSIONS)
    cookies.set_cookie(there, made)
    return there


@require_http_methods(["GET", "HEAD"])
@signed_in
def show(request: HttpRequest, me: Principal) -> HttpResponse:
    mine = SessionState.objects.for_user(me.user_id).live().with_is_current(me).order_by(F("is_current").desc(), "-id")
    now = datetime.now(UTC)
    rows = [shown(session, now) for session in mine[: SHOWN_AT_MOST + 1]]
    said = {"told": flash_message(request), "rows": rows[:SHOWN_AT_MOST], "has_more": len(rows) > SHOWN_AT_MOST}
    return clear_flash(request, page(request, "account/sessions.html", said | _around(me)))


@require_http_methods(["POST"])
@signed_in
def end(request: HttpRequest, me: Principal, session_id: str) -> HttpResponse:
    found = decode_id(Prefix.SESSION, session_id)
    named = SessionState.objects.for_user(me.user_id).filter(pk__in=[found] if found else [])
    session = named.first()
    if session is None:
        return onward(SESSIONS, "This session does not exist any more.")
    is_news = operations.revoke(named, actor=me, reason=REASON_BY_USER).count > 0
    told = f"{device_of(session)} {'has been signed out' if is_news else 'was already signed out'}."
    if "not_me" in request.POST:
        return onward(PASSWORD, f"{told} If this was not you, someone may know your password: change it now.")
    return onward(SESSIONS, told)


@require_http_methods(["POST"])
@signed_in
def end_others(request: HttpRequest, me: Principal) -> HttpResponse:
    ended = operations.revoke_scope(
        Reach.USER, me.user_id, actor=me, reason=REASON_BY_USER, spare=me.session_id, shown=0
    )
    return onward(SESSIONS, f"Signed out everywhere else ({how_many(ended.count, 'session')}).")


@require_http_methods(["POST"])
@signed_in
def sign_out(request: HttpRequest, me: Principal) -> HttpResponse:
    assert me.session_id  # noqa: S101 - a cookie holds nothing but a session's key
    operations.sign_out(me.session_id, actor=me)
    away = onward(SIGN_IN, "You are signed out.")
    cookies.drop_cookie(away)
    return away


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def password(request: HttpRequest, me: Principal) -> HttpResponse:
    if request.method != "POST":
        said = {"told": flash_message(request)} | _around(me)
        return clear_flash(request, page(request, "account/password.html", said))
    user, status = _user(me), HTTPStatus.UNPROCESSABLE_ENTITY
    wrong: dict[str, Any] = {}
    given = PasswordChange(data={name: request.POST.get(name, "") for name in ("current_password", "new_password")})
    try:
        ended = accounts.change_password(user, **_passwords(given), actor=me)
    except Unreadable:
        wrong = {f"wrong_{name.removesuffix('_password')}": " ".join(flaws) for name, flaws in given.errors.items()}
    except accounts.PasswordWrong:
        wrong = {"wrong_current": "This is not your current password."}
    except accounts.PasswordUnfit as refusal:
        wrong = {"wrong_new": " ".join(refusal.messages)}
    except accounts.Throttled as refusal:
        status = HTTPStatus.TOO_MANY_REQUESTS
        wait = f"Too many wrong passwords. Try again in {refusal.retry_after} seconds."
        wrong = {"wrong_current": wait, "wait": refusal.retry_after}
    else:
        return onward(SESSIONS, f"Password changed. {how_many(ended, 'other session')} signed out.")
    return page(request, "account/password.html", wrong | _around(me), status)


def _passwords(given: PasswordChange) -> dict[str, str]:
    if not given.is_valid():
        raise Unreadable
    return {name.removesuffix("_password"): secret for name, secret in given.validated_data.items()}


def _user(me: Principal) -> User:
    assert me.user_id  # noqa: S101 - a session is somebody's
    return User.objects.select_related("tenant").get(pk=me.user_id)


def _around(me: Principal) -> dict[str, Any]:
    """Who is reading, and in whose colours."""
    user = _user(me)
    colours = brand(user.tenant.branding)
    return {"me": user, "brand": colours, "ink": ink_on(colours["colour"])}
