"""The console's site: who is let in, what is where, and the words around it."""

from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.messages.middleware import MessageMiddleware
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path, reverse
from django.utils.decorators import decorator_from_middleware
from unfold.sites import UnfoldAdminSite

from config.console.acting import form_on
from config.console.acts import ACTS, acts_on
from config.console.dashboard import dashboard
from config.console.refusing import View, protected, refused, worded
from config.console.signing_in import sign_in, sign_out
from core.access import Principal, Tier
from core.console import ConsoleAdmin, Link, Operator, principal_of
from core.same_origin import is_cross_site
from core.see_other import SeeOther
from sessions_app import cookies
from sessions_app.authentication import by_cookie

NOT_THEIRS = "This console is for administrators, and your account is not one's. Sign in as somebody else, or leave."
with_messages: Any = decorator_from_middleware(MessageMiddleware)


class ConsoleSite(UnfoldAdminSite):
    """Guards each of its views itself: middleware would be run for every request of the API as well."""

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(getattr(request, "user", None), Operator)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        inner: View = with_messages(worded(super().admin_view(view, cacheable)))

        @worded
        @wraps(view)
        def look(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in ("GET", "HEAD") and is_cross_site(request):
                return protected(refused(request, HTTPStatus.FORBIDDEN, words="Another site has sent this."))
            me = by_cookie(request)
            if me is None:
                return _to_the_door(request)
            if me.tier < Tier.TENANT:
                return protected(refused(request, HTTPStatus.FORBIDDEN, words=NOT_THEIRS))
            if not {IS_POPUP_VAR, TO_FIELD_VAR}.isdisjoint(request.GET):
                return protected(refused(request, HTTPStatus.BAD_REQUEST))  # nothing here is picked in a pop-up
            request.user = Operator(me)  # type: ignore[assignment]  # what Django's admin wants to see there
            return inner(request, *args, **kwargs)

        return look

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Nothing of Django's own is here but the lists, and the words for their scripts."""
        return [
            path("", self.admin_view(self.index), name="index"),
            path("sign-in/", sign_in, name="login"),
            path("sign-out/", self.admin_view(sign_out), name="logout"),
            path("jsi18n/", self.admin_view(self.i18n_javascript), name="jsi18n"),
            *(path(f"{each.slug}/", include(self._urls_of(each))) for each in self.kinds()),
            re_path("", self.admin_view(_nowhere)),
        ]

    def _urls_of(self, kind: ConsoleAdmin) -> list[URLPattern]:
        if kind.model not in ACTS:
            return kind.get_urls()
        form = self.admin_view(form_on(kind))
        return [*kind.get_urls(), path("<str:handle>/<slug:name>/", form, name=f"{kind.slug}_act")]

    def links_to_acts(self, admin: ConsoleAdmin, thing: Any, principal: Principal) -> list[Link]:
        place = admin.url_of(thing.handle)
        return [Link(act.label, f"{place}{act.name}/") for act in acts_on(thing, principal)]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return dashboard(request, self.each_context(request))

    def kinds(self) -> list[ConsoleAdmin]:
        return [each for each in self._registry.values() if isinstance(each, ConsoleAdmin)]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {"tier": principal_of(request).tier.name.lower()}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        return []  # what there is, the sidebar says

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        links = [{"title": "Overview", "icon": "monitoring", "link": reverse("admin:index")}]
        theirs = [each for each in self.kinds() if each.has_view_permission(request)]
        links += [{"title": each.plural, "icon": each.icon, "link": each.list_url} for each in theirs]
        return [{"items": self._get_navigation_items(request, links)}]


def _to_the_door(request: HttpRequest) -> HttpResponse:
    """And back from there to what was asked for, unless that was a form: it is to be looked at once more."""
    asked = {"next": request.get_full_path()} if request.method in ("GET", "HEAD") else {}
    away = SeeOther(f"{reverse('admin:login')}?{urlencode(asked)}" if asked else reverse("admin:login"))
    if cookies.key_in(request):
        cookies.drop_cookie(away)
    return protected(away)


def _nowhere(request: HttpRequest) -> HttpResponse:
    raise Http404
