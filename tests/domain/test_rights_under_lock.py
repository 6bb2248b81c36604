"""Rights are checked again under the lock, after waiting for concurrent changes."""

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.db.models import QuerySet

from accounts import operations as accounts
from accounts.models import Agent, Application, Group, Role, User
from audit.models import AuditEntry
from core.access import Origin, Principal, Scope
from core.models import ConcurrentChange
from sessions_app.api.authentication import principal_of
from sessions_app.operations import locks
from tenancy import operations as tenancy
from tests.access.valid_requests import current_code
from tests.cells import cells
from tests.factories import GroupFactory
from tests.world import SYSTEM, Caller, World

ACTS: dict[str, Callable[[User, Principal], Any]] = {
    "rename": lambda user, actor: accounts.change_user(user, actor=actor, first_name="x"),
    "another address": lambda user, actor: accounts.change_user(user, actor=actor, email="x@x.example"),
    "suspend": lambda user, actor: accounts.change_user(user, actor=actor, status="SUSPENDED"),
    "delete": lambda user, actor: accounts.delete_user(user, actor=actor),
    "reset": lambda user, actor: accounts.issue_password_reset(user, actor=actor, by_mail=False),
    "take the second factor": lambda user, actor: accounts.remove_totp(user, actor=actor),
}
IN_THE_TENANT: dict[str, Callable[[User, Principal], Any]] = {
    "add somebody": lambda user, actor: accounts.create_user(actor=actor, tenant=user.tenant, email="x@x.example"),
    "nest": lambda user, actor: accounts.nest(group("outer"), group("other"), actor=actor),
    "unnest": lambda user, actor: accounts.unnest(group("outer"), group("inner"), actor=actor),
    "add a member": lambda user, actor: accounts.add_member(group("outer"), user, actor=actor),
    "remove a member": lambda user, actor: accounts.remove_member(group("inner"), user, actor=actor),
}
GROUPS = ["outer", "inner", "other"]
ALL_ACTS = ACTS | IN_THE_TENANT


def group(name: str) -> Group:
    return Group.objects.get(name=name)


def as_principal(caller: Caller) -> Principal:
    assert caller.token
    found = principal_of(caller.token, Origin())
    assert found
    return found


def ada_and_all_around_her(world: World) -> User:
    """She has a second factor and is in a group, which is in another."""
    outer, inner, _ = (GroupFactory(tenant=world.north, name=name) for name in GROUPS)
    accounts.nest(outer, inner, actor=SYSTEM)
    accounts.add_member(inner, world.ada.user, actor=SYSTEM)
    accounts.enrol_totp(world.ada.user, actor=SYSTEM)
    accounts.confirm_totp(world.ada.user, current_code(world.ada.user), actor=SYSTEM)
    return User.objects.select_related("tenant").get(pk=world.ada.user.pk)


def is_refused(act: Callable[[], Any]) -> bool:
    before = AuditEntry.objects.count(), list(User.objects.order_by("pk").values())
    with pytest.raises(ConcurrentChange):
        act()
    return (AuditEntry.objects.count(), list(User.objects.order_by("pk").values())) == before


@cells("act", ALL_ACTS)
def test_partner_admin_is_refused_after_the_tenant_has_moved(act: str, world: World):
    user, actor = ada_and_all_around_her(world), as_principal(world.acme_partner)
    tenancy.change_tenant(world.north, partner=world.globex, actor=SYSTEM)
    assert is_refused(lambda: ALL_ACTS[act](user, actor))


@cells("act", ACTS)
def test_admin_is_refused_after_the_target_has_been_promoted(act: str, world: World):
    user, actor = ada_and_all_around_her(world), as_principal(world.north_admin)
    accounts.change_user(User.objects.get(pk=user.pk), role=Role.TENANT_ADMIN, actor=SYSTEM)
    assert is_refused(lambda: ALL_ACTS[act](user, actor))


