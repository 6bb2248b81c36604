"""What is particular about people: who may be made what by whom, and what ends with a change."""

import json
from typing import Any

from accounts import operations as accounts
from accounts.models import Role, User
from audit.models import AuditEntry
from core.access import Scope
from core.ids import Prefix
from tenancy.models import Partner, Tenant
from tests.access.callers import api_key_of
from tests.access.valid_requests import current_code
from tests.cells import cells
from tests.contract.v1.answers import ACCESS_DENIED, ME, data_of, flaws, page, refused
from tests.world import PASSWORD, SYSTEM, Caller, World, some_id

USERS = "/api/v1/admin/users"
SIGN_IN = "/api/v1/auth/login"
TIERS = {"north_admin": Role.TENANT_ADMIN, "acme_partner": Role.PARTNER_ADMIN, "super_admin": Role.SUPER_ADMIN}
FIELDS = {
    *("id", "created_at", "updated_at", "tenant_id", "partner_id", "email", "first_name", "last_name"),
    *("display_name", "role", "status", "mfa_enabled", "custom_attributes", "last_login_at"),
}


def at(user: User) -> str:
    return f"{USERS}/{user.handle}"


def patch(caller: Caller, user: User, **body: Any) -> Any:
    return caller.request("PATCH", at(user), body)


def new(email: str = "new@north.example", **more: Any) -> dict[str, Any]:
    return {"email": email, **more}


class TestAUser:
    def test_has_the_fields_of_the_reference(self, world: World):
        shown = data_of(world.north_admin.get(at(world.ada.user)))
        assert shown.keys() == FIELDS
        assert (shown["tenant_id"], shown["partner_id"]) == (world.north.handle, world.acme.handle)
        assert (shown["email"], shown["role"], shown["status"]) == (world.ada.user.email, "user", "ACTIVE")
        assert (shown["mfa_enabled"], shown["custom_attributes"]) == (False, {})

    def test_who_administers_has_no_tenant_to_show(self, world: World):
        shown = data_of(world.super_admin.get(at(world.acme_partner.user)))
        assert (shown["tenant_id"], shown["partner_id"]) == (None, world.acme.handle)
        shown = data_of(world.super_admin.get(at(world.super_admin.user)))
        assert (shown["tenant_id"], shown["partner_id"]) == (None, None)

    def test_cannot_be_given_a_password(self, world: World):
        for answer in (
            patch(world.super_admin, world.ada.user, password="x" * 20),
            world.super_admin.post(USERS, new(tenant_id=world.north.handle, password="x" * 20)),
        ):
            assert (["body", "password"], "Unknown field", "extra_forbidden") in flaws(answer)
        assert world.nobody.post(SIGN_IN, {"email": world.ada.user.email, "password": PASSWORD}).status_code == 200


