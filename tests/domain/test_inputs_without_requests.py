"""The rules of an input hold for whoever has a principal, with or without a request."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rest_framework.exceptions import PermissionDenied, ValidationError

from accounts import operations as accounts
from accounts.api.v1.serializers.groups import NewMember
from accounts.api.v1.serializers.people import ChangedUser, NewUser
from accounts.models import Group, Role, User
from core.access import ActorType, Principal, Scope
from core.api.serializers import ResourceInput
from core.ids import Prefix
from core.models import VersionMismatch
from tests.cells import cells
from tests.domain.test_rights_under_lock import as_principal
from tests.world import SYSTEM, World, some_id

NEW = {"email": "grace@north.example"}


def save(serializer: ResourceInput) -> Any:
    serializer.is_valid(raise_exception=True)
    return serializer.save()


def new_user(principal: Principal, **data: Any) -> Any:
    return save(NewUser(data=NEW | data, context={"principal": principal}))


def update_user(user: User, principal: Principal, versions: frozenset[str] | None = None, **data: Any) -> ResourceInput:
    serializer = ChangedUser(user, data=data, partial=True, context={"principal": principal, "versions": versions})
    save(serializer)
    return serializer


def test_user_is_created_in_the_tenant_of_the_administrator(world: World):
    assert new_user(as_principal(world.north_admin)).tenant == world.north


def test_update_reports_how_many_sessions_it_ended(world: World):
    assert world.ada.session
    serializer = update_user(world.ada.user, as_principal(world.north_admin), email="countess@north.example")
    assert serializer.sessions_ended == 1


def test_update_of_another_version_is_refused(world: World):
    with pytest.raises(VersionMismatch):
        update_user(world.ada.user, as_principal(world.north_admin), frozenset(["0"]), first_name="A")


def test_unknown_field_is_refused(world: World):
    with pytest.raises(ValidationError, match="Unknown field"):
        new_user(as_principal(world.north_admin), nickname="G")


def test_foreign_tenant_is_refused_like_one_that_does_not_exist(world: World):
    for handle in (world.springfield.handle, some_id(Prefix.TENANT)):
        with pytest.raises(PermissionDenied):
            new_user(as_principal(world.north_admin), tenant_id=handle)


def test_member_of_another_tenant_is_refused(world: World):
    group: Group = accounts.create_group(actor=SYSTEM, tenant=world.north, name="all")
    foreign = world.person("homer", world.springfield)
    with pytest.raises(PermissionDenied):
        save(NewMember(group, data={"user_id": foreign.handle}, context={"principal": as_principal(world.super_admin)}))


@cells("role", [Role.SUPER_ADMIN, Role.PARTNER_ADMIN, Role.TENANT_ADMIN])
def test_role_above_the_administrators_own_cannot_be_given(role: Role, world: World):
    with pytest.raises(accounts.RoleNotGrantable):
        new_user(as_principal(world.north_admin), role=role)


def test_operation_refuses_a_role_that_the_actor_may_not_give(world: World):
    with pytest.raises(accounts.RoleNotGrantable):
        accounts.create_user(
            actor=as_principal(world.north_admin), tenant=world.north, email="g@north.example", role=Role.TENANT_ADMIN
        )
    with pytest.raises(accounts.RoleNotGrantable):
        accounts.change_user(world.ada.user, actor=as_principal(world.north_admin), role=Role.TENANT_ADMIN)


def test_user_of_a_tenant_cannot_become_staff(world: World):
    with pytest.raises(accounts.RoleDoesNotFit):
        accounts.change_user(world.ada.user, actor=as_principal(world.super_admin), role=Role.PARTNER_ADMIN)


CREDENTIALS: dict[str, Callable[[User, Principal], Any]] = {
    "e-mail address": lambda user, actor: accounts.change_user(user, actor=actor, email="x@north.example"),
    "role": lambda user, actor: accounts.change_user(user, actor=actor, role=Role.USER),
    "password": lambda user, actor: accounts.issue_password_reset(user, actor=actor),
    "second factor": lambda user, actor: accounts.remove_totp(user, actor=actor),
}


@cells("credential", CREDENTIALS)
def test_api_key_changes_no_credentials(credential: str, world: World):
    with_key = replace(as_principal(world.north_admin), type=ActorType.API_KEY, session_id=None)
    with pytest.raises(accounts.SignInRequired):
        CREDENTIALS[credential](world.ada.user, with_key)


@cells("credential", ["password", "second factor"])
def test_own_credentials_are_not_changed_as_somebody_elses(credential: str, world: World):
    with pytest.raises(accounts.OwnAccount):
        CREDENTIALS[credential](world.north_admin.user, as_principal(world.north_admin))


def test_machine_gets_no_reset_code(world: World):
    machine = Principal.agent("agent-x", world.north.pk, world.acme.pk, frozenset(Scope), origin=SYSTEM.origin)
    with pytest.raises(accounts.CodeNotForClients):
        accounts.issue_password_reset(world.ada.user, actor=machine, by_mail=False)
