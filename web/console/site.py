"""The console's admin site: its permissions, its URLs and its sidebar."""

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

from accounts.models import Group
from core.access import Principal, Tier
from core.api.admin import ConsoleAdmin, Operator, principal_of
from core.api.components import Link
from core.api.redirects import SeeOther
from core.api.same_origin import is_cross_site
from sessions_app.api import cookies
from sessions_app.api.authentication import by_cookie
from web.console.action_views import action_view
from web.console.actions import ACTIONS, available_actions
from web.console.dashboard import dashboard
from web.console.errors import CROSS_SITE, View, refused, renders_errors, with_csp
from web.console.forms.definitions import FORMS, FormDefinition
from web.console.forms.members import removal_view
from web.console.forms.views import form_view
from web.console.login import sign_in, sign_out

NOT_AN_ADMIN = "The console is for administrators. Sign in with an administrator account."
with_messages: Any = decorator_from_middleware(MessageMiddleware)


class ConsoleSite(UnfoldAdminSite):
    """Checks permissions in each of its views: middleware would run for every request of the API as well."""

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(getattr(request, "user", None), Operator)

    def has_access(self, request: HttpRequest) -> bool:
        """Whether the operator is still signed in, while a long response is being sent."""
        return by_cookie(request) is not None

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        inner: View = with_messages(renders_errors(super().admin_view(view, cacheable)))

        @renders_errors
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in ("GET", "HEAD") and is_cross_site(request):
                return with_csp(refused(request, HTTPStatus.FORBIDDEN, message=CROSS_SITE))
            me = by_cookie(request)
            if me is None:
                return _redirect_to_sign_in(request)
            if me.tier < Tier.TENANT:
                return with_csp(refused(request, HTTPStatus.FORBIDDEN, message=NOT_AN_ADMIN, is_operator=False))
            if not {IS_POPUP_VAR, TO_FIELD_VAR}.isdisjoint(request.GET):
                return with_csp(refused(request, HTTPStatus.BAD_REQUEST))  # nothing here is picked in a pop-up
            request.user = Operator(me)  # type: ignore[assignment]  # what Django's admin wants to see there
            return inner(request, *args, **kwargs)

        return wrapper

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Of Django's own views, only the lists and the translations for their scripts are here."""
        return [
            path("", self.admin_view(self.index), name="index"),
            path("sign-in/", sign_in, name="login"),
            path("sign-out/", self.admin_view(sign_out), name="logout"),
            path("jsi18n/", self.admin_view(self.i18n_javascript), name="jsi18n"),
            *(path(f"{each.slug}/", include(self._urls_of(each))) for each in self.kinds()),
            re_path("", self.admin_view(_not_found)),
        ]

    def _urls_of(self, admin: ConsoleAdmin) -> list[URLPattern]:
        """Forms stand before the pages, since `new` is nobody's ID; actions stand behind them all."""
        forms = [
            path(_route(each), self.admin_view(form_view(admin, each)), name=f"{admin.slug}_{each.name}")
            for each in FORMS.get(admin.model, [])
        ]
        actions = [path("<str:handle>/<slug:name>/", self.admin_view(action_view(admin)), name=f"{admin.slug}_act")]
        if admin.model is Group:
            removal = self.admin_view(removal_view(admin))
            forms.append(path("<str:handle>/take-out/", removal, name="groups_take_out"))
        return [*forms, *admin.get_urls(), *(actions if admin.model in ACTIONS else [])]

    def action_links(self, admin: ConsoleAdmin, instance: Any, principal: Principal) -> list[Link]:
        actions = available_actions(instance, principal)
        forms = [each for each in FORMS.get(type(instance), []) if each.has_instance and each.is_allowed(principal)]
        pages = [(each.label, each.name) for each in (*(forms if actions else ()), *actions)]
        return [Link(label, f"{admin.url_of(instance.handle)}{name}/") for label, name in pages]

    def create_links(self, admin: ConsoleAdmin, principal: Principal) -> list[Link]:
        forms = [each for each in FORMS.get(admin.model, []) if not each.has_instance and each.is_allowed(principal)]
        return [Link(each.label, f"{admin.list_url}{each.name}/") for each in forms]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return dashboard(request, self.each_context(request))

    def kinds(self) -> list[ConsoleAdmin]:
        return [each for each in self._registry.values() if isinstance(each, ConsoleAdmin)]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {"tier": principal_of(request).tier.name.lower()}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        return []  # the sidebar lists them

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        links = [{"title": "Overview", "icon": "monitoring", "link": reverse("admin:index")}]
        theirs = [each for each in self.kinds() if each.has_view_permission(request)]
        links += [{"title": each.plural, "icon": each.icon, "link": each.list_url} for each in theirs]
        return [{"items": self._get_navigation_items(request, links)}]


def _route(definition: FormDefinition) -> str:
    return f"<str:handle>/{definition.name}/" if definition.has_instance else f"{definition.name}/"


def _redirect_to_sign_in(request: HttpRequest) -> HttpResponse:
    """And back to this page afterwards, unless a form was sent: that has to be reviewed once more."""
    had_key = cookies.key_in(request)
    query = {"next": request.get_full_path()} if request.method in ("GET", "HEAD") else {}
    query |= {"ended": "1"} if had_key else {}
    response = SeeOther(f"{reverse('admin:login')}?{urlencode(query)}" if query else reverse("admin:login"))
    if had_key:
        cookies.drop_cookie(response)
    return with_csp(response)


def _not_found(request: HttpRequest) -> HttpResponse:
    raise Http404
