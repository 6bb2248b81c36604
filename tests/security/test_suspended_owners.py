"""Every credential is refused once its user, tenant, partner or client is suspended or deleted."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts import operations as accounts
from accounts.models import Agent, Application, TotpDevice, User
from core.access import Scope
from core.crypto import digest
from core.models import Status
from sessions_app import operations
from sessions_app.models import Session
from tenancy.models import Partner, Tenant
from tenancy.operations import change_tenant
from tests.access.callers import api_key_of
from tests.cells import cells
from tests.contract.v1.test_token_exchange import acting_for, application, exchange
from tests.factories import AgentFactory, UserFactory
from tests.world import PASSWORD, SYSTEM, Caller, World

ME, AGENTS = "/api/v1/me", "/api/v1/admin/agents"
LOGIN = "/api/v1/auth/login"
TOKEN = "/api/v1/platform/oauth/token"
FATES: dict[str, dict[str, Any]] = {"suspended": {"status": Status.SUSPENDED}, "deleted": {"deleted_at": Now()}}
ABOVE: dict[str, Callable[[User], Any]] = {
    "user": lambda user: User.objects.filter(pk=user.pk),
    "tenant": lambda user: Tenant.objects.filter(pk=user.tenant_id),
    "partner": lambda user: Partner.objects.filter(tenants=user.tenant_id),
}


def login(user: User, **more: str) -> Any:
    return Caller().post(LOGIN, {"email": user.email, "password": PASSWORD} | more)


def login_by_path(user: User) -> Any:
    path = f"/api/v1/auth/tenants/{user.tenant.slug}/login"
    return Caller().post(path, {"email": user.email, "password": PASSWORD})


def refresh(token: str | None) -> Any:
    return Caller().post("/api/v1/auth/refresh", {"refresh_token": token})


def refreshed(ada: Caller) -> str | None:
    refresh(ada.refresh_token)
    return ada.refresh_token


def enrolled(ada: Caller) -> Caller:
    accounts.enrol_totp(ada.user, actor=SYSTEM)
    TotpDevice.objects.filter(user=ada.user).update(confirmed_at=Now())
    return ada


# Each prepares a credential while all is well, and hands over a way to use it.
WAYS_IN: dict[str, Callable[[World], Callable[[], Any]]] = {
    "password": lambda world: lambda: login(world.ada.user),
    "password, tenant named": lambda world: lambda: login(world.ada.user, tenant="north"),
    "password, tenant by id": lambda world: lambda: login(world.ada.user, tenant=world.north.handle),
    "password, tenant in the path": lambda world: lambda: login_by_path(world.ada.user),
    "access token": lambda world: (ada := world.ada) and (lambda: ada.get(ME)),
    "API key": lambda world: (key := api_key_of(world.ada.user)) and (lambda: key.get(ME)),
    "refresh token": lambda world: (token := world.ada.refresh_token) and (lambda: refresh(token)),
    "refresh token within its grace": lambda world: (token := refreshed(world.ada)) and (lambda: refresh(token)),
}


def is_let_in(answer: Any) -> bool:
    assert answer.status_code in (200, 401), answer.content
    return answer.status_code == 200


@cells("fate", FATES)
@cells("what", ABOVE)
@cells("way", WAYS_IN)
def test_no_credential_works_under_a_suspended_or_deleted_owner(way, what, fate, world: World):
    use = WAYS_IN[way](world)
    assert is_let_in(use())
    sessions = Session.objects.filter(user=world.ada.user).count()
    ABOVE[what](world.ada.user).update(**FATES[fate])
    answer = use()
    assert answer.status_code == 401
    assert answer.json().keys() == {"detail"}
    assert Session.objects.filter(user=world.ada.user).count() == sessions


@cells("fate", FATES)
@cells("what", ABOVE)
def test_mfa_is_not_asked_of_a_suspended_or_deleted_account(what, fate, world: World):
    enrolled(world.ada)
    assert login(world.ada.user).json()["mfa_required"] is True
    ABOVE[what](world.ada.user).update(**FATES[fate])
    for code in ({}, {"totp_code": "123456"}, {"recovery_code": "x"}):
        assert login(world.ada.user, **code).json() == {"detail": "Wrong e-mail, password, code or tenant"}


@cells("fate", FATES)
@cells("what", ABOVE)
def test_pending_sign_in_opens_no_session_after_a_suspension(what, fate, world: World):
    """Suspended after the password check and before the session is opened."""
    proof = world.proof(world.ada.user)
    ABOVE[what](world.ada.user).update(**FATES[fate])
    with pytest.raises(operations.RevokedDuringSignIn):
        operations.open(proof, actor=SYSTEM)


@cells("fate", FATES)
def test_partner_admins_are_signed_out_with_their_partner(fate, world: World):
    assert is_let_in(world.acme_partner.get(ME))
    Partner.objects.filter(pk=world.acme.pk).update(**FATES[fate])
    assert not is_let_in(world.acme_partner.get(ME))
    assert not is_let_in(login(world.acme_partner.user))
    assert is_let_in(world.globex_partner.get(ME))
    assert is_let_in(world.super_admin.get(ME))


@cells("fate", FATES)
@cells("what", ABOVE)
def test_suspension_does_not_affect_other_users_tenants_and_partners(what, fate, world: World):
    beside = {"user": world.alan, "tenant": world.katherine, "partner": world.lisa}[what]
    ABOVE[what](world.ada.user).update(**FATES[fate])
    assert is_let_in(beside.get(ME))
    assert is_let_in(login(beside.user))
    assert is_let_in(refresh(beside.refresh_token))


class TestRecreatedOwner:
    def recreated(self, user: User) -> User:
        User.objects.filter(pk=user.pk).update(deleted_at=Now())
        return UserFactory(tenant=user.tenant, email=user.email)

    def test_user_of_the_same_email_inherits_nothing(self, world: World):
        key = api_key_of(world.ada.user)
        enrolled(world.ada)
        heir = self.recreated(world.ada.user)
        for answer in (world.ada.get(ME), key.get(ME), refresh(world.ada.refresh_token)):
            assert not is_let_in(answer)
        data = login(heir).json()["data"]
        assert data["user"]["id"] == heir.handle != world.ada.user.handle
        mine = Caller(data["access_token"])
        assert [item["id"] for item in mine.get(f"{ME}/sessions").json()["data"]] == [data["session_id"]]
        assert mine.get(f"{ME}/api-keys").json()["data"] == []
        assert mine.get(ME).json()["data"]["mfa_enabled"] is False

    def test_tenant_of_the_same_slug_inherits_nothing(self, world: World):
        ada = world.ada
        Tenant.objects.filter(pk=world.north.pk).update(deleted_at=Now())
        heir = world.tenant(world.globex, "north")
        assert not is_let_in(login(ada.user, tenant="north"))
        assert not is_let_in(ada.get(ME))
        grace = world.person("grace", heir)
        assert login(grace, tenant="north").json()["data"]["user"]["tenant_id"] == heir.handle


def client_credentials(client_id: str, **more: str) -> Any:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": f"{client_id}-secret"} | more
    return Caller().http.generic("POST", TOKEN, urlencode(form), "application/x-www-form-urlencoded")


class TestServiceApplication:
    @pytest.fixture
    def billing(self, world: World) -> Application:
        return world.make_service("billing", [Scope.ADMIN_READ, Scope.ADMIN_WRITE])

    def change(self, billing: Application, **columns: Any) -> None:
        Application.objects.filter(pk=billing.pk).update(**columns)

    def token(self) -> Caller:
        return Caller(client_credentials("billing").json()["access_token"])

    @pytest.mark.parametrize("fate", FATES)
    def test_suspended_or_deleted_service_and_its_tokens_are_refused(self, fate, billing: Application):
        outstanding = self.token()
        assert outstanding.get(ME).status_code == 403  # known, and no person
        self.change(billing, **FATES[fate])
        answer = client_credentials("billing")
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert outstanding.get(ME).status_code == 401

    def test_application_that_is_no_longer_a_platform_service_is_refused(self, billing: Application, world: World):
        for columns in (
            {"application_type": "WEB"},
            {"scope": "TENANT", "tenant": world.north},
            {"scope": "PARTNER", "tenant": None, "partner": world.acme},
        ):
            outstanding = self.token()
            self.change(billing, **columns)
            assert outstanding.get(ME).status_code == 401
            assert client_credentials("billing").status_code == 400
            self.change(billing, application_type="SERVICE", scope="GLOBAL", tenant=None, partner=None)

    def test_reactivated_service_may_use_its_unexpired_tokens(self, billing: Application):
        """After a leak, its tokens must be revoked too; SECURITY.md says how."""
        outstanding = self.token()
        self.change(billing, status=Status.SUSPENDED)
        self.change(billing, status=Status.ACTIVE)
        assert outstanding.get(ME).status_code == 403

    def test_removed_scope_is_not_granted(self, billing: Application):
        self.change(billing, allowed_scopes=["admin:read"])
        assert client_credentials("billing").json()["scope"] == "admin:read"
        assert client_credentials("billing", scope="admin:write").json()["error"] == "invalid_scope"


class TestAgent:
    """An agent depends on itself, its tenant and its partner, but not on its owner."""

    ABOVE: dict[str, Callable[[Agent], QuerySet[Any]]] = {
        "agent": lambda agent: Agent.objects.filter(pk=agent.pk),
        "tenant": lambda agent: Tenant.objects.filter(pk=agent.tenant_id),
        "partner": lambda agent: Partner.objects.filter(tenants=agent.tenant_id),
    }

    @pytest.fixture
    def agent(self, world: World) -> Agent:
        made = AgentFactory(owner_user=world.ada.user, allowed_scopes=["admin:read"])
        Agent.objects.filter(pk=made.pk).update(secret_digest=digest(f"{made.client_id}-secret"))
        return made

    def token(self, agent: Agent) -> Caller:
        return Caller(client_credentials(agent.client_id).json()["access_token"])

    @pytest.mark.parametrize("fate", FATES)
    @pytest.mark.parametrize("what", ABOVE)
    def test_agent_under_a_suspended_or_deleted_owner_is_refused(self, what, fate, agent: Agent):
        outstanding = self.token(agent)
        assert outstanding.get(AGENTS).status_code == 200
        self.ABOVE[what](agent).update(**FATES[fate])
        answer = client_credentials(agent.client_id)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert outstanding.get(AGENTS).status_code == 401

    @pytest.mark.parametrize("fate", FATES)
    def test_agent_survives_the_user_who_owns_it(self, fate, agent: Agent, world: World):
        outstanding = self.token(agent)
        User.objects.filter(pk=world.ada.user.pk).update(**FATES[fate])
        assert outstanding.get(AGENTS).status_code == 200
        assert self.token(agent).get(AGENTS).status_code == 200

    def test_removed_scope_is_refused_in_existing_tokens(self, agent: Agent):
        outstanding = self.token(agent)
        Agent.objects.filter(pk=agent.pk).update(allowed_scopes=["admin:write"])
        assert outstanding.get(AGENTS).status_code == 403
        assert client_credentials(agent.client_id).json()["scope"] == "admin:write"

    def test_agent_of_a_moved_tenant_needs_a_new_token(self, agent: Agent, world: World):
        outstanding = self.token(agent)
        change_tenant(world.north, partner=world.globex, actor=SYSTEM)
        assert outstanding.get(AGENTS).status_code == 401
        assert self.token(agent).get(AGENTS).status_code == 200


class TestDelegatedToken:
    """It depends on the session, the user, the client, and the owners of all three."""

    ABOVE: dict[str, Callable[[World], QuerySet[Any]]] = {
        "user": lambda world: User.objects.filter(pk=world.ada.user.pk),
        "tenant": lambda world: Tenant.objects.filter(pk=world.north.pk),
        "partner": lambda world: Partner.objects.filter(pk=world.acme.pk),
        "application": lambda world: Application.objects.filter(client_id="wiki"),
    }

    @cells("fate", FATES)
    @cells("what", ABOVE)
    def test_is_refused_when_session_user_or_client_is_suspended(self, what, fate, world: World):
        application(world)
        acting = acting_for(world.ada)
        assert is_let_in(acting.get(ME))
        self.ABOVE[what](world).update(**FATES[fate])
        assert not is_let_in(acting.get(ME))
        answer = exchange(world.ada.token)
        assert (answer.status_code, answer.json()["error"]) in ((400, "invalid_request"), (401, "invalid_client"))

    @cells("fate", FATES)
    @cells("scope", ["TENANT", "PARTNER"])
    def test_is_refused_when_the_clients_owner_is_suspended(self, scope, fate, world: World):
        owner = {"tenant": world.north} if scope == "TENANT" else {"partner": world.acme}
        application(world, scope=scope, **owner)
        acting = acting_for(world.ada)
        type(next(iter(owner.values()))).objects.filter(pk=next(iter(owner.values())).pk).update(**FATES[fate])
        assert not is_let_in(acting.get(ME))

    def test_removed_scope_is_refused_in_existing_tokens(self, world: World):
        application(world)
        acting = acting_for(world.north_admin)
        assert acting.get(AGENTS).status_code == 200
        Application.objects.filter(client_id="wiki").update(allowed_scopes=["openid"])
        assert acting.get(AGENTS).status_code == 403

    def test_is_refused_where_the_user_lost_the_role(self, world: World):
        application(world)
        acting = acting_for(world.north_admin)
        User.objects.filter(pk=world.north_admin.user.pk).update(role="user")
        assert acting.get(AGENTS).status_code == 403
