"""`client_credentials`, as RFC 6749 has it (section 4.4), for the platform's own services."""

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
class TestAServiceThatProvesItself:
    @cells("path", [PATH, f"{PATH}/"])
    def test_by_basic_gets_a_token(self, path, world: World):
        assert granted(ask(world, basic="billing:billing-secret", path=path))["expires_in"] == 3600

    def test_by_form_gets_a_token(self, world: World):
        assert granted(by_form(world))["expires_in"] == 3600

    def test_by_basic_may_name_itself_in_the_form_too(self, world: World):
        granted(ask(world, basic="billing:billing-secret", client_id="billing"))

    def test_by_basic_is_percent_encoded(self, world: World):
        Application.objects.filter(client_id="billing").update(secret_digest=digest("a:b +%/é"))
        granted(ask(world, basic=f"billing:{quote_plus('a:b +%/é')}"))

    def test_gets_a_token_as_long_as_its_application_says(self, world: World):
        Application.objects.filter(client_id="billing").update(token_lifetime=120)
        body = granted(by_form(world))
        claims = jwt.decode(body["access_token"], options={"verify_signature": False})
        assert (body["expires_in"], claims["exp"] - claims["iat"]) == (120, 120)

    def test_gets_a_token_that_says_whose_it_is(self, world: World):
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

    def test_gets_no_refresh_token_and_no_session(self, world: World):
        body = granted(by_form(world))
        assert "refresh_token" not in body
        assert "sid" not in jwt.decode(body["access_token"], options={"verify_signature": False})

    def test_is_recorded_without_its_secret(self, world: World, service: Application):
        granted(by_form(world))
        [entry] = AuditEntry.objects.filter(resource_id=service.handle, action="authentication.client")
        assert (entry.result, entry.actor_id, entry.changes) == ("success", "billing", {"scope": BOTH})
        assert entry.tenant_id is None


@pytest.mark.usefixtures("service")
class TestTheScope:
    def test_left_out_is_all_that_is_allowed(self, world: World):
        assert granted(by_form(world))["scope"] == BOTH

    @cells("asked", [Scope.ADMIN_READ, Scope.ADMIN_WRITE, f"{Scope.ADMIN_WRITE} {Scope.ADMIN_READ}"])
    def test_asked_for_is_what_is_granted(self, asked, world: World):
        body = granted(by_form(world, scope=asked))
        assert body["scope"] == asked
        assert jwt.decode(body["access_token"], options={"verify_signature": False})["scope"] == asked

    def test_beyond_what_is_allowed_is_refused_whole(self, world: World):
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
    def test_spelled_in_any_other_way_is_refused(self, odd, world: World):
        assert denied(by_form(world, scope=odd), 400)["error"] == "invalid_scope"


class TestTheWrongClient:
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
    def test_gets_the_same_answer_whatever_is_wrong(self, case, world: World):
        client_id, secret = self.WRONG[case]
        assert denied(by_form(world, client_id, secret), 401) == UNKNOWN_CLIENT
        assert denied(ask(world, basic=f"{client_id}:{secret}"), 401) == UNKNOWN_CLIENT

    @cells(("field", "value"), [("status", "SUSPENDED"), ("deleted_at", "2026-01-01T00:00Z")])
    def test_is_one_that_is_down(self, field, value, world: World):
        Application.objects.filter(client_id="billing").update(**{field: value})
        assert denied(by_form(world), 401) == UNKNOWN_CLIENT

    def test_is_one_without_a_secret(self, world: World):
        Application.objects.filter(client_id="billing").update(secret_digest=None)
        for guess in ("", "billing-secret", "\x01", "None"):
            assert denied(by_form(world, "billing", guess), 401) == UNKNOWN_CLIENT

    def test_is_recorded(self, world: World, known: Application):
        by_form(world, "billing", "wrong")
        [entry] = AuditEntry.objects.filter(resource_id=known.handle, action="authentication.client")
        assert (entry.result, entry.changes, entry.actor_id) == ("failure", {"reason": "invalid_client"}, "billing")


class TestAnApplicationThatIsNotThePlatformsOwnService:
    def test_in_a_tenant_or_under_a_partner_is_refused(self, world: World):
        service = world.make_service("billing", list(Scope))
        for place in ({"scope": "TENANT", "tenant": world.north}, {"scope": "PARTNER", "partner": world.acme}):
            Application.objects.filter(pk=service.pk).update(**{"tenant": None, "partner": None} | place)
            assert denied(by_form(world), 400)["error"] == "unauthorized_client"

    @cells("kind", ["WEB", "SPA", "NATIVE"])
    def test_with_users_of_its_own_is_refused(self, kind, world: World):
        world.make_service("billing", list(Scope))
        Application.objects.filter(client_id="billing").update(application_type=kind)
        assert denied(by_form(world), 400)["error"] == "unauthorized_client"


class TestTheGrant:
    @pytest.mark.parametrize("grant", ["password", "refresh_token", "authorization_code", "CLIENT_CREDENTIALS", ""])
    def test_of_any_other_type_is_not_supported(self, grant, world: World, service: Application):
        assert denied(by_form(world, grant_type=grant), 400)["error"] == "unsupported_grant_type"


def test_a_platform_token_speaks_for_no_user(world: World, service: Application):
    token = granted(by_form(world))["access_token"]
    said = refused(Caller(token).get(ME), 403)
    assert said == {"detail": "This endpoint is about the signed-in user, and a client's token has none"}
