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
def test_lets_an_account_sign_in_again(spelled, world: World):
    fail(world)
    assert unlock(spelled) == f"Failed sign-in attempts of {spelled} cleared.\n"
    assert sign_in(world).status_code == 200


def test_lets_it_in_from_an_address_that_it_knows(world: World):
    """Where most people lock themselves out."""
    assert sign_in(world).status_code == 200
    fail(world)
    unlock("grace@north.example")
    assert sign_in(world).status_code == 200


def test_leaves_its_known_addresses_known(world: World):
    assert sign_in(world).status_code == 200
    unlock("grace@north.example")
    fail(world, address=ELSEWHERE)
    assert sign_in(world).status_code == 200


def test_starts_the_count_anew(world: World):
    fail(world)
    unlock("grace@north.example")
    fail(world)


def test_leaves_other_accounts_locked(world: World):
    fail(world)
    unlock("somebody@north.example")
    assert sign_in(world).status_code == 429


def test_does_not_know_whether_there_is_such_an_account(world: World):
    assert unlock("nobody@nowhere.example") == "Failed sign-in attempts of nobody@nowhere.example cleared.\n"


def test_is_recorded(world: World):
    unlock("grace@north.example")
    entry = AuditEntry.objects.get(action="authentication.unlocked", changes__email="grace@north.example")
    assert (entry.actor_type, entry.actor_id) == ("system", "system:unlock_sign_in")
