from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from accounts.api.v1.views.platform import JwksViewSet
from config import docs, health
from sessions_app.api.edge.urls import versions
from web.account import account, home, reset
from web.console.registry import site

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("reset-password", reset.reset_password, name="reset-password"),
    path("account/sign-in/", account.sign_in, name="account-sign-in"),
    path("account/sign-out/", account.sign_out, name="account-sign-out"),
    path("account/sessions/", account.show, name="account-sessions"),
    path("account/sessions/end-others/", account.end_others, name="account-end-others"),
    path("account/sessions/<str:session_id>/end/", account.end, name="account-end"),
    path("account/password/", account.password, name="account-password"),
    path("console/", site.urls),
    path(".well-known/jwks.json", JwksViewSet.as_view({"get": "show"}, schema=None)),
    *versions,
    *(dialect.route() for dialect in docs.DIALECTS.values()),
]
if settings.API_DOCS:
    urlpatterns += docs.pages()

handler400 = "core.api.error_views.bad_request"
handler403 = "core.api.error_views.forbidden"
handler404 = "core.api.error_views.not_found"
handler500 = "core.api.error_views.server_error"
