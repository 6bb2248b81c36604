"""The unlock_sign_in command."""

from io import StringIO
from typing import Any

from django.core.management import call_command

from audit.models import AuditEntry
from tests.cells import cells
from tests.world import PASSWORD, World

HOME, ELSEWHERE = "203.0.113.1", "203.0.113.2"


def sign_in(world: World, password: str = PASSWORD, address: str = HOME, who: str = "grace") -> Any:
    body = {"email": world.person(who, world.north).email, "password": password}
    return world.nobody.post("/api/v1/auth/login", body, REMOTE_ADDR=address)


def fail(world: World, **where: str) -> None:
    for _ in range(10):
        assert sign_in(world, "wrong", **where).status_code == 401
    assert sign_in(world, **where).status_code == 429


def unlock(email: str) -> str:
    out = StringIO()
    call_command("unlock_sign_in", email, stdout=out)
    return out.getvalue()


@cells("spelled", ["grace@north.example", " Grace@NORTH.example"])
def test_unlocked_account_can_sign_in(spelled, world: World):
    fail(world)
    assert unlock(spelled) == f"Failed sign-in attempts of {spelled} cleared.\n"
    assert sign_in(world).status_code == 200


def test_unlocked_account_can_sign_in_from_a_known_address(world: World):
    """Most users lock themselves out from an address they have used before."""
    assert sign_in(world).status_code == 200
    fail(world)
    unlock("grace@north.example")
    assert sign_in(world).status_code == 200


def test_known_addresses_stay_known(world: World):
    assert sign_in(world).status_code == 200
    unlock("grace@north.example")
    fail(world, address=ELSEWHERE)
    assert sign_in(world).status_code == 200


def test_failure_count_starts_over(world: World):
    fail(world)
    unlock("grace@north.example")
    fail(world)


def test_other_accounts_stay_blocked(world: World):
    fail(world)
    unlock("somebody@north.example")
    assert sign_in(world).status_code == 429


def test_unknown_account_gets_the_same_output(world: World):
    assert unlock("nobody@nowhere.example") == "Failed sign-in attempts of nobody@nowhere.example cleared.\n"


def test_writes_audit_entry(world: World):
    unlock("grace@north.example")
    entry = AuditEntry.objects.get(action="authentication.unlocked", changes__email="grace@north.example")
    assert (entry.actor_type, entry.actor_id) == ("system", "system:unlock_sign_in")
