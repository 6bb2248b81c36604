"""What is not yours is not there: its answer is that of an id that nobody has, byte for byte."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts import operations as accounts
from accounts.models import ApiKey, User
from core.access import Scope
from core.ids import Prefix, show
from sessions_app.models import Session
from tests.access.test_permission_matrix import told
from tests.world import SYSTEM, World, some_id


def session_of(user: User, world: World) -> str:
    return world.signed_in(user).session_id


def key_of(user: User, world: World) -> str:
    return accounts.create_api_key(user, "laptop", actor=SYSTEM).key.handle


PLACES: dict[str, tuple[Prefix, Callable[[User, World], str]]] = {
    "/api/v1/me/sessions/": (Prefix.SESSION, session_of),
    "/api/v1/me/api-keys/": (Prefix.API_KEY, key_of),
}
here = pytest.mark.parametrize("place", PLACES)


def of_others(world: World) -> dict[str, User]:
    return {
        "a colleague": world.alan.user,
        "the tenant's administrator": world.north_admin.user,
        "somebody of a sister tenant": world.katherine.user,
        "somebody of another partner": world.lisa.user,
        "an operator": world.super_admin.user,
    }


def misspelled(handle: str) -> dict[str, str]:
    _, _, letters = handle.partition("_")
    return {
        "upper case": handle.upper(),
        "another prefix": f"usr_{letters}",
        "no prefix": letters,
        "no letters": handle[:4],
        "one letter short": handle[:-1],
        "one letter more": f"{handle}0",
        "beyond 128 bits": f"{handle[:4]}8{letters[1:]}",
        "a letter that is none": f"{handle[:-1]}u",
        "not even text": f"{handle}%00%ff",
        "very long": handle * 100,
        "a wildcard": "*",
    }


@here
class TestSomethingOfSomebodyElse:
    def test_is_not_there(self, place: str, world: World):
        prefix, make = PLACES[place]
        unknown = told(world.ada.delete(place + some_id(prefix)))
        for whose, user in of_others(world).items():
            assert told(world.ada.delete(place + make(user, world))) == unknown, whose

    def test_is_not_there_for_those_above_them_either(self, place: str, world: World):
        prefix, make = PLACES[place]
        handle = make(world.ada.user, world)
        for administrator in (world.north_admin, world.acme_partner, world.super_admin):
            assert told(administrator.delete(place + handle)) == told(administrator.delete(place + some_id(prefix)))
        assert Session.objects.live().filter(user=world.ada.user).exists()
        assert not ApiKey.objects.filter(user=world.ada.user, deleted_at__isnull=False).exists()


@here
class TestAnIdThatCannotBe:
    def test_is_answered_as_one_that_nobody_has(self, place: str, world: World):
        prefix, make = PLACES[place]
        unknown = told(world.ada.delete(place + some_id(prefix)))
        for what, handle in misspelled(make(world.ada.user, world)).items():
            assert told(world.ada.delete(place + handle)) == unknown, what


@here
class TestWhoeverMayNotAskAtAll:
    """Refused before anything is looked up: an id that exists makes no difference."""

    def test_learns_nothing_about_ids(self, place: str, world: World):
        prefix, make = PLACES[place]
        handle = make(world.ada.user, world)
        for caller in (world.nobody, world.service(*Scope), world.service()):
            assert told(caller.delete(place + handle)) == told(caller.delete(place + some_id(prefix)))


class TestADeletedKey:
    def test_is_not_there_even_for_its_owner(self, world: World):
        place = "/api/v1/me/api-keys/"
        handle = key_of(world.ada.user, world)
        assert world.ada.delete(place + handle).status_code == 204
        assert told(world.ada.delete(place + handle)) == told(world.ada.delete(place + some_id(Prefix.API_KEY)))


def test_the_404_speaks_of_the_thing(world: World):
    def detail(path: str) -> Any:
        return world.ada.delete(path).json()

    assert detail(f"/api/v1/me/sessions/{some_id(Prefix.SESSION)}") == {"detail": "Session not found"}
    assert detail(f"/api/v1/me/api-keys/{some_id(Prefix.API_KEY)}") == {"detail": "API key not found"}
    assert show(Prefix.USER, world.ada.user.pk) not in str(detail(f"/api/v1/me/sessions/{world.ada.user.handle}"))
