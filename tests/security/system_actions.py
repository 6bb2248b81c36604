"""Audited actions that no route performs, each performed once, with the expected entry."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from accounts import operations as accounts
from accounts.models import Agent, Application, Group, IdentityProvider, Role, User
from audit import log_export
from audit.actions import Action
from audit.models import AuditEntry
from core.models import Status
from sessions_app import operations as sessions
from sessions_app.models import Session
from tenancy import operations as tenancy
from tenancy.models import Partner, Tenant
from tests.commands.many_sessions import opened, update_session
from tests.factories import AgentFactory, GroupFactory, PartnerFactory
from tests.resources import OIDC, group_of, identity_provider_of
from tests.world import SYSTEM, World

Find = Callable[[World], Any]
Prepared = Callable[[World], Callable[[], Any]]


def acme(world: World) -> Partner:
    return world.acme


def empty_partner(world: World) -> Partner:
    return PartnerFactory(slug=f"empty{world.suffix}")


def north(world: World) -> Tenant:
    return world.north


def ada(world: World) -> User:
    return world.ada.user


def billing(world: World) -> Application:
    return world.make_service(f"billing{world.suffix}", [])


def librarian(world: World) -> Agent:
    return AgentFactory(owner_user=world.ada.user)


def new_agent(world: World) -> Callable[[], Any]:
    owner = world.ada.user
    return lambda: accounts.create_agent(actor=SYSTEM, tenant=world.north, owner_user=owner, name="Librarian")


def act(operation: Callable[..., Any], find: Find, *arguments: Any, **named: Any) -> Prepared:
    """`operation` on what `find` finds or makes."""

    def prepare(world: World) -> Callable[[], Any]:
        thing = find(world)
        return lambda: operation(thing, *arguments, actor=SYSTEM, **named)

    return prepare


def suspended(find: Find) -> Find:
    def prepare(world: World) -> Any:
        thing = find(world)
        tenancy.suspend(thing, actor=SYSTEM)
        return thing

    return prepare


def group(world: World) -> Group:
    return group_of(world.ada.user, world)


def identity_provider(world: World) -> IdentityProvider:
    return identity_provider_of(world.ada.user, world)


def with_ada(operation: Callable[..., Any]) -> Prepared:
    """She is in the group that there is, and not in the one that is nested in it."""

    def prepare(world: World) -> Callable[[], Any]:
        found = group(world)
        found = found if operation is accounts.remove_member else found.children.get().child
        return lambda: operation(found, world.ada.user, actor=SYSTEM)

    return prepare


def with_another_group(world: World) -> Callable[[], Any]:
    another = GroupFactory(tenant=world.north)
    found = group(world)
    return lambda: accounts.nest(found, another, actor=SYSTEM)


def without_the_nested_one(world: World) -> Callable[[], Any]:
    found = group(world)
    return lambda: accounts.unnest(found, found.children.get().child, actor=SYSTEM)


def move(world: World) -> Callable[[], Any]:
    return lambda: tenancy.change_tenant(world.north, partner=world.globex, actor=SYSTEM)


def run_out(world: World) -> Callable[[], Any]:
    long_ago = F("last_activity_at") - F("idle_limit")
    Session.objects.filter(pk=world.ada.session.pk).update(last_activity_at=long_ago, due_at=Now())
    return lambda: sessions.expire(actor=SYSTEM)


def throw_away(world: World) -> Callable[[], Any]:
    sessions.revoke(Session.objects.filter(pk=world.ada.session.pk), actor=SYSTEM, reason="test")
    update_session(opened(world.ada, timedelta(days=500)), revoked_at=F("revoked_at") - timedelta(days=400))
    return lambda: sessions.purge(timedelta(days=300), actor=SYSTEM)


SYSTEM_ACTS: dict[str, tuple[Prepared, Action, str]] = {
    "suspending a partner": (act(tenancy.suspend, acme), Action.PARTNER_SUSPENDED, "partner"),
    "a partner's return": (act(tenancy.reactivate, suspended(acme)), Action.PARTNER_REACTIVATED, "partner"),
    "deleting a partner": (act(tenancy.delete, empty_partner), Action.PARTNER_DELETED, "partner"),
    "suspending a tenant": (act(tenancy.suspend, north), Action.TENANT_SUSPENDED, "tenant"),
    "a tenant's return": (act(tenancy.reactivate, suspended(north)), Action.TENANT_REACTIVATED, "tenant"),
    "deleting a tenant": (act(tenancy.delete, north), Action.TENANT_DELETED, "tenant"),
    "moving a tenant": (move, Action.TENANT_MOVED, "tenant"),
    "a session policy": (
        act(tenancy.set_session_policy, north, max_sessions=3),
        Action.SESSION_POLICY_CHANGED,
        "tenant",
    ),
    "suspending a user": (act(accounts.change_user, ada, status=Status.SUSPENDED), Action.USER_SUSPENDED, "user"),
    "a user's return": (act(tenancy.reactivate, suspended(ada)), Action.USER_REACTIVATED, "user"),
    "deleting a user": (act(accounts.delete_user, ada), Action.USER_DELETED, "user"),
    "another role": (act(accounts.change_user, ada, role=Role.TENANT_ADMIN), Action.ROLE_CHANGED, "user"),
    "suspending an application": (act(tenancy.suspend, billing), Action.APPLICATION_SUSPENDED, "application"),
    "an application's return": (
        act(tenancy.reactivate, suspended(billing)),
        Action.APPLICATION_REACTIVATED,
        "application",
    ),
    "changing an application": (
        act(accounts.change_client, billing, redirect_uris=["https://billing.example/"]),
        Action.APPLICATION_UPDATED,
        "application",
    ),
    "another secret of an application": (
        act(accounts.rotate_secret, billing),
        Action.APPLICATION_SECRET_ROTATED,
        "application",
    ),
    "an agent": (new_agent, Action.AGENT_CREATED, "agent"),
    "changing an agent": (act(accounts.change_client, librarian, allowed_tools=["x"]), Action.AGENT_UPDATED, "agent"),
    "another secret of an agent": (act(accounts.rotate_secret, librarian), Action.AGENT_SECRET_ROTATED, "agent"),
    "suspending an agent": (act(tenancy.suspend, librarian), Action.AGENT_SUSPENDED, "agent"),
    "an agent's return": (act(tenancy.reactivate, suspended(librarian)), Action.AGENT_REACTIVATED, "agent"),
    "deleting an agent": (act(tenancy.delete, librarian), Action.AGENT_DELETED, "agent"),
    "deleting an application": (act(tenancy.delete, billing), Action.APPLICATION_DELETED, "application"),
    "renaming a partner": (act(tenancy.change, acme, name="Umbrella"), Action.PARTNER_UPDATED, "partner"),
    "renaming a tenant": (act(tenancy.change_tenant, north, name="West"), Action.TENANT_UPDATED, "tenant"),
    "renaming a user": (act(accounts.change_user, ada, first_name="Ada"), Action.USER_UPDATED, "user"),
    "a reset of a password": (act(accounts.issue_password_reset, ada), Action.PASSWORD_RESET_ISSUED, "user"),
    "making a group": (
        lambda world: lambda: accounts.create_group(actor=SYSTEM, tenant=world.north, name="all"),
        Action.GROUP_CREATED,
        "group",
    ),
    "changing a group": (act(tenancy.change, group, name="everybody"), Action.GROUP_UPDATED, "group"),
    "deleting a group": (act(tenancy.delete, group), Action.GROUP_DELETED, "group"),
    "adding a member": (with_ada(accounts.add_member), Action.GROUP_MEMBER_ADDED, "group"),
    "removing a member": (with_ada(accounts.remove_member), Action.GROUP_MEMBER_REMOVED, "group"),
    "nesting a group": (with_another_group, Action.GROUP_NESTED, "group"),
    "taking a group out again": (without_the_nested_one, Action.GROUP_UNNESTED, "group"),
    "making an identity provider": (
        lambda world: (
            lambda: accounts.create_identity_provider(
                actor=SYSTEM, tenant=world.north, name="Okta", provider_type="OIDC", config=OIDC
            )
        ),
        Action.IDENTITY_PROVIDER_CREATED,
        "identity_provider",
    ),
    "changing an identity provider": (
        act(accounts.change_identity_provider, identity_provider, name="Entra"),
        Action.IDENTITY_PROVIDER_UPDATED,
        "identity_provider",
    ),
    "suspending an identity provider": (
        act(tenancy.suspend, identity_provider),
        Action.IDENTITY_PROVIDER_SUSPENDED,
        "identity_provider",
    ),
    "an identity provider's return": (
        act(tenancy.reactivate, suspended(identity_provider)),
        Action.IDENTITY_PROVIDER_REACTIVATED,
        "identity_provider",
    ),
    "deleting an identity provider": (
        act(tenancy.delete, identity_provider),
        Action.IDENTITY_PROVIDER_DELETED,
        "identity_provider",
    ),
    "running out": (run_out, Action.SESSIONS_EXPIRED, ""),
    "throwing away": (throw_away, Action.SESSIONS_PURGED, ""),
    "exporting": (
        lambda world: lambda: list(sessions.export([world.north], actor=SYSTEM, file_format="csv")),
        Action.SESSIONS_EXPORTED,
        "",
    ),
    "exporting the record": (
        lambda world: (
            lambda: log_export.export(
                AuditEntry.objects.all(), AuditEntry.objects.all(), actor=SYSTEM, file_format="csv", filters={}
            )
        ),
        Action.RECORD_EXPORTED,
        "",
    ),
    "signing administrators out": (
        lambda world: lambda: sessions.bump_token_version(actor=SYSTEM, reason="test"),
        Action.ADMINS_SIGNED_OUT,
        "revocation",
    ),
    "counting again": (
        lambda world: lambda: sessions.rebuild_counters(actor=SYSTEM, difference_count=2),
        Action.COUNTERS_REBUILT,
        "",
    ),
}
