"""An object out of scope is indistinguishable from an unknown id: the responses are equal byte for byte."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts import operations as accounts
from accounts.models import ApiKey, User
from core.access import Scope
from core.ids import Prefix, encode_id
from sessions_app.models import SessionState
from tests.access.database_digest import database_digest
from tests.access.test_permission_matrix import told
from tests.access.valid_requests import revocation_id
from tests.cells import cells
from tests.world import SYSTEM, Caller, World, some_id


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
        "another prefix": f"aud_{letters}",
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
class TestForeignPersonalObject:
    def test_id_of_another_user_is_the_same_404_as_an_unknown_id(self, place: str, world: World):
        prefix, make = PLACES[place]
        unknown = told(world.ada.delete(place + some_id(prefix)))
        for whose, user in of_others(world).items():
            assert told(world.ada.delete(place + make(user, world))) == unknown, whose

    def test_id_of_a_user_below_an_admin_is_the_same_404(self, place: str, world: World):
        prefix, make = PLACES[place]
        handle = make(world.ada.user, world)
        for administrator in (world.north_admin, world.acme_partner, world.super_admin):
            assert told(administrator.delete(place + handle)) == told(administrator.delete(place + some_id(prefix)))
        assert SessionState.objects.live().filter(user=world.ada.user).exists()
        assert not ApiKey.objects.filter(user=world.ada.user, deleted_at__isnull=False).exists()


@here
class TestMalformedPersonalId:
    def test_malformed_id_is_the_same_404_as_an_unknown_id(self, place: str, world: World):
        prefix, make = PLACES[place]
        unknown = told(world.ada.delete(place + some_id(prefix)))
        for what, handle in misspelled(make(world.ada.user, world)).items():
            assert told(world.ada.delete(place + handle)) == unknown, what


@here
class TestUnauthorizedCaller:
    """Refused before any lookup, so an existing id makes no difference."""

    def test_unauthorized_caller_gets_the_same_response_for_any_id(self, place: str, world: World):
        prefix, make = PLACES[place]
        handle = make(world.ada.user, world)
        for caller in (world.nobody, world.service(*Scope), world.service()):
            assert told(caller.delete(place + handle)) == told(caller.delete(place + some_id(prefix)))


class TestDeletedApiKey:
    def test_deleted_key_is_the_same_404_as_an_unknown_key(self, world: World):
        place = "/api/v1/me/api-keys/"
        handle = key_of(world.ada.user, world)
        assert world.ada.delete(place + handle).status_code == 204
        assert told(world.ada.delete(place + handle)) == told(world.ada.delete(place + some_id(Prefix.API_KEY)))


def test_not_found_error_names_the_kind_of_object(world: World):
    def detail(path: str) -> Any:
        return world.ada.delete(path).json()

    assert detail(f"/api/v1/me/sessions/{some_id(Prefix.SESSION)}") == {"detail": "Session not found"}
    assert detail(f"/api/v1/me/api-keys/{some_id(Prefix.API_KEY)}") == {"detail": "API key not found"}
    assert encode_id(Prefix.USER, world.ada.user.pk) not in str(detail(f"/api/v1/me/sessions/{world.ada.user.handle}"))


def made(user: User, world: World) -> dict[str, str]:
    """What an administrator's path may name of somebody."""
    return {
        "tid": user.tenant.handle,
        "uid": user.handle,
        "sid": session_of(user, world),
        "id": revocation_id(user, world),
    }


# Each with what an administrator of north would send to find out whether something is there.
ADMINISTRATIVE: dict[str, tuple[str, dict[str, Any] | None]] = {
    "/api/v1/admin/sessions/{sid}": ("GET", None),
    "/api/v1/admin/sessions/{sid}?": ("DELETE", None),
    "/api/v1/admin/sessions/{sid}/revoke": ("POST", {"reason": "?"}),
    "/api/v1/admin/revocations/{id}": ("GET", None),
    "/api/v1/tenants/{tid}/sessions": ("GET", None),
    "/api/v1/tenants/{tid}/sessions?active_only=false&search=x": ("GET", None),
    "/api/v1/tenants/{tid}/sessions/stats": ("GET", None),
    "/api/v1/tenants/{tid}/sessions/revoke-all": ("POST", {}),
    "/api/v1/tenants/{tid}/sessions/{sid}": ("GET", None),
    "/api/v1/tenants/{tid}/sessions/{sid}?": ("DELETE", None),
    "/api/v1/tenants/{tid}/sessions/users/{uid}": ("GET", None),
    "/api/v1/tenants/{tid}/sessions/users/{uid}/revoke": ("POST", {"revoke_all": True}),
}
NOBODYS = {"tid": Prefix.TENANT, "uid": Prefix.USER, "sid": Prefix.SESSION, "id": Prefix.REVOCATION}


@cells("place", ADMINISTRATIVE)
class TestForeignAdminObject:
    def send(self, caller: Caller, place: str, names: dict[str, str]) -> Any:
        method, body = ADMINISTRATIVE[place]
        return told(caller.request(method, place.format(**names), body))

    def nobodys(self) -> dict[str, str]:
        return {name: some_id(prefix) for name, prefix in NOBODYS.items()}

    def test_object_out_of_scope_is_the_same_404_as_an_unknown_id(self, place: str, world: World):
        for caller, strangers in (
            (world.north_admin, (world.katherine, world.lisa, world.acme_partner)),
            (world.acme_partner, (world.lisa, world.super_admin)),
        ):
            unknown = self.send(caller, place, self.nobodys())
            assert unknown[0] == 404
            for stranger in strangers:
                names = made(stranger.user, world)
                before = database_digest()
                assert self.send(caller, place, names) == unknown
                assert database_digest() == before

    def test_own_and_foreign_id_in_one_path_are_the_same_404(self, place: str, world: World):
        """Each of the two ids exists; one is in the caller's scope, the other is not."""
        own, foreign = made(world.ada.user, world), made(world.katherine.user, world)
        names = [name for name in NOBODYS if f"{{{name}}}" in place]
        for caller in (world.north_admin, world.acme_partner, world.super_admin):
            for stray in names if len(names) > 1 else ():
                unknown = self.send(caller, place, own | {stray: some_id(NOBODYS[stray])})
                assert unknown[0] == 404
                assert self.send(caller, place, own | {stray: foreign[stray]}) == unknown
        assert SessionState.objects.live().filter(user=world.katherine.user).exists()

    def test_malformed_id_is_the_same_404_as_an_unknown_id(self, place: str, world: World):
        own = made(world.ada.user, world)
        for name in [name for name in NOBODYS if f"{{{name}}}" in place]:
            unknown = self.send(world.north_admin, place, own | {name: some_id(NOBODYS[name])})
            for what, handle in misspelled(own[name]).items():
                assert self.send(world.north_admin, place, own | {name: handle}) == unknown, (name, what)

    def test_unauthorized_caller_gets_the_same_response_for_any_id(self, place: str, world: World):
        for caller in (world.nobody, world.ada, world.service()):
            asked = made(world.alan.user, world)
            assert self.send(caller, place, asked) == self.send(caller, place, self.nobodys())
