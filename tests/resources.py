"""Every kind of thing that administrators make, change and delete: what it takes, and whose it is."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from accounts.models import Agent, Application, Group, IdentityProvider, Role, User
from accounts.operations import add_member, nest
from core.models import Entity
from tenancy.models import Partner, Tenant
from tests.factories import (
    OIDC,
    SYSTEM,
    AgentFactory,
    ApplicationFactory,
    GroupFactory,
    IdentityProviderFactory,
    PartnerFactory,
)
from tests.world import World

Body = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """`of` finds or makes one that is `owner`'s to see, which can be deleted; `new` is a body that makes one there.
    `seen_by` tells those that an administrator sees.

    `changes` are fields with another value each; `unique` is the field that two cannot share, if there is one.
    `odd` are values that are wrong in more than their type.
    """

    path: str
    model: type[Entity]
    of: Callable[[User, World], Entity]
    new: Callable[[User, World], Body]
    changes: Mapping[str, Any]
    seen_by: Callable[[User], Q]
    unique: str | None = None
    read_only: frozenset[str] = frozenset()
    odd: Mapping[str, list[Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def parameter(self) -> str:
        """What the published schema calls the ID in the path."""
        return f"{str(self).removesuffix('s').replace('-', '_')}_id"


def within(tenant: str, partner: str) -> Callable[[User], Q]:
    """What an administrator of a tenant or of a partner sees, by the paths from the thing to those."""

    def seen_by(admin: User) -> Q:
        if admin.role == Role.PARTNER_ADMIN:
            return Q(**{partner: admin.tenant.partner_id})
        return Q(**{tenant: admin.tenant_id})

    return seen_by


def nobody(admin: User) -> Q:
    return Q(pk=None)


def unused(name: str) -> str:
    return f"{name}-{secrets.token_hex(4)}"


def partner_of(owner: User) -> Partner:
    assert owner.tenant.partner is not None
    return owner.tenant.partner


def empty_partner(owner: User, world: World) -> Partner:
    return PartnerFactory(name="Empty", slug=unused("empty"))


def new_partner(owner: User, world: World) -> Body:
    return {"name": "Initech", "slug": unused("initech"), "contact_email": "it@initech.example", "max_tenants": 3}


def tenant_of(owner: User, world: World) -> Tenant:
    return owner.tenant


def new_tenant(owner: User, world: World) -> Body:
    return {"partner_id": partner_of(owner).handle, "name": "East", "slug": unused("east"), "settings": {"a": [1]}}


def user_of(owner: User, world: World) -> User:
    return owner


def new_user(owner: User, world: World) -> Body:
    return {"tenant_id": owner.tenant.handle, "email": f"{unused('grace')}@north.example", "first_name": "Grace"}


def group_of(owner: User, world: World) -> Group:
    """They are in it, and so is another group."""
    found = Group.objects.not_deleted().filter(memberships__user=owner, children__isnull=False).first()
    return found or new_group_of(owner)


def new_group_of(owner: User) -> Group:
    made, nested = (GroupFactory(tenant=owner.tenant, name=unused(name)) for name in ("all", "some"))
    add_member(made, owner, actor=SYSTEM)
    nest(made, nested, actor=SYSTEM)
    return made


def new_group(owner: User, world: World) -> Body:
    return {"tenant_id": owner.tenant.handle, "name": unused("Engineering"), "description": "Who\nbuilds it"}


def identity_provider_of(owner: User, world: World) -> IdentityProvider:
    found = IdentityProvider.objects.not_deleted().filter(tenant=owner.tenant).first()
    return found or IdentityProviderFactory(tenant=owner.tenant, client_secret="a secret")


def new_identity_provider(owner: User, world: World) -> Body:
    return {"tenant_id": owner.tenant.handle, "name": "Okta", "provider_type": "OIDC", "config": OIDC}


def application_of(owner: User, world: World) -> Application:
    return ApplicationFactory(name="Intranet", tenant=owner.tenant)


def new_application(owner: User, world: World) -> Body:
    return {
        "name": "Wiki",
        "application_type": "WEB",
        "scope": "TENANT",
        "tenant_id": owner.tenant.handle,
        "allowed_scopes": ["openid", "profile"],
        "redirect_uris": ["https://wiki.example/callback"],
    }


def applications_seen_by(admin: User) -> Q:
    offered = Q(scope="GLOBAL") | Q(partner=admin.tenant.partner_id)
    return offered | within("tenant", "tenant__partner")(admin)


def agent_of(owner: User, world: World) -> Agent:
    return AgentFactory(owner_user=owner)


def new_agent(owner: User, world: World) -> Body:
    return {
        "name": "Archivist",
        "tenant_id": owner.tenant.handle,
        "owner_user_id": owner.handle,
        "allowed_tools": ["search"],
        "rate_limit_rpm": 600,
    }


ODD_NAMES = ["", " ", None, 1, True, ["a"], {"a": "b"}, "a\0b", "x" * 201]
ODD_TEXTS = [None, 1, True, ["a"], {"a": "b"}, "a\0b", "x" * 201]
ODD_SLUGS = ["", "Upper", "a b", "-a", "a-", "a_b", "\N{LATIN SMALL LETTER E WITH ACUTE}", "x" * 64, None, 1, "a\n"]
ODD_EMAILS = ["@", "a", "a@", "a b@c.example", 1, None, f"{'x' * 300}@a.example"]
ODD_WORDS = ["", "ACTIVE ", "active", "DELETED", None, 1, True, ["ACTIVE"]]
ODD_LIMITS = [-1, "3", 1.5, True, 2**31, 10**30, [], {}]
ODD_IDS = [1, [], {}, True]
ODD_SCOPES = [None, "openid", {}, ["a b"], [""], ["a", "a"], [1], ["a\\b"], ['"'], ["\u00e9"], ["x" * 65], ["a\n"]]
ODD_TOOLS = [None, "search", {}, [""], ["a", "a"], [1], [None], ["a\0"], ["x" * 129], [["a"]]]
ODD_FLAGS = [None, 1, 0, "true", "", [], {}]
ODD_ADDRESSES = [  # the rest is asked of core.addresses itself
    "",
    "javascript:alert(1)",
    "http://app.example/",
    "https://good@evil.example/",
    "https://app.example/#fragment",
    "https://*.example/",
    "https://app.example/%2e%2e/admin",
    "https://app.example/%0d%0aSet-Cookie:x",
    "https://app.example/\n",
    f"https://app.example/{'x' * 2000}",
]
INNER_ADDRESSES = ["https://127.0.0.1/", "https://localhost/", "https://[::ffff:127.0.0.1]/", "https://app.example:22/"]
ODD_URIS = [None, "https://app.example/", {}, [1], [None], ["https://a.example/", "https://a.example/"]]
ODD_OBJECTS = [None, [], "a", 1, {"a": "b\0"}, {"a\0": 1}, {"a": "x" * 70_000}]

KINDS = [
    Kind(
        "/api/v1/admin/partners",
        Partner,
        empty_partner,
        new_partner,
        changes={
            "name": "Umbrella",
            "slug": "umbrella",
            "status": "SUSPENDED",
            "contact_email": "a@b.example",
            "max_tenants": 7,
            "max_users_per_tenant": 5,
            "max_applications_per_tenant": 0,
        },
        seen_by=nobody,
        unique="slug",
        odd={
            "name": ODD_NAMES,
            "slug": ODD_SLUGS,
            "status": ODD_WORDS,
            "contact_email": ODD_EMAILS,
            "max_tenants": ODD_LIMITS,
            "max_users_per_tenant": ODD_LIMITS,
            "max_applications_per_tenant": ODD_LIMITS,
        },
    ),
    Kind(
        "/api/v1/admin/tenants",
        Tenant,
        tenant_of,
        new_tenant,
        changes={
            "name": "West",
            "slug": "west",
            "status": "SUSPENDED",
            "contact_email": "a@b.example",
            "settings": {"a": {"b": None}, "c__d": "{{7*7}}"},
            "branding": {"__proto__": "x"},
        },
        seen_by=lambda admin: Q(kind="CUSTOMER") & within("pk", "partner")(admin),
        unique="slug",
        odd={
            "name": ODD_NAMES,
            "slug": ODD_SLUGS,
            "status": ODD_WORDS,
            "contact_email": ODD_EMAILS,
            "settings": ODD_OBJECTS,
            "branding": ODD_OBJECTS,
            "partner_id": [None, 1, [], {}, True],
        },
    ),
    Kind(
        "/api/v1/admin/groups",
        Group,
        group_of,
        new_group,
        changes={"name": "Everybody", "description": "", "group_type": "DISTRIBUTION_LIST"},
        seen_by=within("tenant", "tenant__partner"),
        unique="name",
        odd={
            "name": ODD_NAMES,
            "description": [None, 1, True, ["a"], "a\0b", "x" * 1001],
            "group_type": ["", "security", "ORGANIZATION", None, 1, True, ["SECURITY"]],
        },
    ),
    Kind(
        "/api/v1/admin/identity-providers",
        IdentityProvider,
        identity_provider_of,
        new_identity_provider,
        changes={
            "name": "Entra",
            "status": "SUSPENDED",
            "config": {"issuer": "https://other.example:8443/a?b=c", "client_id": "x", "scopes": []},
        },
        seen_by=within("tenant", "tenant__partner"),
        odd={
            "name": ODD_NAMES,
            "status": ODD_WORDS,
            "config": [*ODD_OBJECTS, {}, OIDC | {"key": 1}, OIDC | {"issuer": "http://idp.example"}],
        },
    ),
]
KINDS += [
    Kind(
        "/api/v1/admin/users",
        User,
        user_of,
        new_user,
        changes={
            "first_name": "Ada",
            "last_name": "Lovelace",
            "display_name": "The Countess",
            "email": "countess@north.example",
            "role": "tenant_admin",
            "status": "SUSPENDED",
            "custom_attributes": {"sAMAccountName": "ada", "memberOf": ["a", {"b": None}]},
        },
        seen_by=within("tenant", "tenant__partner"),
        unique="email",
        odd={
            "first_name": ODD_TEXTS,
            "last_name": ODD_TEXTS,
            "display_name": ODD_TEXTS,
            "email": ODD_EMAILS,
            "status": ODD_WORDS,
            "role": ["", "root", "TENANT_ADMIN", None, 1, ["user"]],
            "custom_attributes": ODD_OBJECTS,
        },
    ),
]


KINDS += [
    Kind(
        "/api/v1/admin/applications",
        Application,
        application_of,
        new_application,
        changes={
            "name": "Encyclopaedia",
            "status": "SUSPENDED",
            "allowed_scopes": ["openid", "a:b/c", "admin:read"],
            "redirect_uris": [
                "https://a.example/cb?x=%20",
                "http://localhost:3000/cb",
                "http://127.0.0.1/",
                "http://[::1]:80/cb",
            ],
            "allowed_origins": ["https://a.example", "https://a.example:8443", "http://localhost:3000"],
            "backchannel_logout_uri": "https://a.example:8443/logout",
            "token_lifetime": 86_400,
            "token_exchange_allowed": True,
        },
        seen_by=applications_seen_by,
        odd={
            "name": ODD_NAMES,
            "status": ODD_WORDS,
            "application_type": ODD_WORDS,
            "scope": ODD_WORDS,
            "partner_id": ODD_IDS,
            "tenant_id": ODD_IDS,
            "allowed_scopes": ODD_SCOPES,
            "redirect_uris": ODD_URIS + [[each] for each in ODD_ADDRESSES],
            "allowed_origins": [
                *ODD_URIS,
                *([each] for each in ODD_ADDRESSES),
                ["https://a.example/"],
                ["null"],
            ],
            "backchannel_logout_uri": [None, 1, [], *ODD_ADDRESSES[1:4], *INNER_ADDRESSES],
            "token_lifetime": [*ODD_LIMITS, None, 59, 86_401],
            "token_exchange_allowed": ODD_FLAGS,
        },
    ),
    Kind(
        "/api/v1/admin/agents",
        Agent,
        agent_of,
        new_agent,
        changes={
            "name": "Historian",
            "status": "SUSPENDED",
            "agent_type": "crawler",
            "allowed_tools": ["search", "a tool with spaces"],
            "allowed_scopes": ["admin:write", "openid"],
            "rate_limit_rpm": 60,
        },
        seen_by=within("tenant", "tenant__partner"),
        odd={
            "name": ODD_NAMES,
            "status": ODD_WORDS,
            "tenant_id": ODD_IDS,
            "owner_user_id": ODD_IDS,
            "agent_type": ["", "a b", "_a", "a-", "a\n", "\u00e9", None, 1, "x" * 33],
            "allowed_tools": ODD_TOOLS,
            "allowed_scopes": ODD_SCOPES,
            "rate_limit_rpm": [*ODD_LIMITS, 0],
        },
    ),
]


def kind_at(path: str) -> Kind | None:
    """The kind that a path, or the beginning of one, is about."""
    return next((kind for kind in KINDS if path == kind.path or path.startswith(f"{kind.path}/")), None)