class TestANewUser:
    def test_lives_where_its_administrator_does(self, world: World):
        made = data_of(world.north_admin.post(USERS, new()), 201)
        assert (made["tenant_id"], made["role"]) == (world.north.handle, "user")

    @cells("who", ["acme_partner", "super_admin"])
    def test_needs_a_tenant_of_whoever_has_none(self, who: str, world: World):
        ((where, _, type_),) = flaws(getattr(world, who).post(USERS, new()))
        assert (where, type_) == (["body", "tenant_id"], "missing")

    @cells("who", TIERS)
    @cells("role", list(Role))
    def test_is_made_what_is_below_whoever_makes_it(self, who: str, role: Role, world: World):
        place = {Role.SUPER_ADMIN: {}, Role.PARTNER_ADMIN: {"partner_id": world.acme.handle}}
        body = new(role=role, **place.get(role, {"tenant_id": world.north.handle}))
        before = User.objects.count()
        caller = getattr(world, who)
        answer = caller.post(USERS, body)
        if role.tier < TIERS[who].tier or TIERS[who] is Role.SUPER_ADMIN:
            assert data_of(answer, 201)["role"] == role
        else:
            assert refused(answer, 403) == ACCESS_DENIED
            assert User.objects.filter(email="new@north.example").count() == 0
            assert User.objects.count() <= before + 1  # the caller themself, at the first look

    def test_is_no_operator_by_a_services_doing(self, world: World):
        service = world.service(Scope.ADMIN_WRITE)
        assert refused(service.post(USERS, new(role="super_admin")), 403) == ACCESS_DENIED
        operator = world.super_admin.user
        assert refused(patch(service, operator, first_name="x"), 403) == ACCESS_DENIED
        assert refused(service.post(f"{at(operator)}/reset-password", {}), 403) == ACCESS_DENIED

    @cells(
        ("role", "place"),
        [
            ("super_admin", "tenant_id"),
            ("super_admin", "partner_id"),
            ("partner_admin", "tenant_id"),
            ("user", "partner_id"),
        ],
    )
    def test_lives_in_one_place(self, role: str, place: str, world: World):
        where = world.north.handle if place == "tenant_id" else world.acme.handle
        ((loc, _, _),) = flaws(world.super_admin.post(USERS, new(role=role, **{place: where})))
        assert loc == ["body", place]

    def test_of_a_place_that_is_not_there_is_refused_as_that_of_others(self, world: World):
        staff = world.staff_of(world.acme).handle
        for place in (world.springfield.handle, some_id(Prefix.TENANT), "tnt_x", staff):
            assert refused(world.acme_partner.post(USERS, new(tenant_id=place)), 403) == ACCESS_DENIED

    def test_may_have_an_email_of_somebody_elsewhere(self, world: World):
        email = world.lisa.user.email
        assert data_of(world.north_admin.post(USERS, new(email)), 201)["email"] == email
        assert refused(world.north_admin.post(USERS, new(email.upper())), 409)

    def test_has_an_email_that_is_short_enough_when_small(self, world: World):
        email = f"a@{'.'.join(['İ' * 25] * 9)}.example"
        assert len(email) <= 254 < len(email.lower())
        for answer in (
            world.north_admin.post(USERS, new(email)),
            patch(world.north_admin, world.ada.user, email=email),
        ):
            assert [(loc, type_) for loc, _, type_ in flaws(answer)] == [(["body", "email"], "value_error.max_length")]

    def test_counts_towards_the_limit(self, world: World):
        used = User.objects.not_deleted().filter(tenant=world.north).count() + 1
        assert world.north_admin
        Partner.objects.filter(pk=world.acme.pk).update(max_users_per_tenant=used)
        told = refused(world.north_admin.post(USERS, new()), 409)["detail"]
        assert told == f"max_users_per_tenant is {used}, and {used} are in use"

    def test_cannot_sign_in_until_a_password_is_chosen(self, world: World):
        made = data_of(world.north_admin.post(USERS, new()), 201)
        credentials = {"email": made["email"], "password": ""}
        assert world.nobody.post(SIGN_IN, credentials | {"password": "None"}).status_code == 401
        code = data_of(world.north_admin.post(f"{USERS}/{made['id']}/reset-password", {"delivery": "code"}))["code"]
        data_of(world.nobody.post("/api/v1/auth/reset-password", {"code": code, "new_password": PASSWORD}))
        assert world.nobody.post(SIGN_IN, credentials | {"password": PASSWORD}).status_code == 200


