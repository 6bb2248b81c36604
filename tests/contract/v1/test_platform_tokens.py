"""The client credentials grant (RFC 6749, section 4.4) for the platform's own services."""

import base64
from typing import Any
from urllib.parse import quote_plus, urlencode

import jwt
import pytest
from django.conf import settings

from accounts.models import Application
from audit.models import AuditEntry
from core.access import Scope
from core.crypto import digest
from tests.cells import cells
from tests.contract.v1.answers import ME, refused
from tests.world import Caller, World

PATH = "/api/v1/platform/oauth/token"
FORM = "application/x-www-form-urlencoded"
BOTH = f"{Scope.ADMIN_READ} {Scope.ADMIN_WRITE}"
UNKNOWN_CLIENT = {"error": "invalid_client", "error_description": "Unknown client or wrong secret"}


@pytest.fixture
def service(world: World) -> Application:
    return world.make_service("billing", [Scope.ADMIN_READ, Scope.ADMIN_WRITE])


def ask(world: World, *, basic: str | None = None, path: str = PATH, **form: str) -> Any:
    headers = {"Authorization": f"Basic {base64.b64encode(basic.encode()).decode()}"} if basic else {}
    body = urlencode({"grant_type": "client_credentials"} | form)
    return world.nobody.http.generic("POST", path, body, FORM, headers=headers)


def by_form(world: World, client_id: str = "billing", client_secret: str = "billing-secret", **form: str) -> Any:
    return ask(world, client_id=client_id, client_secret=client_secret, **form)


