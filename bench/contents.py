"""What is looked at beside sessions: enough of everything in a tenant to fill a page of 20, so that a list is one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from rest_framework.authtoken.models import Token

from accounts import operations as accounts
from accounts.models import Agent, Application, Group, IdentityProvider, Role, User
from audit.models import AuditEntry
from bench.examples import Example, Who
from bench.visitors import Visitor, made, visitor
from bench.world import SYSTEM, World, new_tenant
from core.models import Record
from sessions_app import operations
from sessions_app.models import Session
from tenancy.models import Partner, Tenant
from tenancy.operations import create_partner

MANY = 25  # a page of 20, and a few more to come
OIDC = {"issuer": "https://login.idp.example/", "client_id": "curfew", "scopes": ["openid", "email"]}
WORDS = {"spec_id": "edge-management", "act": "remove"}


@dataclass
class Place:
    """A tenant of some size: who asks there, and one thing of each kind to ask about."""

    tenant: Tenant
    visitors: dict[Who, Visitor]
    things: dict[str, Record]

    @property
    def ids(self) -> dict[str, str]:
        return WORDS | {f"{name}_id": thing.handle for name, thing in self.things.items()}

    def header(self, example: Example) -> str:
        if example.who is Who.NOBODY:
            return ""
        if example.who is Who.SCHEDULER:
            return f"Authorization: Bearer {settings.CRON_SECRET}"
        visitor = self.visitors[example.who]
        return visitor.cookie if example.by_cookie else visitor.bearer

    def token(self, who: Who) -> str:
        """What somebody brings to the idiomatic view sets."""
        token, _ = Token.objects.get_or_create(user=self.visitors[who].session.user)
        return f"Authorization: Token {token.key}"


def places(world: World, sizes: set[int]) -> dict[int, Place]:
    operator = visitor(world.operator.user)
    for _ in range(MANY):  # sessions of administrators, which have a list of their own
        visitor(world.operator.user)
    above = kept_by_the_operator(world)
    return {size: place(world.tenants[size], operator, above) for size in sorted(sizes)}


def kept_by_the_operator(world: World) -> dict[str, Record]:
    bench: Partner = world.bystander.partner  # type: ignore[assignment]  # a customer has one
    for number in range(MANY):
        create_partner(actor=SYSTEM, name=f"Partner {number}", slug=f"partner-{number}")
        new_tenant(bench, 100 + number)
    return {"partner": bench, "tenant": world.bystander}


def place(tenant: Tenant, operator: Visitor, above: dict[str, Record]) -> Place:
    person = made(tenant, "person@bench.example")
    visitors = {
        Who.OPERATOR: operator,
        Who.ADMINISTRATOR: visitor(made(tenant, "administrator@bench.example", Role.TENANT_ADMIN)),
        Who.PERSON: [visitor(person) for _ in range(MANY)][-1],
    }
    session = Session.objects.filter(tenant=tenant, revoked_at=None).exclude(user=person).order_by("refresh_digest")[0]
    things = above | {"tenant": tenant, "user": person, "session": session, "revocation": revoked_sessions(person)}
    things |= kept_by_the_administrator(tenant, person)
    things["entry"] = AuditEntry.objects.filter(tenant_id=tenant.pk).latest("pk")
    return Place(tenant, visitors, things)


def revoked_sessions(person: User) -> Record:
    """One at a time, each on record as a revocation of its own."""
    for _ in range(MANY):
        brief = Session.objects.filter(pk=visitor(person).session.pk)
        ended = operations.revoke(brief, actor=SYSTEM, reason="measured")
    assert ended.revocation
    return ended.revocation


def kept_by_the_administrator(tenant: Tenant, person: User) -> dict[str, Record]:
    many: dict[str, Callable[[int], Record]] = {
        "agent": partial(agent, tenant, person),
        "application": partial(application, tenant),
        "identity_provider": partial(identity_provider, tenant),
        "group": partial(group, tenant),
        "key": lambda number: accounts.create_api_key(person, f"laptop {number}", actor=SYSTEM).key,
    }
    things = {name: [make(number) for number in range(MANY)][-1] for name, make in many.items()}
    fill(things["group"], tenant)
    return things


def agent(tenant: Tenant, person: User, number: int) -> Agent:
    return accounts.create_agent(actor=SYSTEM, tenant=tenant, owner_user=person, name=f"Agent {number}")[0]


def application(tenant: Tenant, number: int) -> Application:
    return accounts.create_application(
        actor=SYSTEM,
        name=f"Application {number}",
        application_type=Application.Type.WEB,
        scope=Application.Scope.TENANT,
        tenant=tenant,
    )[0]


def identity_provider(tenant: Tenant, number: int) -> IdentityProvider:
    return accounts.create_identity_provider(
        actor=SYSTEM,
        tenant=tenant,
        name=f"Provider {number}",
        provider_type="OIDC",
        config=OIDC,
        client_secret="x" * 20,
    )


def group(tenant: Tenant, number: int) -> Group:
    return accounts.create_group(actor=SYSTEM, tenant=tenant, name=f"Group {number}")


def fill(whole: Record, tenant: Tenant) -> None:
    """With members, and with groups."""
    group = Group.objects.get(pk=whole.pk)
    for user in User.objects.filter(tenant=tenant, role=Role.USER)[:MANY]:
        accounts.add_member(group, user, actor=SYSTEM)
    for inner in Group.objects.filter(tenant=tenant).exclude(pk=group.pk)[:MANY]:
        accounts.nest(group, inner, actor=SYSTEM)
