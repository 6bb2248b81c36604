"""POST /auth/login: sign-in with a password."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.conf import settings

from accounts import operations as accounts
from accounts.models import Role, User
from core.models import Status
from sessions_app.models import Session, SessionState
from tenancy import operations as tenancy
from tenancy.models import Partner, Tenant
from tests.cells import cells
from tests.contract.v1.answers import LOGIN, ME, WRONG, data_of, flaws, refused, when
from tests.factories import ApplicationFactory, hashed_password
from tests.world import CHROME, PASSWORD, SYSTEM, Caller, World

SIGNED_IN = {"access_token", "refresh_token", "token_type", "expires_in", "session_id", "user"}
USER = {"id", "email", "display_name", "role", "tenant_id", "partner_id"}
CLAIMS = {"iss", "aud", "sub", "exp", "iat", "jti", "sid", "tenant_id", "partner_id", "role", "scope"}


def login(world: World, email: str, password: str = PASSWORD, path: str = LOGIN, **more: Any) -> Any:
    return world.nobody.post(path, {"email": email, "password": password, **more})


def namesakes(world: World) -> tuple[User, User]:
    """Grace of north and Grace of south, with one e-mail address."""
    grace, other = (
        accounts.create_user(actor=SYSTEM, tenant=tenant, email="grace@both.example", password=None)
        for tenant in (world.north, world.south)
    )
    User.objects.filter(email="grace@both.example").update(password=hashed_password())
    return grace, other


class TestSignIn:
    def test_returns_tokens_session_and_user(self, world: World):
        grace = world.person("grace", world.north)
        data = data_of(login(world, grace.email))
        assert data.keys() == SIGNED_IN
        assert (data["token_type"], data["expires_in"]) == ("Bearer", 600)
        assert data["user"].keys() == USER
        assert data["user"] == {
            "id": grace.handle,
            "email": "grace@north.example",
            "display_name": "grace@north.example",
            "role": "user",
            "tenant_id": world.north.handle,
            "partner_id": world.acme.handle,
        }

    def test_opens_the_session_it_returns(self, world: World):
        grace = world.person("grace", world.north)
        data = data_of(
            world.nobody.post(LOGIN, {"email": grace.email, "password": PASSWORD}, headers={"User-Agent": CHROME})
        )
        session = SessionState.objects.live().get(user=grace)
        assert session.handle == data["session_id"]
        assert (session.auth_method, session.role, session.ip_address) == ("password", "user", "127.0.0.1")
        assert (session.browser, session.os, session.device_type) == ("Chrome", "Linux", "desktop")

    def test_returned_tokens_are_accepted(self, world: World):
        grace = world.person("grace", world.north)
        data = data_of(login(world, grace.email))
        me = data_of(world.nobody.get(ME, headers={"Authorization": f"Bearer {data['access_token']}"}))
        assert (me["id"], me["session"]["id"]) == (grace.handle, data["session_id"])

    def test_access_token_lasts_ten_minutes(self, world: World):
        grace = world.person("grace", world.north)
        data = data_of(login(world, grace.email))
        header = jwt.get_unverified_header(data["access_token"])
        assert (header.keys(), header["alg"], header["typ"]) == ({"alg", "kid", "typ"}, "RS256", "at+jwt")
        claims = jwt.decode(data["access_token"], options={"verify_signature": False})
        assert claims.keys() == CLAIMS
        assert claims["exp"] - claims["iat"] == 600
        assert (claims["iss"], claims["aud"]) == (settings.ISSUER, settings.AUDIENCE)
        assert (claims["sub"], claims["sid"]) == (grace.handle, data["session_id"])
        assert (claims["tenant_id"], claims["partner_id"]) == (world.north.handle, world.acme.handle)
        assert (claims["role"], claims["scope"]) == ("user", "")

    def test_refresh_token_is_opaque(self, world: World):
        data = data_of(login(world, world.person("grace", world.north).email))
        assert "." not in data["refresh_token"]
        assert data["refresh_token"] not in (data["access_token"], data["session_id"])

    def test_tokens_and_session_ids_are_unique(self, world: World):
        grace = world.person("grace", world.north)
        one, other = data_of(login(world, grace.email)), data_of(login(world, grace.email))
        for name in ("access_token", "refresh_token", "session_id"):
            assert one[name] != other[name]

    def test_sets_last_login_at(self, world: World):
        grace = world.person("grace", world.north)
        answer = login(world, grace.email)
        grace.refresh_from_db()
        assert abs((grace.last_login_at - when(answer.json()["meta"]["timestamp"])).total_seconds()) < 60

    @cells(
        ("who", "role", "has_tenant", "has_partner"),
        [
            ("north_admin", "tenant_admin", True, True),
            ("acme_partner", "partner_admin", False, True),
            ("super_admin", "super_admin", False, False),
        ],
    )
    def test_staff_tenant_of_operators_is_hidden(self, who, role, has_tenant, has_partner, world: World):
        user = getattr(world, who).user
        data = data_of(login(world, user.email))
        claims = jwt.decode(data["access_token"], options={"verify_signature": False})
        tenant_id = world.north.handle if has_tenant else None
        partner_id = world.acme.handle if has_partner else None
        for said in (data["user"], claims):
            assert (said["role"], said["tenant_id"], said["partner_id"]) == (role, tenant_id, partner_id)


class TestSignInTenant:
    def ways(self, tenant: Tenant) -> list[dict[str, str]]:
        return [
            {"tenant": tenant.slug or ""},
            {"tenant": tenant.handle},
            {"path": f"/api/v1/auth/tenants/{tenant.slug}/login"},
            {"path": f"/api/v1/auth/tenants/{tenant.slug}/login/"},
        ]

    @cells("way", range(4))
    def test_tenant_selects_among_users_of_one_address(self, way, world: World):
        for grace in namesakes(world):
            data = data_of(login(world, grace.email, **self.ways(grace.tenant)[way]))
            assert (data["user"]["id"], data["user"]["tenant_id"]) == (grace.handle, grace.tenant.handle)

    def test_missing_tenant_is_401_if_the_address_is_ambiguous(self, world: World):
        namesakes(world)
        assert refused(login(world, "grace@both.example")) == WRONG

    def test_tenant_is_not_needed_once_the_other_user_is_suspended(self, world: World):
        grace, other = namesakes(world)
        other.status = Status.SUSPENDED
        other.save()
        assert data_of(login(world, grace.email))["user"]["id"] == grace.handle

    @cells("who", ["acme_partner", "super_admin"])
    def test_operators_never_need_to_give_a_tenant(self, who, world: World):
        """Otherwise a tenant admin could lock operators out by creating a user of their e-mail address."""
        operator = getattr(world, who).user
        accounts.create_user(actor=SYSTEM, tenant=world.springfield, email=operator.email, password="another one")
        assert data_of(login(world, operator.email))["user"]["id"] == operator.handle
        assert refused(login(world, operator.email, "another one")) == WRONG
        named = data_of(login(world, operator.email, "another one", tenant=world.springfield.slug))
        assert named["user"]["role"] == "user"

    def test_super_admin_wins_over_partner_admin_of_the_same_address(self, world: World):
        operator = world.super_admin.user
        rival = world.person("rival", world.staff_of(world.globex), Role.PARTNER_ADMIN)
        User.objects.filter(pk=rival.pk).update(email=operator.email)
        assert data_of(login(world, operator.email))["user"]["id"] == operator.handle

    def test_wrong_tenant_is_401(self, world: World):
        grace = world.person("grace", world.north)
        for way in self.ways(world.south):
            assert refused(login(world, grace.email, **way)) == WRONG


class TestSignInEmail:
    @cells("spelled", ["Grace@North.Example", "GRACE@NORTH.EXAMPLE", "  grace@north.example "])
    def test_case_and_surrounding_blanks_are_ignored(self, spelled, world: World):
        assert data_of(login(world, spelled))["user"]["id"] == world.person("grace", world.north).handle

    @pytest.fixture(autouse=True)
    def grace(self, world: World) -> User:
        return world.person("grace", world.north)


class TestSignInPassword:
    @cells("close", [f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper(), PASSWORD[:-1], "päßword"])
    def test_almost_correct_password_is_401(self, close, world: World):
        assert refused(login(world, world.person("grace", world.north).email, close)) == WRONG

    @cells("odd", ["  spaces around  ", "p\u0061\u0308ssw\u00f6rd", "пароль и ключ", "🔑🔑🔑🔑🔑🔑🔑🔑"])
    def test_unicode_and_surrounding_blanks_are_allowed(self, odd, world: World):
        accounts.create_user(actor=SYSTEM, tenant=world.north, email="odd@north.example", password=odd)
        data_of(login(world, "odd@north.example", odd))

    def test_is_not_unicode_normalized(self, world: World):
        composed, decomposed = "p\u00e4ssword one", "pa\u0308ssword one"
        accounts.create_user(actor=SYSTEM, tenant=world.north, email="nfc@north.example", password=composed)
        assert refused(login(world, "nfc@north.example", decomposed)) == WRONG
        data_of(login(world, "nfc@north.example", composed))

    def test_too_long_password_is_refused_before_hashing(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("accounts.operations.sign_in.check_password", lambda *_: pytest.fail("it was hashed"))
        answer = login(world, world.person("grace", world.north).email, "x" * 1025)
        assert flaws(answer)[0][0] == ["body", "password"]


def suspended(entity: type, of: Callable[[User], Any]) -> Callable[[World, User], dict[str, Any]]:
    def suspend(world: World, grace: User) -> dict[str, Any]:
        entity.objects.filter(pk=of(grace)).update(status=Status.SUSPENDED)
        return {}

    return suspend


def deleted(entity: type, of: Callable[[User], Any]) -> Callable[[World, User], dict[str, Any]]:
    def delete(world: World, grace: User) -> dict[str, Any]:
        entity.objects.filter(pk=of(grace)).update(deleted_at=grace.created_at)
        return {}

    return delete


def without_password(world: World, grace: User) -> dict[str, Any]:
    grace.set_unusable_password()
    grace.save()
    return {}


WRONG_COMBINATIONS: dict[str, Callable[[World, User], dict[str, Any]]] = {
    "unknown e-mail": lambda world, grace: {"email": "nobody@north.example"},
    "wrong password": lambda world, grace: {"password": "wrong horse battery staple"},
    "another tenant's slug": lambda world, grace: {"tenant": world.south.slug},
    "another tenant's id": lambda world, grace: {"tenant": world.south.handle},
    "a tenant that is not": lambda world, grace: {"tenant": "nowhere"},
    "the tenant that houses operators": lambda world, grace: {"tenant": world.staff_of(world.acme).handle},
    "user suspended": suspended(User, lambda grace: grace.pk),
    "user deleted": deleted(User, lambda grace: grace.pk),
    "tenant suspended": suspended(Tenant, lambda grace: grace.tenant_id),
    "tenant deleted": deleted(Tenant, lambda grace: grace.tenant_id),
    "partner suspended": suspended(Partner, lambda grace: grace.tenant.partner_id),
    "partner deleted": deleted(Partner, lambda grace: grace.tenant.partner_id),
    "no usable password": without_password,
    "password not text": lambda world, grace: {"password": "!"},
}


class TestSignInRefused:
    @cells("case", WRONG_COMBINATIONS)
    def test_every_wrong_combination_gets_the_same_401(self, case, world: World):
        grace = world.person("grace", world.north)
        data_of(login(world, grace.email))  # or else nothing here would be wrong
        body = {"email": grace.email, "password": PASSWORD} | WRONG_COMBINATIONS[case](world, grace)
        answer = world.nobody.post(LOGIN, body)
        assert refused(answer) == WRONG
        by_path = world.nobody.post(f"/api/v1/auth/tenants/{body.pop('tenant', 'north')}/login", body)
        assert refused(by_path) == WRONG
        assert {**answer.headers} | {"X-Request-ID": ""} == {**by_path.headers} | {"X-Request-ID": ""}

    def test_unknown_tenant_in_the_path_gets_the_same_401(self, world: World):
        grace = world.person("grace", world.north)
        assert refused(login(world, grace.email, path="/api/v1/auth/tenants/nowhere/login")) == WRONG

    def test_failed_sign_in_opens_no_session(self, world: World):
        grace = world.person("grace", world.north)
        refused(login(world, grace.email, "wrong"))
        assert not Session.objects.filter(user=grace).exists()
        grace.refresh_from_db()
        assert grace.last_login_at is None


class TestSignInBody:
    def test_unknown_fields_are_refused_by_name(self, world: World):
        answer = login(world, "grace@north.example", role="super_admin", tenant_id="tnt_1")
        assert flaws(answer) == [
            (["body", "role"], "Unknown field", "extra_forbidden"),
            (["body", "tenant_id"], "Unknown field", "extra_forbidden"),
        ]

    def test_tenant_in_body_is_refused_if_the_path_has_one(self, world: World):
        answer = login(world, "a@b.c", path="/api/v1/auth/tenants/north/login", tenant="south")
        assert flaws(answer) == [(["body", "tenant"], "Unknown field", "extra_forbidden")]

    def test_missing_fields_are_named(self, world: World):
        answer = world.nobody.post(LOGIN, {})
        assert [(loc, kind) for loc, _, kind in flaws(answer)] == [
            (["body", "email"], "missing"),
            (["body", "password"], "missing"),
        ]

    def test_optional_fields_may_be_null(self, world: World):
        grace = world.person("grace", world.north)
        data_of(login(world, grace.email, tenant=None, totp_code=None, recovery_code=None))

    def test_error_is_problem_json_if_accepted(self, world: World):
        body = {"email": "nobody@north.example", "password": "wrong"}
        answer = world.nobody.post(LOGIN, body, headers={"Accept": "application/problem+json"})
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert answer.json() == {"type": "about:blank", "title": "Unauthorized", "status": 401, **WRONG}


class TestSignInToApplication:
    def sign_in(self, world: World, client_id: str) -> Any:
        body = {"email": world.ada.user.email, "password": PASSWORD, "client_id": client_id}
        return world.nobody.post(LOGIN, body)

    def test_session_is_opened_for_the_application(self, world: World):
        mail = ApplicationFactory(tenant=world.north)
        opened = data_of(self.sign_in(world, mail.client_id))
        session = data_of(world.north_admin.get(f"/api/v1/admin/sessions/{opened['session_id']}"))
        assert [app["application_id"] for app in session["sso_apps"]] == [mail.handle]
        data_of(Caller(opened["access_token"]).get(ME))
        assert tenancy.suspend(mail, actor=SYSTEM) == 1
        refused(Caller(opened["access_token"]).get(ME))
        data_of(world.ada.get(ME))

    def test_application_of_another_tenant_is_refused_like_an_unknown_one(self, world: World):
        elsewhere = ApplicationFactory(tenant=world.springfield)
        unknown = refused(self.sign_in(world, "nothing-by-that-name"))
        assert refused(self.sign_in(world, elsewhere.client_id)) == unknown
        tenancy.suspend(world.make_service("mail-service", []), actor=SYSTEM)
        assert refused(self.sign_in(world, "mail-service")) == unknown
