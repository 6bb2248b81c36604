"""The create_super_admin command."""

import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from audit.models import AuditEntry
from tenancy.models import Tenant
from tests.world import World

PASSWORD = "an operator's own words"


@pytest.fixture
def create(monkeypatch: pytest.MonkeyPatch, world: World) -> Any:
    def create(email: str, password: str = PASSWORD) -> str:
        out = StringIO()
        monkeypatch.setattr(sys, "stdin", StringIO(f"{password}\n"))
        call_command("create_super_admin", email, "--password-stdin", stdout=out)
        return out.getvalue()

    return create


@pytest.mark.parametrize("command", ["createsuperuser", "changepassword"])
def test_commands_of_django_for_accounts_are_refused(command: str, manage: Any):
    ended = manage(command, CURFEW_ENV="development")
    assert (ended.returncode, f"Curfew does not have {command}." in ended.stderr) == (1, True)


def sign_in(world: World, email: str, password: str = PASSWORD) -> Any:
    return world.nobody.post("/api/v1/auth/login", {"email": email, "password": password})


def test_creates_a_super_admin_who_can_sign_in(create, world: World):
    assert create("root@curfew.example") == "root@curfew.example can sign in now.\n"
    user = sign_in(world, "root@curfew.example").json()["data"]["user"]
    assert (user["role"], user["tenant_id"], user["partner_id"]) == ("super_admin", None, None)
    assert User.objects.get(email="root@curfew.example").tenant.kind == Tenant.Kind.PLATFORM_STAFF


def test_password_is_read_without_echo(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: PASSWORD)
    call_command("create_super_admin", "root@curfew.example", stdout=StringIO())
    assert sign_in(world, "root@curfew.example").status_code == 200


def test_surrounding_blanks_of_the_password_are_kept(create, world: World):
    create("root@curfew.example", "  with spaces around  ")
    assert sign_in(world, "root@curfew.example", "with spaces around").status_code == 401
    assert sign_in(world, "root@curfew.example", "  with spaces around  ").status_code == 200


@pytest.mark.parametrize(("unfit", "why"), [("", "too short"), ("short", "too short"), ("password", "too common")])
def test_weak_password_is_refused(unfit, why, create):
    with pytest.raises(CommandError, match=why):
        create("root@curfew.example", unfit)
    assert not User.objects.filter(email="root@curfew.example").exists()


def test_existing_super_admin_is_not_created_again(create, world: World):
    create("root@curfew.example")
    with pytest.raises(CommandError, match=r"ROOT@curfew\.example is already a super admin"):
        create("ROOT@curfew.example", "another password altogether")
    assert sign_in(world, "root@curfew.example").status_code == 200


@pytest.mark.parametrize(
    "odd", ["root", "root@", "@curfew.example", "ro ot@curfew.example", "", "x" * 250 + "@curfew.example"]
)
def test_malformed_email_is_refused(odd, create):
    with pytest.raises(CommandError, match="e-mail"):
        create(odd)


def test_email_of_a_tenants_user_is_accepted(create, world: World):
    create(world.ada.user.email)
    assert sign_in(world, world.ada.user.email).json()["data"]["user"]["role"] == "super_admin"


def test_audit_entry_does_not_contain_the_password(create):
    create("root@curfew.example")
    handle = User.objects.get(email="root@curfew.example").handle
    [entry] = AuditEntry.objects.filter(resource_id=handle, action="user.created")
    assert (entry.actor_type, entry.actor_id, entry.result) == ("system", "system:create_super_admin", "success")
    assert entry.changes == {"email": [None, "root@curfew.example"], "role": [None, "super_admin"]}