class TestAChange:
    @cells("change", [{"role": "tenant_admin"}, {"email": "other@north.example"}, {"status": "SUSPENDED"}])
    def test_that_ends_sessions_says_how_many(self, change: dict[str, str], world: World):
        phone = world.signed_in(world.ada.user)
        answer = patch(world.super_admin, world.ada.user, **change)
        assert answer["Sessions-Ended"] == "2"
        assert [caller.get(ME).status_code for caller in (phone, world.ada, world.alan)] == [401, 401, 200]

    def test_of_a_name_ends_nothing(self, world: World):
        assert patch(world.north_admin, world.ada.user, first_name="Augusta")["Sessions-Ended"] == "0"
        assert world.ada.get(ME).status_code == 200

    def test_back_revives_nothing(self, world: World):
        assert world.ada
        for status in ("SUSPENDED", "ACTIVE"):
            data_of(patch(world.north_admin, world.ada.user, status=status))
        assert world.ada.get(ME).status_code == 401
        assert world.nobody.post(SIGN_IN, {"email": world.ada.user.email, "password": PASSWORD}).status_code == 200

    @cells(("before", "after"), [(1, True), (0, False), (True, 1), ([0, {"b": 1}], [0, {"b": True}])])
    def test_of_nothing_but_a_type_is_one(self, before: Any, after: Any, world: World):
        data_of(patch(world.north_admin, world.ada.user, custom_attributes={"is_vip": before}))
        shown = data_of(patch(world.north_admin, world.ada.user, custom_attributes={"is_vip": after}))
        assert json.dumps(shown["custom_attributes"]) == json.dumps({"is_vip": after})
        changes = AuditEntry.objects.latest("pk").changes["custom_attributes"]
        assert json.dumps(changes) == json.dumps([{"is_vip": before}, {"is_vip": after}])

    def test_of_what_is_the_same_but_for_its_order_is_none(self, world: World):
        data_of(patch(world.north_admin, world.ada.user, custom_attributes={"a": 1, "bb": [2]}))
        before = AuditEntry.objects.count()
        data_of(patch(world.north_admin, world.ada.user, custom_attributes={"bb": [2.0], "a": 1}))
        assert AuditEntry.objects.count() == before

    def test_of_several_things_is_one_entry_that_names_them_all(self, world: World):
        operator, user = world.super_admin, world.ada.user
        before = AuditEntry.objects.count()
        data_of(patch(operator, user, role="tenant_admin", first_name="Augusta", status="SUSPENDED"))
        entry = AuditEntry.objects.latest("pk")
        assert AuditEntry.objects.count() == before + 1
        assert entry.action == "user.role_changed"
        assert entry.changes == {
            "role": ["user", "tenant_admin"],
            "first_name": ["", "Augusta"],
            "status": ["ACTIVE", "SUSPENDED"],
            "sessions_ended": 1,
        }

    @cells("role", ["partner_admin", "super_admin"])
    def test_to_staff_is_none(self, role: str, world: World):
        ((where, _, _),) = flaws(patch(world.super_admin, world.ada.user, role=role))
        assert where == ["body", "role"]

    def test_of_the_role_is_for_those_above_it(self, world: World):
        assert refused(patch(world.north_admin, world.ada.user, role="tenant_admin"), 403) == ACCESS_DENIED
        assert data_of(patch(world.acme_partner, world.ada.user, role="tenant_admin"))["role"] == "tenant_admin"
        assert data_of(patch(world.north_admin, world.north_admin.user, first_name="Me", role="tenant_admin"))

    @cells("act", ["PATCH", "DELETE", "reset-password", "mfa/disable"])
    def test_of_a_peer_is_not_ones_to_make(self, act: str, world: World):
        peer = world.person("another-admin", world.north, Role.TENANT_ADMIN)
        caller = world.north_admin
        answer = caller.request(act, at(peer), {}) if act.isupper() else caller.post(f"{at(peer)}/{act}", {})
        assert refused(answer, 403) == ACCESS_DENIED

    def test_of_the_last_operator_is_refused(self, world: World):
        me = world.super_admin
        User.objects.filter(role=Role.SUPER_ADMIN).exclude(pk=me.user.pk).update(status="SUSPENDED")
        assert "last active super admin" in refused(patch(me, me.user, status="SUSPENDED"), 409)["detail"]
        assert "last active super admin" in refused(me.delete(at(me.user)), 409)["detail"]
        assert me.get(ME).status_code == 200