def granted(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/json", "no-store")
    body = answer.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert body["token_type"] == "Bearer"
    return body


def denied(answer: Any, status: int) -> dict[str, str]:
    assert answer.status_code == status, answer.content
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/json", "no-store")
    assert answer.get("WWW-Authenticate") == ('Basic realm="curfew"' if status == 401 else None)
    assert answer.json().keys() == {"error", "error_description"}
    return answer.json()


@pytest.mark.usefixtures("service")
class TestClientCredentials:
    @cells("path", [PATH, f"{PATH}/"])
    def test_basic_authentication_gets_a_token(self, path, world: World):
        assert granted(ask(world, basic="billing:billing-secret", path=path))["expires_in"] == 3600

    def test_form_authentication_gets_a_token(self, world: World):
        assert granted(by_form(world))["expires_in"] == 3600

    def test_basic_may_be_repeated_by_client_id_in_the_form(self, world: World):
        granted(ask(world, basic="billing:billing-secret", client_id="billing"))

    def test_basic_credentials_are_percent_decoded(self, world: World):
        Application.objects.filter(client_id="billing").update(secret_digest=digest("a:b +%/é"))
        granted(ask(world, basic=f"billing:{quote_plus('a:b +%/é')}"))

    def test_token_lifetime_is_the_applications(self, world: World):
        Application.objects.filter(client_id="billing").update(token_lifetime=120)
        body = granted(by_form(world))
        claims = jwt.decode(body["access_token"], options={"verify_signature": False})
        assert (body["expires_in"], claims["exp"] - claims["iat"]) == (120, 120)

    def test_token_has_the_clients_claims(self, world: World):
        token = granted(by_form(world))["access_token"]
        assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
        claims = jwt.decode(token, options={"verify_signature": False})
        assert {name: claims[name] for name in claims.keys() - {"exp", "iat", "jti", "revision"}} == {
            "iss": settings.ISSUER,
            "aud": settings.AUDIENCE,
            "sub": "billing",
            "client_id": "billing",
            "platform_token": True,
            "token_type": "client_credentials",
            "app_scope": "GLOBAL",
            "scope": BOTH,
        }

    def test_response_has_no_refresh_token_and_no_session(self, world: World):
        body = granted(by_form(world))
        assert "refresh_token" not in body
        assert "sid" not in jwt.decode(body["access_token"], options={"verify_signature": False})

    def test_audit_entry_does_not_contain_the_secret(self, world: World, service: Application):
        granted(by_form(world))
        [entry] = AuditEntry.objects.filter(resource_id=service.handle, action="authentication.client")
        assert (entry.result, entry.actor_id, entry.changes) == ("success", "billing", {"scope": BOTH})
        assert entry.tenant_id is None


@pytest.mark.usefixtures("service")
class TestClientScope:
    def test_missing_scope_grants_every_allowed_scope(self, world: World):
        assert granted(by_form(world))["scope"] == BOTH

    @cells("asked", [Scope.ADMIN_READ, Scope.ADMIN_WRITE, f"{Scope.ADMIN_WRITE} {Scope.ADMIN_READ}"])
    def test_requested_scopes_are_granted(self, asked, world: World):
        body = granted(by_form(world, scope=asked))
        assert body["scope"] == asked
        assert jwt.decode(body["access_token"], options={"verify_signature": False})["scope"] == asked

    def test_scope_that_is_not_allowed_is_invalid_scope(self, world: World):
        Application.objects.filter(client_id="billing").update(allowed_scopes=["admin:read"])
        for asked in ("admin:write", BOTH):
            assert denied(by_form(world, scope=asked), 400)["error"] == "invalid_scope"

    @cells(
        "odd",
        [
            "",
            " ",
            "admin:readx",
            "ADMIN:READ",
            "admin:*",
            "*",
            "admin:read admin:read",
            "admin:read  admin:write",
            " admin:read",
            "admin:read ",
            "admin:read\tadmin:write",
            "admin:read\nadmin:write",
            "admin:read,admin:write",
            "openid",
        ],
    )
    def test_malformed_scope_is_invalid_scope(self, odd, world: World):
        assert denied(by_form(world, scope=odd), 400)["error"] == "invalid_scope"


class TestWrongClient:
    @pytest.fixture(autouse=True)
    def known(self, service: Application) -> Application:
        return service

    WRONG = {
        "wrong secret": ("billing", "billing-secreT"),
        "no secret": ("billing", ""),
        "unknown": ("nobody", "billing-secret"),
        "neither": ("", ""),
        "by its id": ("app_1", "billing-secret"),
        "in another case": ("Billing", "billing-secret"),
    }

    @cells("case", WRONG)
    def test_every_wrong_combination_gets_the_same_401(self, case, world: World):
        client_id, secret = self.WRONG[case]
        assert denied(by_form(world, client_id, secret), 401) == UNKNOWN_CLIENT
        assert denied(ask(world, basic=f"{client_id}:{secret}"), 401) == UNKNOWN_CLIENT

    @cells(("field", "value"), [("status", "SUSPENDED"), ("deleted_at", "2026-01-01T00:00Z")])
    def test_suspended_or_deleted_client_is_401(self, field, value, world: World):
        Application.objects.filter(client_id="billing").update(**{field: value})
        assert denied(by_form(world), 401) == UNKNOWN_CLIENT

    def test_client_without_a_secret_is_401(self, world: World):
        Application.objects.filter(client_id="billing").update(secret_digest=None)
        for guess in ("", "billing-secret", "\x01", "None"):
            assert denied(by_form(world, "billing", guess), 401) == UNKNOWN_CLIENT

    def test_failure_is_recorded(self, world: World, known: Application):
        by_form(world, "billing", "wrong")
        [entry] = AuditEntry.objects.filter(resource_id=known.handle, action="authentication.client")
        assert (entry.result, entry.changes, entry.actor_id) == ("failure", {"reason": "invalid_client"}, "billing")


class TestUnauthorizedClient:
    def test_application_of_a_tenant_or_partner_is_refused(self, world: World):
        service = world.make_service("billing", list(Scope))
        for place in ({"scope": "TENANT", "tenant": world.north}, {"scope": "PARTNER", "partner": world.acme}):
            Application.objects.filter(pk=service.pk).update(**{"tenant": None, "partner": None} | place)
            assert denied(by_form(world), 400)["error"] == "unauthorized_client"

    @cells("kind", ["WEB", "SPA", "NATIVE"])
    def test_application_that_is_no_service_is_refused(self, kind, world: World):
        world.make_service("billing", list(Scope))
        Application.objects.filter(client_id="billing").update(application_type=kind)
        assert denied(by_form(world), 400)["error"] == "unauthorized_client"


class TestGrantType:
    @pytest.mark.parametrize("grant", ["password", "refresh_token", "authorization_code", "CLIENT_CREDENTIALS", ""])
    def test_other_grant_types_are_unsupported(self, grant, world: World, service: Application):
        assert denied(by_form(world, grant_type=grant), 400)["error"] == "unsupported_grant_type"


def test_platform_token_is_403_on_personal_endpoints(world: World, service: Application):
    token = granted(by_form(world))["access_token"]
    said = refused(Caller(token).get(ME), 403)
    assert said == {"detail": "This endpoint is about the signed-in user, and a client's token has none"}
