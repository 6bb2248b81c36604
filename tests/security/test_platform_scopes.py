"""A platform token gives access by its scopes, while its application has them, and never as a user."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Application
from core.access import Scope
from tests.access.callers import api_key_of
from tests.cells import cells
from tests.security.forged_tokens import claims_of, header_of, signed
from tests.world import Caller, World

READ, WRITE = Scope.ADMIN_READ, Scope.ADMIN_WRITE
THINGS = "/api/v1/admin/things"
NEEDS_SCOPE = {"detail": "Platform token requires admin:read or admin:write scope"}
NEEDS_USER = {"detail": "This endpoint is about the signed-in user, and a client's token has none"}
PERSONAL = [
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/me/sessions"),
    ("POST", "/api/v1/me/sessions/revoke-all"),
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/me/password"),
    ("POST", "/api/v1/me/mfa/totp"),
    ("GET", "/api/v1/me/api-keys"),
    ("POST", "/api/v1/me/api-keys"),
]

pytestmark = pytest.mark.urls("tests.security.admin_routes")


def opened(caller: Caller) -> dict[str, int]:
    return {method: caller.request(method, THINGS).status_code for method in ("GET", "HEAD", "POST", "DELETE")}


def allow(world: World, token: Caller, *scopes: str) -> None:
    Application.objects.filter(client_id=claims_of(token.token)["sub"]).update(allowed_scopes=list(scopes))


def with_claims(token: Caller, **claims: Any) -> Caller:
    """Signed with our own key, so that nothing but the claims is a lie."""
    return Caller(signed(header_of(token.token), claims_of(token.token) | claims))


class TestPlatformScope:
    def test_read_and_write_do_not_imply_each_other(self, world: World):
        assert opened(world.service(READ)) == {"GET": 200, "HEAD": 200, "POST": 403, "DELETE": 403}
        assert opened(world.service(WRITE)) == {"GET": 403, "HEAD": 403, "POST": 200, "DELETE": 204}
        assert opened(world.service(READ, WRITE)) == {"GET": 200, "HEAD": 200, "POST": 200, "DELETE": 204}

    def test_missing_scope_is_403_naming_the_scope(self, world: World):
        for service, method in ((world.service(), "GET"), (world.service(READ), "POST"), (world.service(WRITE), "GET")):
            answer = service.request(method, THINGS)
            assert (answer.status_code, answer.json()) == (403, NEEDS_SCOPE)

    def test_unknown_scope_gives_no_access(self, world: World):
        service = world.service()
        allow(world, service, "openid", "admin", "admin:*", "ADMIN:READ", "admin:readx", " admin:read")
        everything = "openid admin admin:* ADMIN:READ admin:readx  admin:read"
        assert set(opened(with_claims(service, scope=everything)).values()) == {403}

    @cells(
        "odd", ["admin:read,admin:write", "admin:read\tadmin:write", "admin:read\nadmin:write", "admin:*", "ADMIN:READ"]
    )
    def test_scope_claim_must_be_spelled_exactly(self, odd, world: World):
        assert set(opened(with_claims(world.service(READ, WRITE), scope=odd)).values()) == {403}

    @cells("odd", [None, ["admin:read"], {"admin:read": 1}, 1, True])
    def test_scope_claim_must_be_text(self, odd, world: World):
        assert set(opened(with_claims(world.service(READ, WRITE), scope=odd)).values()) == {401}


class TestApplicationScopes:
    def test_removed_scope_is_refused_in_existing_tokens(self, world: World):
        service = world.service(READ, WRITE)
        allow(world, service, READ)
        assert opened(service) == {"GET": 200, "HEAD": 200, "POST": 403, "DELETE": 403}
        allow(world, service)
        assert set(opened(service).values()) == {403}

    def test_added_scope_is_not_in_existing_tokens(self, world: World):
        service = world.service(READ)
        allow(world, service, READ, WRITE)
        assert opened(service)["POST"] == 403

    def test_scope_claim_beyond_the_applications_is_refused(self, world: World):
        assert opened(with_claims(world.service(READ), scope="admin:read admin:write"))["POST"] == 403


class TestPlatformToken:
    @cells(("method", "path"), PERSONAL)
    def test_is_403_on_personal_endpoints(self, method, path, world: World):
        answer = world.service(READ, WRITE).request(method, path)
        assert (answer.status_code, answer.json()) == (403, NEEDS_USER)

    def test_cannot_impersonate_a_user(self, world: World):
        service = world.service(READ, WRITE)
        for lie in (
            {"sub": world.super_admin.user.handle},
            {"sub": world.ada.user.handle, "sid": world.ada.session_id},
            {"sub": world.ada.user.handle, "sid": world.ada.session_id, "client_id": world.ada.user.handle},
        ):
            assert with_claims(service, **lie).get("/api/v1/me").status_code == 401

    def test_client_id_like_a_user_id_is_refused_by_the_database(self, world: World):
        with pytest.raises(IntegrityError, match="application_is_not_named_like_a_user"), transaction.atomic():
            world.make_service(world.ada.user.handle, [READ])

    @cells("revision", [None, "0", 1.5, True, -1])
    def test_needs_a_valid_revision_claim(self, revision, world: World):
        assert set(opened(with_claims(world.service(READ), revision=revision)).values()) == {401}

    def test_token_of_an_unknown_application_is_401(self, world: World):
        assert set(opened(with_claims(world.service(READ), sub="nobody", client_id="nobody")).values()) == {401}


class TestUsersOnScopedRoutes:
    def test_access_follows_the_role(self, world: World):
        below = {"GET": 403, "HEAD": 403, "POST": 403, "DELETE": 403}
        admin = {"GET": 200, "HEAD": 200, "POST": 200, "DELETE": 403}
        assert opened(world.ada) == below
        assert opened(world.north_admin) == opened(world.acme_partner) == admin
        assert opened(world.super_admin) == admin | {"DELETE": 204}
        assert set(opened(world.nobody).values()) == {401}

    def test_refusal_is_access_denied_without_details(self, world: World):
        assert world.ada.get(THINGS).json() == {"detail": "Access denied"}

    def test_api_key_has_the_access_of_its_owners_role(self, world: World):
        assert opened(api_key_of(world.super_admin.user)) == opened(world.super_admin)
        assert opened(api_key_of(world.ada.user)) == opened(world.ada)
