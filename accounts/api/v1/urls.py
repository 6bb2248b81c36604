from django.urls import path

from accounts.api.v1.views.clients import AgentViewSet, ApplicationViewSet
from accounts.api.v1.views.groups import GroupViewSet
from accounts.api.v1.views.identity_providers import IdentityProviderViewSet
from accounts.api.v1.views.mine import ApiKeyViewSet, PasswordViewSet, TotpViewSet
from accounts.api.v1.views.platform import JwksViewSet
from accounts.api.v1.views.users import PasswordResetViewSet, UserViewSet
from core.api.resources import COLLECTION, ONE

urlpatterns = [
    path("auth/reset-password", PasswordResetViewSet.as_view({"post": "reset"})),
    path("admin/users", UserViewSet.as_view(COLLECTION)),
    path("admin/users/<str:resource_id>", UserViewSet.as_view(ONE)),
    path("admin/users/<str:resource_id>/reset-password", UserViewSet.as_view({"post": "reset_password"})),
    path("admin/users/<str:resource_id>/mfa/disable", UserViewSet.as_view({"post": "disable_mfa"})),
    path("admin/applications", ApplicationViewSet.as_view(COLLECTION)),
    path("admin/applications/<str:resource_id>", ApplicationViewSet.as_view(ONE)),
    path("admin/applications/<str:resource_id>/rotate-secret", ApplicationViewSet.as_view({"post": "rotate_secret"})),
    path("admin/agents", AgentViewSet.as_view(COLLECTION)),
    path("admin/agents/<str:resource_id>", AgentViewSet.as_view(ONE)),
    path("admin/agents/<str:resource_id>/rotate-secret", AgentViewSet.as_view({"post": "rotate_secret"})),
    path("admin/groups", GroupViewSet.as_view(COLLECTION)),
    path("admin/groups/<str:resource_id>", GroupViewSet.as_view(ONE)),
    path("admin/groups/<str:resource_id>/members", GroupViewSet.as_view({"get": "members", "post": "add_member"})),
    path("admin/groups/<str:resource_id>/members/<str:user_id>", GroupViewSet.as_view({"delete": "remove_member"})),
    path("admin/groups/<str:resource_id>/nested", GroupViewSet.as_view({"get": "nested", "post": "nest"})),
    path("admin/groups/<str:resource_id>/nested/<str:child_group_id>", GroupViewSet.as_view({"delete": "unnest"})),
    path("admin/identity-providers", IdentityProviderViewSet.as_view(COLLECTION)),
    path("admin/identity-providers/<str:resource_id>", IdentityProviderViewSet.as_view(ONE)),
    path("me/password", PasswordViewSet.as_view({"post": "change"})),
    path("me/mfa/totp", TotpViewSet.as_view({"post": "enrol", "delete": "remove"})),
    path("me/mfa/totp/confirm", TotpViewSet.as_view({"post": "confirm"})),
    path("me/api-keys", ApiKeyViewSet.as_view({"get": "list", "post": "create"})),
    path("me/api-keys/<str:key_id>", ApiKeyViewSet.as_view({"delete": "destroy"})),
    path("platform/.well-known/jwks.json", JwksViewSet.as_view({"get": "show"})),
]