@cells("act", ALL_ACTS)
@cells(
    "fall",
    [
        {"role": Role.USER},
        {"status": "SUSPENDED"},
        {"deleted_at": "2026-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_admin_is_refused_after_demotion_suspension_or_deletion(act: str, fall: dict[str, str], world: World):
    user, actor = ada_and_all_around_her(world), as_principal(world.north_admin)
    User.objects.filter(pk=world.north_admin.user.pk).update(**fall)
    assert is_refused(lambda: ALL_ACTS[act](user, actor))


FALLS: dict[str, dict[str, Any]] = {
    "suspended": {"status": "SUSPENDED"},
    "deleted": {"deleted_at": "2026-01-01T00:00:00Z"},
    "without its scope": {"allowed_scopes": ["admin:read"]},
}


def service(world: World) -> tuple[Principal, QuerySet[Any]]:
    caller = world.service(Scope.ADMIN_WRITE)
    return as_principal(caller), Application.objects.filter(client_id=as_principal(caller).id)


def agent(world: World) -> tuple[Principal, QuerySet[Any]]:
    scopes = ["admin:write"]
    made, secret = accounts.create_agent(
        actor=SYSTEM, tenant=world.north, owner_user=world.alan.user, name="Librarian", allowed_scopes=scopes
    )
    token = accounts.issue_token(made.client_id, secret, None, origin=Origin()).access_token
    return as_principal(Caller(token)), Agent.objects.filter(pk=made.pk)


@cells("fall", FALLS)
@cells("machine", [service, agent])
def test_service_and_agent_are_refused_after_losing_their_rights(machine: Any, fall: str, world: World):
    user = ada_and_all_around_her(world)
    actor, rows = machine(world)
    assert accounts.add_member(group("outer"), user, actor=actor)
    rows.update(**FALLS[fall])
    for act in ("rename", "add somebody", "nest"):
        assert is_refused(partial(ALL_ACTS[act], user, actor)), act


@cells("act", ALL_ACTS)
def test_admin_who_still_has_the_rights_succeeds(act: str, world: World):
    user, actor = ada_and_all_around_her(world), as_principal(world.north_admin)
    before = AuditEntry.objects.count()
    ALL_ACTS[act](user, actor)
    assert AuditEntry.objects.count() == before + 1


def test_change_made_by_another_request_revokes_nothing(world: World):
    stale = User.objects.select_related("tenant").get(pk=world.ada.user.pk)
    User.objects.filter(pk=stale.pk).update(email="countess@north.example")
    with pytest.raises(ConcurrentChange):
        accounts.change_user(stale, email="countess@north.example", actor=SYSTEM)
    assert world.ada.get("/api/v1/me").status_code == 200


V1 = "/api/v1"
WAYS: dict[str, Callable[[World], Any]] = {
    "delete": lambda world: world.north_admin.delete(f"{V1}/admin/sessions/{world.ada.session_id}"),
    "revoke": lambda world: world.north_admin.post(f"{V1}/admin/sessions/{world.ada.session_id}/revoke", {}),
    "of the tenant": lambda world: world.north_admin.delete(
        f"{V1}/tenants/{world.north.handle}/sessions/{world.ada.session_id}"
    ),
    "of the user": lambda world: world.north_admin.post(
        f"{V1}/tenants/{world.north.handle}/sessions/users/{world.ada.user.handle}/revoke",
        {"session_ids": [world.ada.session_id]},
    ),
}


@cells("way", WAYS)
def test_session_of_a_user_promoted_during_the_request_is_not_revoked(way: str, world: World):
    ada, lock_users = world.ada, locks.lock_users

    def promote_and_lock(user_ids: Any) -> None:
        User.objects.filter(pk=ada.user.pk).update(role=Role.TENANT_ADMIN)
        lock_users(user_ids)

    with patch.object(locks, "lock_users", promote_and_lock):
        assert WAYS[way](world).status_code == 403
    assert ada.get(f"{V1}/me").status_code == 200


@cells("way", WAYS)
def test_session_of_a_user_below_is_revoked(way: str, world: World):
    assert WAYS[way](world).status_code in (200, 204)
    assert world.ada.get(f"{V1}/me").status_code == 401
