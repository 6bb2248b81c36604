from django.urls import path

from accounts.api.v1.views.mine import ApiKeyViewSet, PasswordViewSet, TotpViewSet
from accounts.api.v1.views.platform import JwksViewSet, PlatformTokenViewSet

urlpatterns = [
    path("me/password", PasswordViewSet.as_view({"post": "change"})),
    path("me/mfa/totp", TotpViewSet.as_view({"post": "enrol", "delete": "remove"})),
    path("me/mfa/totp/confirm", TotpViewSet.as_view({"post": "confirm"})),
    path("me/api-keys", ApiKeyViewSet.as_view({"get": "list", "post": "create"})),
    path("me/api-keys/<str:key_id>", ApiKeyViewSet.as_view({"delete": "destroy"})),
    path("platform/oauth/token", PlatformTokenViewSet.as_view({"post": "issue"})),
    path("platform/.well-known/jwks.json", JwksViewSet.as_view({"get": "show"})),
]
