"""Token exchange (RFC 8693): a client acts for a user within the rights of both."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
from django.conf import settings

from accounts import operations as accounts
from accounts.models import Application
from audit.models import AuditEntry
from core.access import Scope
from sessions_app import operations as sessions
from sessions_app.models import RevocationScope, Session
from tests.access.callers import api_key_of
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.contract.v1.answers import data_of, refused
from tests.contract.v1.test_platform_tokens import FORM, PATH, UNKNOWN_CLIENT, denied
from tests.factories import ApplicationFactory
from tests.security.forged_tokens import claims_of
from tests.security.test_platform_scopes import NEEDS_SCOPE, PERSONAL, with_claims
from tests.world import SYSTEM, Caller, World

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ME, USERS = "/api/v1/me", "/api/v1/admin/users"
THEMSELVES = {"detail": "A client that acts for a user cannot do this; the user must do it"}


def application(world: World, name: str = "wiki", **columns: Any) -> Application:
    """A confidential one, for all, that may act for whoever uses it."""
    usual = {"allowed_scopes": ["openid", *Scope], "token_exchange_allowed": True}
    return ApplicationFactory(name=name, client_id=name, secret=f"{name}-secret", **usual | columns)


def exchange(token: str | None, client: str = "wiki", secret: str = "", **form: str) -> Any:
    usual = {"grant_type": EXCHANGE, "subject_token": token or "", "subject_token_type": ACCESS_TOKEN}
    body = usual | {"client_id": client, "client_secret": secret or f"{client}-secret"} | form
    return Caller().http.generic("POST", PATH, urlencode({k: v for k, v in body.items() if v != "..."}), FORM)


def exchanged(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert answer["Cache-Control"] == "no-store"
    assert body.keys() == {"access_token", "issued_token_type", "token_type", "expires_in", "scope"}
    assert (body["issued_token_type"], body["token_type"]) == (ACCESS_TOKEN, "Bearer")
    return body


def acting_for(somebody: Caller, client: str = "wiki", **form: str) -> Caller:
    return Caller(exchanged(exchange(somebody.token, client, **form))["access_token"])


def error_of(answer: Any) -> str:
    return denied(answer, 400)["error"]


class TestExchangedToken:
    def test_has_the_users_claims_and_the_client_as_actor(self, world: World):
        application(world)
        body = exchanged(exchange(world.ada.token, scope="openid"))
        old, new = claims_of(world.ada.token), claims_of(body["access_token"])
        same = ("iss", "aud", "sub", "sid", "tenant_id", "partner_id", "role")
        assert {name: new[name] for name in same} == {name: old[name] for name in same}
        assert (new["act"], new["client_id"], new["scope"]) == ({"sub": "wiki"}, "wiki", "openid")
        assert body["scope"] == "openid"
        assert new["jti"] != old["jti"]

    def test_has_every_allowed_scope_unless_fewer_are_requested(self, world: World):
        application(world)
        assert exchanged(exchange(world.ada.token))["scope"] == "openid admin:read admin:write"
        for odd in ("email", "admin:*", "openid openid", "", " openid", "OPENID"):
            assert error_of(exchange(world.ada.token, scope=odd)) == "invalid_scope"

    def test_does_not_outlive_its_subject_token(self, world: World):
        application(world, token_lifetime=86_400)
        body = exchanged(exchange(world.ada.token))
        assert claims_of(body["access_token"])["exp"] == claims_of(world.ada.token)["exp"]
        assert body["expires_in"] <= claims_of(world.ada.token)["exp"] - int(time.time()) + 1

    def test_does_not_outlive_the_applications_token_lifetime(self, world: World):
        application(world, token_lifetime=60)
        body = exchanged(exchange(world.ada.token))
        claims = claims_of(body["access_token"])
        assert (body["expires_in"], claims["exp"] - claims["iat"]) == (60, 60)

    def test_session_lists_the_application_it_was_used_in(self, world: World):
        made = [application(world), application(world, "mail")]
        path = f"/api/v1/admin/sessions/{world.ada.session_id}"
        for client in ("wiki", "mail", "wiki"):
            acting_for(world.ada, client)
        told = data_of(world.super_admin.get(path))["sso_apps"]
        assert [(each["application_id"], each["application_name"]) for each in told] == [
            (made[1].handle, "mail"),
            (made[0].handle, "wiki"),  # and once more: it was there last
        ]
        for each in made:
            listed = world.super_admin.get(f"/api/v1/admin/sessions?application_id={each.handle}").json()["data"]
            assert [(row["id"], row["app_count"]) for row in listed] == [(world.ada.session_id, 2)]

    def test_refused_exchange_adds_no_application_to_the_session(self, world: World):
        application(world)
        assert error_of(exchange(world.ada.token, scope="email")) == "invalid_scope"
        assert data_of(world.super_admin.get(f"/api/v1/admin/sessions/{world.ada.session_id}"))["sso_apps"] == []

    def test_audit_entry_has_the_client_and_the_user(self, world: World):
        made = application(world)
        acting_for(world.ada, scope="openid")
        [entry] = AuditEntry.objects.filter(action="authentication.token_exchange")
        assert (entry.actor_type, entry.actor_id, entry.resource_id) == ("platform", "wiki", made.handle)
        assert (entry.tenant_id, entry.partner_id) == (world.north.pk, world.acme.pk)
        assert entry.changes == {
            "scope": "openid",
            "user": world.ada.user.handle,
            "session": world.ada.session_id,
        }


class TestRepeatedExchange:
    def test_actor_chain_is_kept_and_scopes_do_not_grow(self, world: World):
        application(world)
        application(world, "search", allowed_scopes=["openid", "email", "admin:read"])
        first = acting_for(world.ada, scope="openid admin:write")
        body = exchanged(exchange(first.token, "search"))
        claims = claims_of(body["access_token"])
        assert claims["act"] == {"sub": "search", "act": {"sub": "wiki"}}
        assert (claims["client_id"], body["scope"]) == ("search", "openid")
        for wider in ("email", "admin:read", "admin:write"):
            assert error_of(exchange(first.token, "search", scope=wider)) == "invalid_scope"

    def test_chain_is_refused_when_any_client_of_it_is(self, world: World):
        application(world)
        application(world, "search")
        both = acting_for(acting_for(world.ada), "search")
        assert both.get(ME).status_code == 200
        for name in ("wiki", "search"):
            for change, back in (
                ({"token_exchange_allowed": False}, {"token_exchange_allowed": True}),
                ({"status": "SUSPENDED"}, {"status": "ACTIVE"}),
            ):
                Application.objects.filter(client_id=name).update(**change)
                assert both.get(ME).status_code == 401
                Application.objects.filter(client_id=name).update(**back)
        assert both.get(ME).status_code == 200

    def test_chain_has_only_the_scopes_that_every_client_has(self, world: World):
        application(world)
        application(world, "search")
        both = acting_for(acting_for(world.north_admin), "search")
        assert both.get(USERS).status_code == 200
        Application.objects.filter(client_id="wiki").update(allowed_scopes=["admin:write"])
        assert refused(both.get(USERS), 403) == NEEDS_SCOPE

    def test_chain_length_is_limited(self, world: World):
        names = ["wiki", "a", "b", "c", "d"]
        for name in names:
            application(world, name)
        caller = world.ada
        for name in names[:4]:
            caller = acting_for(caller, name)
        assert caller.get(ME).status_code == 200
        assert error_of(exchange(caller.token, "d")) == "invalid_request"


class TestDelegatedAccess:
    def test_may_read_the_users_own_data(self, world: World):
        application(world)
        acting = acting_for(world.ada, scope="openid")
        assert data_of(acting.get(ME))["session"]["id"] == world.ada.session_id
        assert acting.get("/api/v1/me/sessions").json()["data"][0]["is_current"] is True
        assert acting.get("/api/v1/me/api-keys").status_code == 200

    @cells(("method", "path"), [each for each in PERSONAL if each[0] != "GET"])
    def test_is_403_where_the_user_must_act_in_person(self, method: str, path: str, world: World):
        application(world)
        acting = acting_for(world.ada)
        before = database_digest()
        assert refused(acting.request(method, path, {}), 403) == THEMSELVES
        assert database_digest() == before
        assert world.ada.get(ME).status_code == 200

    def test_needs_both_the_scope_and_the_users_role(self, world: World):
        application(world)
        body = {"email": "new@north.example"}
        for scopes, read, write in (("openid", 403, 403), ("admin:read", 200, 403), ("admin:write", 403, 201)):
            acting = acting_for(world.north_admin, scope=scopes)
            answers = [acting.get(USERS), acting.post(USERS, body)]
            assert [answer.status_code for answer in answers] == [read, write]
            assert all(answer.json() == NEEDS_SCOPE for answer in answers if answer.status_code == 403)
        acting = acting_for(world.ada, scope="admin:read admin:write")
        for answer in (acting.get(USERS), acting.post(USERS, body)):
            assert refused(answer, 403) == {"detail": "Access denied"}
        assert acting_for(world.north_admin).get("/api/v1/admin/partners").status_code == 403

    def test_is_limited_to_the_users_scope(self, world: World):
        application(world)
        acting = acting_for(world.north_admin)
        assert acting.get(f"{USERS}/{world.ada.user.handle}").status_code == 200
        assert acting.get(f"{USERS}/{world.lisa.user.handle}").status_code == 404

    def test_cannot_change_clients_or_take_over_the_users_account(self, world: World):
        itself = application(world)
        operator, administrator = acting_for(world.super_admin), acting_for(world.north_admin)
        path = f"/api/v1/admin/applications/{itself.handle}"
        before = database_digest()
        for answer in (
            operator.request("PATCH", path, {"allowed_scopes": []}),
            operator.post(f"{path}/rotate-secret"),
            operator.post("/api/v1/admin/applications", {"name": "x", "application_type": "WEB", "scope": "GLOBAL"}),
            operator.post(USERS, {"email": "x@x.example", "role": "super_admin"}),
            operator.post(f"{USERS}/{world.super_admin.user.handle}/reset-password", {"delivery": "code"}),
            administrator.post(f"{USERS}/{world.north_admin.user.handle}/reset-password", {"delivery": "code"}),
        ):
            assert refused(answer, 403) == {"detail": "Access denied"}
        assert database_digest() == before

    def test_does_not_get_the_users_idempotent_responses(self, world: World):
        """Not even with the Idempotency-Key that the user has sent."""
        application(world)
        body = {"name": "Wiki", "application_type": "WEB", "scope": "TENANT"}
        same = {"path": "/api/v1/admin/applications", "body": body, "headers": {"Idempotency-Key": "order-66"}}
        first, again = world.north_admin.post(**same), acting_for(world.north_admin).post(**same)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json()["data"]["client_secret"] != again.json()["data"]["client_secret"]

    def test_audit_entry_has_the_user_as_actor_and_names_the_client(self, world: World):
        application(world)
        data_of(acting_for(world.north_admin).post(USERS, {"email": "new@north.example"}), 201)
        entry = AuditEntry.objects.latest("pk")
        assert (entry.action, entry.actor_type) == ("user.created", "user")
        assert entry.actor_id == world.north_admin.user.handle
        assert entry.changes["acting_client"] == "wiki"


# What befalls the session or the client, after which the exchanged token is none any more.
ENDS: dict[str, Callable[[World, Application], Any]] = {
    "signed out": lambda world, app: world.ada.post("/api/v1/auth/logout"),
    "signed out everywhere": lambda world, app: _end(RevocationScope.USER, world.ada.user.pk),
    "tenant signed out": lambda world, app: _end(RevocationScope.TENANT, world.north.pk),
    "everybody signed out": lambda world, app: _end(RevocationScope.PLATFORM, None),
    "application signed out": lambda world, app: _end(RevocationScope.APPLICATION, app.pk),
    "application may not any more": lambda world, app: _set(app, token_exchange_allowed=False),
    "application suspended": lambda world, app: _set(app, status="SUSPENDED"),
    "application deleted": lambda world, app: _set(app, deleted_at="2026-01-01T00:00Z"),
    "secret rotated": lambda world, app: accounts.rotate_secret(app, actor=SYSTEM),
}


def _end(reach: RevocationScope, target: Any) -> None:
    sessions.revoke_scope(reach, target, actor=SYSTEM, reason="test")


def _set(app: Application, **columns: Any) -> None:
    Application.objects.filter(pk=app.pk).update(**columns)


@cells("what", ENDS)
def test_exchanged_token_is_refused_after_any_end_of_its_basis(what: str, world: World):
    app = application(world)
    acting = acting_for(world.ada)
    assert acting.get(ME).status_code == 200
    ENDS[what](world, app)
    assert acting.get(ME).status_code == 401


def test_exchanged_token_with_forged_claims_is_refused(world: World):
    application(world)
    application(world, "other", token_exchange_allowed=False)
    acting = acting_for(world.north_admin, scope="openid")
    for lie in (
        {"act": {"sub": "other"}},
        {"act": {"sub": "nobody"}},
        {"act": {}},
        {"act": None},
        {"act": "wiki"},
        {"act": {"sub": "wiki", "act": {"sub": "other"}}},
        {"act": {"sub": "wiki", "act": []}},
        {"act": {"sub": ["wiki"]}},
        {"revision": "1"},
        {"scope": ["admin:read"]},
        {"sid": world.ada.session_id},
        {"sub": world.ada.user.handle},
    ):
        assert with_claims(acting, **lie).get(ME).status_code == 401, lie


class TestExchangeClient:
    def test_must_be_allowed_to_exchange(self, world: World):
        for columns in (
            {"token_exchange_allowed": False},
            {"application_type": "SPA", "token_exchange_allowed": True},
        ):
            app = application(world) if not Application.objects.filter(client_id="wiki").exists() else None
            _set(app or Application.objects.get(client_id="wiki"), **columns)
            assert error_of(exchange(world.ada.token)) == "unauthorized_client"

    def test_agent_is_refused(self, world: World):
        agent, secret = accounts.create_agent(
            actor=SYSTEM, tenant=world.north, owner_user=world.ada.user, name="a", allowed_scopes=["openid"]
        )
        assert error_of(exchange(world.ada.token, agent.client_id, secret)) == "unauthorized_client"

    def test_wrong_secret_unknown_and_suspended_clients_are_401(self, world: World):
        app = application(world)
        assert denied(exchange(world.ada.token, secret="wrong"), 401) == UNKNOWN_CLIENT
        assert denied(exchange(world.ada.token, "nobody"), 401) == UNKNOWN_CLIENT
        _set(app, status="SUSPENDED")
        assert denied(exchange(world.ada.token), 401) == UNKNOWN_CLIENT
        failures = AuditEntry.objects.filter(action="authentication.token_exchange", result="failure")
        assert [entry.changes for entry in failures] == [{"reason": "invalid_client"}] * 3

    def test_must_be_available_to_the_users_tenant(self, world: World):
        application(world, "norths", scope="TENANT", tenant=world.north)
        application(world, "acmes", scope="PARTNER", partner=world.acme)
        for client, users, strangers in (
            ("norths", [world.ada, world.north_admin], [world.katherine, world.lisa, world.super_admin]),
            ("acmes", [world.ada, world.katherine, world.acme_partner], [world.lisa, world.super_admin]),
        ):
            for user in users:
                assert acting_for(user, client).get(ME).status_code == 200
            for stranger in strangers:
                assert error_of(exchange(stranger.token, client)) == "invalid_request"


class TestSubjectToken:
    def test_must_be_an_access_token_of_a_live_session(self, world: World):
        application(world)
        over = world.signed_in(world.ada.user)
        over.post("/api/v1/auth/logout")
        late = world.signed_in(world.ada.user)
        Session.objects.filter(pk=late.session.pk).update(idle_limit="0 seconds")
        before = Session.objects.count()
        for token in (
            "",
            "x",
            "a.b.c",
            over.token,
            late.token,
            f"{world.ada.token}x",
            world.ada.refresh_token,
            api_key_of(world.ada.user).token,
            world.service(*Scope).token,
            with_claims(world.ada, exp=1).token,
            jwt.encode({"sub": world.ada.user.handle}, "x" * 32),
        ):
            assert error_of(exchange(token)) == "invalid_request"
        assert Session.objects.count() == before

    @cells(
        ("form", "error"),
        [
            ({"subject_token": "..."}, "invalid_request"),
            ({"subject_token_type": "..."}, "invalid_request"),
            ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
            ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
            ({"actor_token": "x"}, "invalid_request"),
            ({"audience": "https://elsewhere.example"}, "invalid_target"),
            ({"resource": "https://elsewhere.example"}, "invalid_target"),
            ({"grant_type": EXCHANGE.upper()}, "unsupported_grant_type"),
            ({"grant_type": "..."}, "invalid_request"),
        ],
    )
    def test_missing_or_wrong_form_fields_are_refused(self, form: dict[str, str], error: str, world: World):
        application(world)
        assert error_of(exchange(world.ada.token, **form)) == error

    def test_default_token_type_and_audience_are_accepted(self, world: World):
        application(world)
        exchanged(exchange(world.ada.token, requested_token_type=ACCESS_TOKEN, audience=settings.AUDIENCE))
