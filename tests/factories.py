"""The objects that tests begin with, by factory-boy. What the product has an operation for is created by that."""

from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from factory import LazyFunction, SelfAttribute, Sequence, SubFactory, lazy_attribute
from factory.django import DjangoModelFactory

from accounts import operations as accounts
from accounts.models import Agent, Application, Group, IdentityProvider, Role, User
from core.access import Principal
from sessions_app.models import AuthMethod, Revocation, RevocationScope, Session, SessionApplication
from tenancy import operations as tenancy
from tenancy.models import Partner, Tenant

PASSWORD = "correct horse battery staple"
SYSTEM = Principal.system("tests")
OIDC = {"issuer": "https://login.idp.example/", "client_id": "curfew", "scopes": ["openid", "email"]}


@cache
def hashed_password() -> str:
    return make_password(PASSWORD)


class PartnerFactory(DjangoModelFactory[Partner]):
    class Meta:
        model = Partner

    name = Sequence("Partner {}".format)
    slug = Sequence("partner-{}".format)

    @classmethod
    def _create(cls, model_class: type[Partner], **fields: Any) -> Partner:
        return tenancy.create_partner(actor=SYSTEM, **fields)


class TenantFactory(DjangoModelFactory[Tenant]):
    class Meta:
        model = Tenant

    partner = SubFactory(PartnerFactory)
    name = Sequence("Tenant {}".format)
    slug = Sequence("tenant-{}".format)

    @classmethod
    def _create(cls, model_class: type[Tenant], **fields: Any) -> Tenant:
        return tenancy.create_tenant(actor=SYSTEM, **fields)


class UserFactory(DjangoModelFactory[User]):
    """Users with PASSWORD, which is hashed once for all of them."""

    class Meta:
        model = User

    tenant = SubFactory(TenantFactory)
    tenant_kind = SelfAttribute("tenant.kind")
    email = Sequence("user-{}@users.example".format)
    role = Role.USER
    password = LazyFunction(hashed_password)


class GroupFactory(DjangoModelFactory[Group]):
    class Meta:
        model = Group

    tenant = SubFactory(TenantFactory)
    name = Sequence("Group {}".format)

    @classmethod
    def _create(cls, model_class: type[Group], **fields: Any) -> Group:
        return accounts.create_group(actor=SYSTEM, **fields)


class ApplicationFactory(DjangoModelFactory[Application]):
    """Applications of a tenant, of a partner, or of everybody."""

    class Meta:
        model = Application

    tenant = None
    partner = None
    name = Sequence("Application {}".format)
    application_type = Application.Type.WEB

    @lazy_attribute
    def scope(self) -> str:
        if self.tenant:
            return Application.Scope.TENANT
        return Application.Scope.PARTNER if self.partner else Application.Scope.GLOBAL

    @classmethod
    def _create(cls, model_class: type[Application], **fields: Any) -> Application:
        return accounts.create_application(actor=SYSTEM, **fields)[0]


class AgentFactory(DjangoModelFactory[Agent]):
    class Meta:
        model = Agent

    tenant = SelfAttribute("owner_user.tenant")
    owner_user = SubFactory(UserFactory)
    name = "Librarian"

    @classmethod
    def _create(cls, model_class: type[Agent], **fields: Any) -> Agent:
        return accounts.create_agent(actor=SYSTEM, **fields)[0]


class IdentityProviderFactory(DjangoModelFactory[IdentityProvider]):
    class Meta:
        model = IdentityProvider

    tenant = SubFactory(TenantFactory)
    name = "Okta"
    provider_type = IdentityProvider.Type.OIDC
    config = LazyFunction(OIDC.copy)

    @classmethod
    def _create(cls, model_class: type[IdentityProvider], **fields: Any) -> IdentityProvider:
        return accounts.create_identity_provider(actor=SYSTEM, **fields)


class SessionFactory(DjangoModelFactory[Session]):
    """Rows of sessions, whatever their state. `world.signed_in` opens sessions as sign-ins do."""

    class Meta:
        model = Session

    user = SubFactory(UserFactory)
    tenant = SelfAttribute("user.tenant")
    partner = SelfAttribute("user.tenant.partner")
    role = SelfAttribute("user.role")
    auth_method = AuthMethod.PASSWORD


class SessionApplicationFactory(DjangoModelFactory[SessionApplication]):
    class Meta:
        model = SessionApplication

    session = SubFactory(SessionFactory)
    application = SubFactory(ApplicationFactory)


class RevocationFactory(DjangoModelFactory[Revocation]):
    class Meta:
        model = Revocation

    reach = RevocationScope.SESSION
    reason = "test"
    actor_id = SYSTEM.id
    actor_label = SYSTEM.label
