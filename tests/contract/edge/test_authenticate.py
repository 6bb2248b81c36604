"""POST /authenticate of the edge API: sign-in with a password, and the session key it returns."""

from datetime import UTC, datetime
from typing import Any

from accounts import operations as accounts
from accounts.models import Role
from audit.models import AuditEntry
from sessions_app.models import Session, SessionState
from tenancy.models import OnSessionLimit, Tenant
from tests.access.callers import Case
from tests.access.valid_requests import second_factor_on
from tests.cells import cells
from tests.contract.edge.client import AUTHENTICATE, CURRENT, PATH, SESSIONS, SessionKeyCaller, error, sign_in
from tests.world import PASSWORD, World

REFUSED = {"code": "INVALID_AUTH", "message": "The authentication request failed"}
INVALID = "The supplied request contains an invalid document or no valid accept content were available, see cause"


class TestSignIn:
    def test_returns_a_session_and_its_key(self, world: World):
        admin = world.person("admin", world.north, Role.TENANT_ADMIN)
        answer = sign_in(admin.email)
        assert answer.status_code == 200
        assert answer.json().keys() == {"data", "meta"}
        assert answer.json()["meta"] == {}
        session = SessionState.objects.live().get(user=admin)
        assert answer.json()["data"]["id"] == session.handle
        assert answer["zt-session"].startswith("cfs_")
        assert answer.json()["data"]["token"] == answer["zt-session"]
        assert answer["Cache-Control"] == "no-store"
        key = SessionKeyCaller(answer["zt-session"])
        assert key.get(CURRENT).json()["data"] == answer.json()["data"] | {
            "expirationSeconds": key.get(CURRENT).json()["data"]["expirationSeconds"]
        }
        assert key.get(SESSIONS).status_code == 200

    def test_client_details_and_unknown_fields_are_accepted(self, world: World):
        told = {"envInfo": {"os": "linux", "arch": "x86_64"}, "sdkInfo": {"type": "cli"}, "configTypes": ["all"]}
        assert sign_in(world.person("ada", world.north).email, **told, colour="green").status_code == 200

    def test_session_is_visible_to_and_revocable_in_every_api(self, world: World):
        handle = sign_in(world.person("ada", world.north).email).json()["data"]["id"]
        assert world.north_admin.get(f"/api/v1/admin/sessions/{handle}").json()["data"]["status"] == "active"
        assert world.north_admin.delete(f"/api/v1/admin/sessions/{handle}").status_code == 204
        assert world.north_admin.get(f"{SESSIONS}/{handle}").status_code == 404

    def test_writes_audit_entry(self, world: World):
        ada = world.person("ada", world.north)
        sign_in(ada.email)
        assert AuditEntry.objects.filter(action="authentication.sign_in", actor_id=ada.handle).count() == 1

    def test_tenant_is_required_when_the_address_is_ambiguous(self, world: World):
        world.person("ada", world.north)
        twin = world.person("twin", world.south)
        twin.email = "ada@north.example"
        twin.save()
        assert error(sign_in("ada@north.example"), 401) == REFUSED
        for tenant in (world.south.slug, world.south.handle):
            assert sign_in("ada@north.example", tenant=tenant).json()["data"]["identityId"] == twin.handle

    def test_response_contains_the_expiry(self, world: World):
        answer = sign_in(world.person("ada", world.north).email)
        seconds = int(answer["expiration-seconds"])
        assert answer.json()["data"]["expirationSeconds"] - seconds in (0, 1)
        assert answer["expires-at"].endswith(" +0000 UTC")
        told = datetime.fromisoformat(answer.json()["data"]["expiresAt"])
        assert 0 <= (told - datetime.now(UTC)).total_seconds() - seconds < 5


class TestSignInRefused:
    @cells("email", ["ada@north.example", "nobody@north.example"])
    def test_wrong_password_and_unknown_user_get_the_same_401(self, email: str, world: World):
        world.person("ada", world.north)
        answer = sign_in(email, "not the password")
        assert error(answer, 401) == REFUSED
        assert "zt-session" not in answer
        assert answer["WWW-Authenticate"] == 'zt-session realm="zt-session"'
        assert not Session.objects.exists()

    def test_repeated_failures_are_throttled_with_429(self, world: World, settings: Any):
        settings.SIGN_IN_FAILURES_PER_ACCOUNT = 2
        email = world.person("ada", world.north).email
        assert [sign_in(email, "not the password").status_code for _ in range(2)] == [401, 401]
        answer = sign_in(email)
        assert error(answer, 429)["code"] == "RATE_LIMITED"
        assert int(answer["Retry-After"]) > 0

    def test_account_with_mfa_is_referred_to_v1(self, world: World):
        admin = world.north_admin.user
        second_factor_on(world, Case("admin", world.north_admin, admin))
        before = Session.objects.count()
        told = error(sign_in(admin.email), 401)
        assert told["code"] == "INVALID_AUTH"
        assert "/api/v1/auth/login" in told["causeMessage"]
        assert Session.objects.count() == before

    def test_full_session_limit_is_401_with_the_limit(self, world: World):
        ada = world.person("ada", world.north)
        Tenant.objects.filter(pk=world.north.pk).update(max_sessions=1, when_full=OnSessionLimit.DENY)
        assert sign_in(ada.email).status_code == 200
        told = error(sign_in(ada.email), 401)
        assert told["code"] == "INVALID_AUTH"
        assert "1 sessions" in told["causeMessage"]

    def test_suspended_account_is_refused_with_401(self, world: World):
        ada = world.person("ada", world.north)
        ada.status = "SUSPENDED"
        ada.save()
        assert error(sign_in(ada.email), 401) == REFUSED


