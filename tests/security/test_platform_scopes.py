"""What a platform token opens: exactly its scopes, as long as its application has them, and nothing of a person's."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Application
from core.access import Scope
from tests.access.callers import api_key_of
from tests.cells import cells
from tests.security.forging import claims_of, header_of, signed
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


class TestAScope:
    def test_opens_what_it_says_and_does_not_imply_the_other(self, world: World):
        assert opened(world.service(READ)) == {"GET": 200, "HEAD": 200, "POST": 403, "DELETE": 403}
        assert opened(world.service(WRITE)) == {"GET": 403, "HEAD": 403, "POST": 200, "DELETE": 204}
        assert opened(world.service(READ, WRITE)) == {"GET": 200, "HEAD": 200, "POST": 200, "DELETE": 204}

    def test_is_asked_for_in_exactly_these_words(self, world: World):
        for service, method in ((world.service(), "GET"), (world.service(READ), "POST"), (world.service(WRITE), "GET")):
            answer = service.request(method, THINGS)
            assert (answer.status_code, answer.json()) == (403, NEEDS_SCOPE)

    def test_of_no_meaning_here_opens_nothing(self, world: World):
        service = world.service()
        allow(world, service, "openid", "admin", "admin:*", "ADMIN:READ", "admin:readx", " admin:read")
        everything = "openid admin admin:* ADMIN:READ admin:readx  admin:read"
        assert set(opened(with_claims(service, scope=everything)).values()) == {403}

    @cells(
        "odd", ["admin:read,admin:write", "admin:read\tadmin:write", "admin:read\nadmin:write", "admin:*", "ADMIN:READ"]
    )
    def test_in_a_token_counts_only_in_its_own_spelling(self, odd, world: World):
        assert set(opened(with_claims(world.service(READ, WRITE), scope=odd)).values()) == {403}

    @cells("odd", [None, ["admin:read"], {"admin:read": 1}, 1, True])
    def test_in_a_token_must_be_text(self, odd, world: World):
        assert set(opened(with_claims(world.service(READ, WRITE), scope=odd)).values()) == {401}


class TestTheApplicationsOwnScopes:
    def test_taken_away_are_gone_from_tokens_in_hand(self, world: World):
        service = world.service(READ, WRITE)
        allow(world, service, READ)
        assert opened(service) == {"GET": 200, "HEAD": 200, "POST": 403, "DELETE": 403}
        allow(world, service)
        assert set(opened(service).values()) == {403}

    def test_added_do_not_come_to_tokens_in_hand(self, world: World):
        service = world.service(READ)
        allow(world, service, READ, WRITE)
        assert opened(service)["POST"] == 403

    def test_are_not_widened_by_a_claim(self, world: World):
        assert opened(with_claims(world.service(READ), scope="admin:read admin:write"))["POST"] == 403


class TestAPlatformToken:
    @cells(("method", "path"), PERSONAL)
    def test_speaks_for_no_person(self, method, path, world: World):
        answer = world.service(READ, WRITE).request(method, path)
        assert (answer.status_code, answer.json()) == (403, NEEDS_USER)

    def test_cannot_pass_for_a_user(self, world: World):
        service = world.service(READ, WRITE)
        for lie in (
            {"sub": world.super_admin.user.handle},
            {"sub": world.ada.user.handle, "sid": world.ada.session_id},
            {"sub": world.ada.user.handle, "sid": world.ada.session_id, "client_id": world.ada.user.handle},
        ):
            assert with_claims(service, **lie).get("/api/v1/me").status_code == 401

    def test_cannot_belong_to_an_application_named_like_a_user(self, world: World):
        with pytest.raises(IntegrityError, match="application_is_not_named_like_a_user"), transaction.atomic():
            world.make_service(world.ada.user.handle, [READ])

    @cells("revision", [None, "0", 1.5, True, -1])
    def test_needs_the_revision_it_was_issued_at(self, revision, world: World):
        assert set(opened(with_claims(world.service(READ), revision=revision)).values()) == {401}

    def test_of_an_application_that_is_not_is_nobodys(self, world: World):
        assert set(opened(with_claims(world.service(READ), sub="nobody", client_id="nobody")).values()) == {401}


class TestPeopleAtTheSameDoor:
    def test_go_by_their_tier(self, world: World):
        below = {"GET": 403, "HEAD": 403, "POST": 403, "DELETE": 403}
        admin = {"GET": 200, "HEAD": 200, "POST": 200, "DELETE": 403}
        assert opened(world.ada) == below
        assert opened(world.north_admin) == opened(world.acme_partner) == admin
        assert opened(world.super_admin) == admin | {"DELETE": 204}
        assert set(opened(world.nobody).values()) == {401}

    def test_are_told_no_more_than_access_denied(self, world: World):
        assert world.ada.get(THINGS).json() == {"detail": "Access denied"}

    def test_are_let_in_by_an_api_key_as_far_as_their_tier(self, world: World):
        assert opened(api_key_of(world.super_admin.user)) == opened(world.super_admin)
        assert opened(api_key_of(world.ada.user)) == opened(world.ada)
