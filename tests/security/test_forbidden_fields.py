"""Columns that a request body does not declare are unknown fields, in every spelling."""

from typing import Any

from django.apps import apps

from accounts import operations as accounts
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.security.answers import refused
from tests.security.routes import with_json
from tests.world import PASSWORD, SYSTEM, World

OURS = ("accounts", "sessions_app", "tenancy")
COLUMNS = {
    name
    for app in OURS
    for model in apps.get_app_config(app).get_models()
    for field in model._meta.concrete_fields
    for name in (field.name, field.attname)
}
SPELLINGS = {
    "is_staff",
    "is_superuser",
    "is_active",
    "session_generation",
    "tenantId",
    "TENANT_ID",
    "Role",
    "tenant.id",
    "user__role",
    "user[role]",
    "__proto__",
    "constructor",
    "$set",
}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "/api/v1/auth/login": ("POST", {"email": "ada@north.example", "password": PASSWORD}),
    "/api/v1/auth/tenants/north/login": ("POST", {"email": "ada@north.example", "password": PASSWORD}),
    "/api/v1/auth/refresh": ("POST", {"refresh_token": "{refresh_token}"}),
    "/api/v1/me/password": ("POST", {"current_password": PASSWORD, "new_password": "a brand new battery"}),
    "/api/v1/me/mfa/totp/confirm": ("POST", {"code": "123456"}),
    "/api/v1/me/mfa/totp": ("DELETE", {"password": PASSWORD}),
    "/api/v1/me/api-keys": ("POST", {"name": "laptop"}),
    "/api/v1/admin/sessions/{session}/revoke": ("POST", {"reason": "test"}),
    "/api/v1/admin/sessions/revoke-all": ("POST", {"tenant_id": "{north}"}),
    "/api/v1/tenants/{north}/sessions/revoke-all": ("POST", {"reason": "test"}),
    "/api/v1/tenants/{north}/sessions/users/{user}/revoke": ("POST", {"revoke_all": True}),
}


def taken_at(path: str) -> set[str]:
    """What the schema says that a body may have here."""
    named = {"session": "session_id", "north": "tenant_id", "user": "user_id"}
    shown = path.replace("/tenants/north/", "/tenants/{slug}/")
    shown = shown.format(slug="{slug}", **{name: f"{{{called}}}" for name, called in named.items()})
    method, _ = BODIES[path]
    return next(set(each.fields) for each in with_json() if (each.method, each.path) == (method, shown))


@cells("path", BODIES)
def test_every_unlisted_column_is_an_unknown_field_and_changes_nothing(path, world: World):
    accounts.enrol_totp(world.ada.user, actor=SYSTEM)
    names = {"session": world.ada.session_id, "north": world.north.handle, "user": world.ada.user.handle}
    names |= {"refresh_token": world.ada.refresh_token}
    method, body = BODIES[path]
    good = {name: value.format(**names) if isinstance(value, str) else value for name, value in body.items()}
    foreign = sorted((COLUMNS | SPELLINGS) - taken_at(path))
    caller = world.north_admin if "/sessions" in path else world.ada
    before = database_digest()
    answer = caller.request(method, path.format(**names), dict.fromkeys(foreign, "super_admin") | good)
    assert [flaw["loc"] for flaw in refused(answer, 422)] == [["body", name] for name in foreign]
    assert database_digest() == before


def test_tested_columns_include_the_sensitive_ones():
    assert {"role", "tenant_id", "password", "status", "min_revision", "deleted_at", "revision", "id"} <= COLUMNS
