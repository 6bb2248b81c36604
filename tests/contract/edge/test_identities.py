"""Edge API identities: their fields, their scope, and their lists."""

from typing import Any

from accounts.models import Role, User
from core.ids import Prefix
from core.models import Status
from tests.access.callers import Case, api_key_of
from tests.access.valid_requests import second_factor_on
from tests.cells import cells
from tests.contract.edge.client import (
    CURRENT,
    IDENTITIES,
    PATH,
    error,
    filter_error,
    ids,
    list_body,
    list_response,
    with_session_key,
)
from tests.world import World, some_id

CURRENT_IDENTITY = f"{PATH}/current-identity"
EMPTY: dict[str, Any] = {
    **{name: {} for name in ("tags", "authenticators", "enrollment", "envInfo", "sdkInfo", "appData")},
    **{name: {} for name in ("serviceHostingCosts", "serviceHostingPrecedences")},
    **{name: [] for name in ("roleAttributes", "permissions")},
    "isDefaultAdmin": False,
    "hasEdgeRouterConnection": False,
    "externalId": None,
    "defaultHostingCost": 0,
    "defaultHostingPrecedence": "default",
    "edgeRouterConnectionStatus": "offline",
    "typeId": "Default",
    "type": {"entity": "identity-types", "id": "Default", "name": "Default", "_links": {}},
    "authPolicyId": "default",
    "authPolicy": {"entity": "auth-policies", "id": "default", "name": "Default", "_links": {}},
}
TOLD = {"id", "createdAt", "updatedAt", "_links", "name", "isAdmin", "isMfaEnabled", "hasApiSession", "disabled"}


def shown(world: World, user: User) -> dict[str, Any]:
    answer = world.super_admin.get(f"{IDENTITIES}/{user.handle}")
    assert answer.status_code == 200
    assert answer.json()["meta"] == {}
    return answer.json()["data"]


def names(answer: Any) -> list[str]:
    return [each["name"].partition("@")[0] for each in answer["data"]]


class TestIdentityBody:
    def test_has_exactly_the_documented_fields(self, world: World):
        user = world.person("ada", world.north)
        data = shown(world, user)
        assert data.keys() == EMPTY.keys() | TOLD
        assert data | EMPTY == data
        assert (data["id"], data["name"]) == (user.handle, "ada@north.example")
        assert data["_links"] == {"self": {"href": f"./identities/{user.handle}"}}
        assert data["createdAt"] == user.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        flags = ("isAdmin", "isMfaEnabled", "hasApiSession", "disabled")
        assert [data[flag] for flag in flags] == [False] * 4

    def test_list_and_detail_show_the_same_body(self, world: World):
        user = world.ada.user
        answer = list_body(world.super_admin, f'id = "{user.handle}"', path=IDENTITIES)
        assert answer["data"] == [shown(world, user)]
        assert answer["meta"]["pagination"] == {"limit": 10, "offset": 0, "totalCount": 1}
        assert set(answer["meta"]["filterableFields"]) == {
            *("id", "createdAt", "updatedAt", "tags", "isSystem", "name", "type", "isAdmin", "isDefaultAdmin"),
            *("roleAttributes", "authPolicyId", "externalId"),
        }

    def test_is_admin_is_true_for_every_admin_role(self, world: World):
        people = [world.ada, world.north_admin, world.acme_partner, world.super_admin]
        assert [shown(world, caller.user)["isAdmin"] for caller in people] == [False, True, True, True]

    def test_has_api_session_is_true_while_a_session_is_live(self, world: World):
        key = with_session_key(world.person("ada", world.north), world)
        assert shown(world, key.user)["hasApiSession"] is True
        key.delete(CURRENT)
        assert shown(world, key.user)["hasApiSession"] is False

    def test_is_mfa_enabled_follows_enrolment(self, world: World):
        second_factor_on(world, Case("ada", world.ada, world.ada.user))
        assert shown(world, world.ada.user)["isMfaEnabled"] is True

    @cells("what", ["user", "tenant", "partner"])
    def test_is_disabled_when_user_tenant_or_partner_is_suspended(self, what: str, world: World):
        user = world.person("ada", world.north)
        suspended = {"user": user, "tenant": user.tenant, "partner": user.tenant.partner}[what]
        type(suspended).objects.filter(pk=suspended.pk).update(status=Status.SUSPENDED)
        assert shown(world, user)["disabled"] is True

    def test_does_not_contain_the_password_hash(self, world: World):
        answer = world.super_admin.get(f"{IDENTITIES}/{world.ada.user.handle}")
        assert "argon2" not in answer.content.decode()
        assert "argon2" in world.ada.user.password


