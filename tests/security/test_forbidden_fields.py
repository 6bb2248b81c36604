"""No body sets what it does not name: every column of every model, in every spelling, is an unknown field."""

from typing import Any

import pytest
from django.apps import apps

from accounts import operations as accounts
from tests.access.footprint import footprint
from tests.security.answers import refused
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
}


@pytest.mark.parametrize("path", BODIES)
def test_every_other_field_is_refused_by_name_and_nothing_happens(path, world: World):
    accounts.enrol_totp(world.ada.user, actor=SYSTEM)
    method, body = BODIES[path]
    good = {name: value.format(refresh_token=world.ada.refresh_token) for name, value in body.items()}
    foreign = sorted((COLUMNS | SPELLINGS) - good.keys() - {"tenant"})
    before = footprint()
    answer = world.ada.request(method, path, dict.fromkeys(foreign, "super_admin") | good)
    assert [flaw["loc"] for flaw in refused(answer, 422)] == [["body", name] for name in foreign]
    assert footprint() == before


def test_the_columns_are_all_there():
    assert {"role", "tenant_id", "password", "status", "min_revision", "deleted_at", "revision", "id"} <= COLUMNS