class TestSignInBody:
    @cells(
        ("field", "body"),
        [
            ("username", {"password": PASSWORD}),
            ("password", {"username": "ada@north.example"}),
            ("username", {"username": "ada", "password": PASSWORD}),
            ("username", {"username": "a" * 101, "password": PASSWORD}),
            ("username", {"username": 12345, "password": PASSWORD}),
            ("username", {"username": "ada\x00@north.example", "password": PASSWORD}),
            ("password", {"username": "ada@north.example", "password": "1234"}),
            ("password", {"username": "ada@north.example", "password": "1" * 101}),
            ("password", {"username": "ada@north.example", "password": ["12345"]}),
            ("configTypes.0", {"username": "ada@north.example", "password": PASSWORD, "configTypes": [{}]}),
            ("envInfo", {"username": "ada@north.example", "password": PASSWORD, "envInfo": "linux"}),
            ("sdkInfo.version", {"username": "ada@north.example", "password": PASSWORD, "sdkInfo": {"version": 1}}),
        ],
    )
    def test_invalid_field_is_named_without_its_value(self, field: str, body: Any, world: World):
        answer = world.nobody.post(AUTHENTICATE, body)
        told = error(answer, 400)
        assert (told["code"], told["message"]) == ("COULD_NOT_VALIDATE", INVALID)
        assert told["cause"]["field"] == field
        assert told["cause"]["reason"] == told["causeMessage"]
        assert "value" not in told["cause"]

    @cells("text", ["{", "[1,", '{"username": NaN}', '{"a": 1, "a": 2}', "\ud800", "[" * 50_000])
    def test_invalid_json_is_400(self, text: str, world: World):
        body = text.encode("utf-8", "surrogatepass")
        answer = world.nobody.http.post(AUTHENTICATE, body, content_type="application/json")
        assert error(answer, 400)["code"] == "COULD_NOT_PARSE_BODY"

    @cells("body", [[], "text", 1, None])
    def test_json_that_is_no_object_is_400(self, body: Any, world: World):
        answer = world.nobody.http.post(AUTHENTICATE, "null" if body is None else body, content_type="application/json")
        assert error(answer, 400)["code"] in ("COULD_NOT_VALIDATE", "COULD_NOT_PARSE_BODY")

    def test_unsupported_content_type_is_400(self, world: World):
        answer = world.nobody.http.post(AUTHENTICATE, b"username=ada", content_type="text/plain")
        assert error(answer, 400)["code"] == "COULD_NOT_VALIDATE"

    def test_too_large_body_is_413_in_the_envelope(self, world: World):
        answer = world.nobody.http.post(AUTHENTICATE, b" " * (1024 * 1024 + 1), content_type="application/json")
        assert error(answer, 413)["code"] == "REQUEST_ENTITY_TOO_LARGE"


@cells("query", ["", "?method=", "?method=cert", "?method=ext-jwt", "?method=PASSWORD", "?Method=password"])
def test_unsupported_authentication_method_is_refused(query: str, world: World):
    admin = world.person("admin", world.north, Role.TENANT_ADMIN)
    body = {"username": admin.email, "password": PASSWORD}
    told = error(world.nobody.post(f"{PATH}/authenticate{query}", body), 400)
    assert told == {"code": "INVALID_AUTH_METHOD", "message": "The supplied authentication method is not valid"}
    assert not Session.objects.exists()


def test_stale_session_key_does_not_prevent_sign_in(world: World):
    admin = world.person("admin", world.north, Role.TENANT_ADMIN)
    body = {"username": admin.email, "password": PASSWORD}
    assert world.nobody.post(AUTHENTICATE, body, headers={"zt-session": "stale"}).status_code == 200


def test_api_key_of_an_admin_is_accepted(world: World):
    key = accounts.create_api_key(world.north_admin.user, "laptop", actor=world.proof(world.north_admin.user).principal)
    assert world.nobody.get(SESSIONS, headers={"Authorization": f"Bearer {key.secret}"}).status_code == 200