class TestIdentityList:
    def test_contains_only_users_in_the_callers_scope(self, world: World):
        people = [world.ada, world.katherine, world.lisa, world.acme_partner, world.super_admin, world.north_admin]
        for caller, sees in (
            (world.north_admin, lambda user: user.tenant_id == world.north.pk),
            (world.acme_partner, lambda user: user.tenant.partner_id == world.acme.pk),
            (world.super_admin, lambda user: True),
        ):
            answer = list_body(caller, path=IDENTITIES, limit=500)
            theirs = sorted(each.user.handle for each in people if sees(each.user))
            assert ids(answer) == theirs
            assert answer["meta"]["pagination"]["totalCount"] == len(theirs)

    def test_no_filter_reveals_users_out_of_scope(self, world: World):
        lisa, admin = world.lisa.user, world.north_admin
        for text in (
            f'id = "{lisa.handle}"',
            f'name = "{lisa.email}"',
            'name contains "springfield"',
            "isAdmin or true",
        ):
            assert lisa.handle not in ids(list_body(admin, text, path=IDENTITIES, limit=500))

    def test_leaves_out_deleted_users(self, world: World):
        ada = world.ada.user
        assert world.north_admin.delete(f"/api/v1/admin/users/{ada.handle}").status_code == 204
        assert ids(list_body(world.super_admin, f'id = "{ada.handle}"', path=IDENTITIES)) == []
        assert world.super_admin.get(f"{IDENTITIES}/{ada.handle}").status_code == 404

    def test_is_filtered_sorted_and_paged(self, world: World):
        for name in ("carol", "ann", "bob"):
            world.person(name, world.north)
        admin, part = world.north_admin, {"limit": 2, "sort": "name  asc"}
        answer = list_body(admin, path=IDENTITIES, offset=0, **part)
        assert names(answer) == ["admin", "ann"]
        assert answer["meta"]["pagination"] == {"limit": 2, "offset": 0, "totalCount": 4}
        assert names(list_body(admin, path=IDENTITIES, offset=2, **part)) == ["bob", "carol"]
        assert names(list_body(admin, ' name icontains "ANN"', path=IDENTITIES, offset=0, **part)) == ["ann"]
        assert names(list_body(admin, "isAdmin = false sort by name skip 1 limit 1", path=IDENTITIES)) == ["bob"]
        ordered = list_body(admin, "not isAdmin sort by externalId, name desc", path=IDENTITIES)
        assert names(ordered) == ["carol", "bob", "ann"]

    @cells(
        ("text", "why"),
        [
            ("token = null", "unknown symbol 'token'"),
            ("email = null", "unknown symbol 'email'"),
            ("password = null", "unknown symbol 'password'"),
            ("type.name = null", "unknown symbol 'type.name'"),
            ("isAdmin > true", "operation isAdmin > true is not supported with operands types bool, bool"),
            ("externalId", "expression externalId is of type string, not bool"),
            ("externalId = true", "operation externalId = true is not supported with operands types string, bool"),
            ("anyOf(name) = null", "anyOf(name) is not possible: name is not a set"),
            (
                "anyOf(roleAttributes) = true",
                "operation anyOf(roleAttributes) = true is not supported with operands types string, bool",
            ),
            (
                'count(roleAttributes) = "x"',
                "operation count(roleAttributes) = x is not supported with operands types number, string",
            ),
            (
                "isEmpty(from roleAttributes where true)",
                "roleAttributes has no elements that a query could be asked of",
            ),
            (
                'roleAttributes = "x"',
                "roleAttributes is a set: ask anyOf(roleAttributes), allOf(roleAttributes), count(roleAttributes) or"
                " isEmpty(roleAttributes)",
            ),
        ],
    )
    def test_invalid_filter_is_refused_with_the_reason(self, text: str, why: str, world: World):
        assert filter_error(list_response(world.north_admin, text, path=IDENTITIES)) == why

    @cells("name", ["tags", "tags.x", "roleAttributes", "token"])
    def test_sort_by_an_unsortable_field_is_refused(self, name: str, world: World):
        filter_error(list_response(world.north_admin, path=IDENTITIES, sort=name), "INVALID_SORT_IDENTIFIER")


class TestIdentityNotFound:
    def test_unknown_id_is_404_and_named(self, world: World):
        for handle in (some_id(Prefix.USER), world.ada.session_id, "x", "%00", "a" * 5_000):
            told = error(world.super_admin.get(f"{IDENTITIES}/{handle}"), 404)
            assert told["code"] == "NOT_FOUND"
            assert told["causeMessage"].startswith("identity with id ")

    def test_user_out_of_scope_is_the_same_404(self, world: World):
        told = error(world.north_admin.get(f"{IDENTITIES}/{world.lisa.user.handle}"), 404)
        assert told["causeMessage"] == f"identity with id {world.lisa.user.handle} not found"


class TestCurrentIdentity:
    def test_is_the_callers_user(self, world: World):
        key = with_session_key(world.person("alan", world.north), world)
        for caller, user in ((world.ada, world.ada.user), (key, key.user), (api_key_of(key.user), key.user)):
            data = caller.get(CURRENT_IDENTITY).json()["data"]
            assert data | {"_links": {}} == shown(world, user) | {"_links": {}}
            assert data["_links"] == {"self": {"href": "./current-identity"}}

    def test_is_refused_with_401_without_a_user(self, world: World):
        for caller in (world.service(), world.nobody):
            assert error(caller.get(CURRENT_IDENTITY), 401)["code"] == "UNAUTHORIZED"


@cells("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_writing_an_identity_is_405(method: str, world: World):
    world.person("boss", world.north, Role.TENANT_ADMIN)
    for path in (IDENTITIES, f"{IDENTITIES}/{world.ada.user.handle}", CURRENT_IDENTITY, f"{PATH}/summary"):
        assert error(world.super_admin.request(method, path), 405)["code"] == "METHOD_NOT_ALLOWED"