class TestAList:
    def test_is_filtered(self, world: World):
        for who in ("ada", "katherine", "lisa", "north_admin", "acme_partner"):
            assert getattr(world, who)
        operator = world.super_admin

        def found(query: str) -> set[str]:
            return {row["email"] for row in page(operator.get(f"{USERS}?per_page=100&{query}"))[0]}

        assert found(f"tenant_id={world.north.handle}") == {world.ada.user.email, world.north_admin.user.email}
        of_acme = {getattr(world, who).user.email for who in ("ada", "katherine", "north_admin", "acme_partner")}
        assert found(f"partner_id={world.acme.handle}") == of_acme
        assert found(f"partner_id={world.acme.handle}&role=partner_admin") == {world.acme_partner.user.email}
        assert found(f"tenant_id={world.north.handle}&search=ADA") == {world.ada.user.email}

    def test_of_what_is_deleted_is_empty(self, world: World):
        assert world.ada
        Tenant.objects.filter(pk=world.north.pk).update(deleted_at="2026-01-01T00:00:00Z")
        assert world.super_admin.get(at(world.ada.user)).status_code == 404
        assert page(world.super_admin.get(f"{USERS}?tenant_id={world.north.handle}"))[0] == []


class TestDeletion:
    def test_leaves_nothing_to_inherit(self, world: World):
        email, old = world.ada.user.email, world.ada
        data_of(patch(world.super_admin, old.user, role="tenant_admin", custom_attributes={"a": 1}))
        assert world.super_admin.delete(at(old.user)).status_code == 204
        again = data_of(world.north_admin.post(USERS, new(email)), 201)
        assert (again["role"], again["custom_attributes"], again["id"] == old.user.handle) == ("user", {}, False)
        assert old.get(ME).status_code == 401


class TestTheSecondFactor:
    def test_is_taken_away_and_sessions_end(self, world: World):
        accounts.enrol_totp(world.ada.user, actor=SYSTEM)
        accounts.confirm_totp(world.ada.user, current_code(world.ada.user), actor=SYSTEM)
        before = world.north_admin.get(at(world.ada.user))
        assert data_of(before)["mfa_enabled"] is True
        assert data_of(world.north_admin.post(f"{at(world.ada.user)}/mfa/disable")) == {"sessions_ended": 1}
        after = world.north_admin.get(at(world.ada.user))
        assert (data_of(after)["mfa_enabled"], after["ETag"] == before["ETag"]) == (False, False)
        assert world.ada.get(ME).status_code == 401
        assert (
            "does not have MFA" in refused(world.north_admin.post(f"{at(world.ada.user)}/mfa/disable"), 409)["detail"]
        )


class TestOnesOwnAccount:
    @cells("who", TIERS)
    @cells("act", ["reset-password", "mfa/disable"])
    def test_is_not_opened_from_the_administrators_side(self, act: str, who: str, world: World):
        caller = getattr(world, who)
        assert "/api/v1/me" in refused(caller.post(f"{at(caller.user)}/{act}", {}), 403)["detail"]
        assert caller.get(ME).status_code == 200

    @cells("who", TIERS)
    def test_is_not_taken_over_with_a_key(self, who: str, world: World):
        caller = getattr(world, who)
        key = api_key_of(caller.user)
        below = world.ada.user
        answers = [
            *(patch(key, user, email="mine@x.example") for user in (caller.user, below)),
            patch(key, below, role="user"),
            *(
                key.post(f"{at(user)}/{act}", {})
                for act in ("reset-password", "mfa/disable")
                for user in (below, caller.user)
            ),
        ]
        assert {refused(answer, 403)["detail"] for answer in answers} == {"An API key cannot do this; sign in instead"}
        assert patch(key, below, first_name="Augusta").status_code == 200


def test_a_service_cannot_sign_in_as_somebody_by_way_of_a_reset(world: World):
    service, path = world.service(Scope.ADMIN_WRITE), f"{at(world.ada.user)}/reset-password"
    assert "use the delivery mail" in refused(service.post(path, {"delivery": "code"}), 403)["detail"]
    assert data_of(service.post(path, {}))["code"] is None
