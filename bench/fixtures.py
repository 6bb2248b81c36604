"""Everything in a tenant that a route can show: 25 objects of each type, so that every list fills a page of 20."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from rest_framework.authtoken.models import Token

from accounts import operations as accounts
from accounts.models import Agent, Application, Group, IdentityProvider, Role, User
from audit.models import AuditEntry
from bench.callers import Caller, create_user, open_session
from bench.examples import CallerKind, Example
from bench.world import SYSTEM, World, create_tenant
from core.models import Record
from sessions_app import operations
from sessions_app.models import Session
from tenancy.models import Partner, Tenant
from tenancy.operations import create_partner

OBJECTS_PER_TYPE = 25  # one page of 20 and a part of the next
OIDC = {"issuer": "https://login.idp.example/", "client_id": "curfew", "scopes": ["openid", "email"]}
PATH_PARAMETERS = {"spec_id": "edge-management", "action": "remove"}


@dataclass
class TenantFixture:
    """A tenant, its callers, and one object of each type."""

    tenant: Tenant
    callers: dict[CallerKind, Caller]
    objects: dict[str, Record]

    @property
    def ids(self) -> dict[str, str]:
        return PATH_PARAMETERS | {f"{name}_id": record.handle for name, record in self.objects.items()}

    def header(self, example: Example) -> str:
        if example.caller is CallerKind.ANONYMOUS:
            return ""
        if example.caller is CallerKind.SCHEDULER:
            return f"Authorization: Bearer {settings.CRON_SECRET}"
        caller = self.callers[example.caller]
        return caller.cookie if example.by_cookie else caller.bearer

    def drf_token(self, kind: CallerKind) -> str:
        """Return the header with which a caller authenticates to the idiomatic view sets."""
        token, _ = Token.objects.get_or_create(user=self.callers[kind].session.user)
        return f"Authorization: Token {token.key}"


def create_fixtures(world: World, sizes: set[int]) -> dict[int, TenantFixture]:
    super_admin = open_session(world.operator.user)
    for _ in range(OBJECTS_PER_TYPE):  # administrators' sessions have a list of their own
        open_session(world.operator.user)
    shared = operator_objects(world)
    return {size: create_fixture(world.tenants[size], super_admin, shared) for size in sorted(sizes)}


def operator_objects(world: World) -> dict[str, Record]:
    bench: Partner = world.second_tenant.partner  # type: ignore[assignment]  # every customer tenant has one
    for number in range(OBJECTS_PER_TYPE):
        create_partner(actor=SYSTEM, name=f"Partner {number}", slug=f"partner-{number}")
        create_tenant(bench, 100 + number)
    return {"partner": bench, "tenant": world.second_tenant}


def create_fixture(tenant: Tenant, super_admin: Caller, shared: dict[str, Record]) -> TenantFixture:
    user = create_user(tenant, "person@bench.example")
    callers = {
        CallerKind.SUPER_ADMIN: super_admin,
        CallerKind.TENANT_ADMIN: open_session(create_user(tenant, "administrator@bench.example", Role.TENANT_ADMIN)),
        CallerKind.END_USER: [open_session(user) for _ in range(OBJECTS_PER_TYPE)][-1],
    }
    session = Session.objects.filter(tenant=tenant, revoked_at=None).exclude(user=user).order_by("refresh_digest")[0]
    objects = shared | {"tenant": tenant, "user": user, "session": session, "revocation": create_revocations(user)}
    objects |= tenant_admin_objects(tenant, user)
    objects["entry"] = AuditEntry.objects.filter(tenant_id=tenant.pk).latest("pk")
    return TenantFixture(tenant, callers, objects)


def create_revocations(user: User) -> Record:
    """Revoke sessions one at a time, and return the last revocation."""
    for _ in range(OBJECTS_PER_TYPE):
        session = Session.objects.filter(pk=open_session(user).session.pk)
        result = operations.revoke(session, actor=SYSTEM, reason="measured")
    assert result.revocation
    return result.revocation


def tenant_admin_objects(tenant: Tenant, user: User) -> dict[str, Record]:
    factories: dict[str, Callable[[int], Record]] = {
        "agent": partial(create_agent, tenant, user),
        "application": partial(create_application, tenant),
        "identity_provider": partial(create_identity_provider, tenant),
        "group": partial(create_group, tenant),
        "key": lambda number: accounts.create_api_key(user, f"laptop {number}", actor=SYSTEM).key,
    }
    objects = {name: [create(number) for number in range(OBJECTS_PER_TYPE)][-1] for name, create in factories.items()}
    fill_group(Group.objects.get(pk=objects["group"].pk))
    return objects


def create_agent(tenant: Tenant, owner: User, number: int) -> Agent:
    return accounts.create_agent(actor=SYSTEM, tenant=tenant, owner_user=owner, name=f"Agent {number}")[0]


def create_application(tenant: Tenant, number: int) -> Application:
    return accounts.create_application(
        actor=SYSTEM,
        name=f"Application {number}",
        application_type=Application.Type.WEB,
        scope=Application.Scope.TENANT,
        tenant=tenant,
    )[0]


def create_identity_provider(tenant: Tenant, number: int) -> IdentityProvider:
    return accounts.create_identity_provider(
        actor=SYSTEM,
        tenant=tenant,
        name=f"Provider {number}",
        provider_type="OIDC",
        config=OIDC,
        client_secret="x" * 20,
    )


def create_group(tenant: Tenant, number: int) -> Group:
    return accounts.create_group(actor=SYSTEM, tenant=tenant, name=f"Group {number}")


def fill_group(group: Group) -> None:
    """Add users and nested groups to a group."""
    for user in User.objects.filter(tenant=group.tenant_id, role=Role.USER)[:OBJECTS_PER_TYPE]:
        accounts.add_member(group, user, actor=SYSTEM)
    for nested in Group.objects.filter(tenant=group.tenant_id).exclude(pk=group.pk)[:OBJECTS_PER_TYPE]:
        accounts.nest(group, nested, actor=SYSTEM)
