"""/admin/users: which roles an admin may create or change, and which changes revoke sessions."""

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


class TestUser:
    def test_has_the_documented_fields(self, world: World):
        shown = data_of(world.north_admin.get(at(world.ada.user)))
        assert shown.keys() == FIELDS
        assert (shown["tenant_id"], shown["partner_id"]) == (world.north.handle, world.acme.handle)
        assert (shown["email"], shown["role"], shown["status"]) == (world.ada.user.email, "user", "ACTIVE")
        assert (shown["mfa_enabled"], shown["custom_attributes"]) == (False, {})

    def test_staff_tenant_of_operators_is_hidden(self, world: World):
        shown = data_of(world.super_admin.get(at(world.acme_partner.user)))
        assert (shown["tenant_id"], shown["partner_id"]) == (None, world.acme.handle)
        shown = data_of(world.super_admin.get(at(world.super_admin.user)))
        assert (shown["tenant_id"], shown["partner_id"]) == (None, None)

    def test_password_cannot_be_set_by_an_admin(self, world: World):
        for answer in (
            patch(world.super_admin, world.ada.user, password="x" * 20),
            world.super_admin.post(USERS, new(tenant_id=world.north.handle, password="x" * 20)),
        ):
            assert (["body", "password"], "Unknown field", "extra_forbidden") in flaws(answer)
        assert world.nobody.post(SIGN_IN, {"email": world.ada.user.email, "password": PASSWORD}).status_code == 200


class TestCreateUser:
    def test_tenant_defaults_to_the_admins_own(self, world: World):
        made = data_of(world.north_admin.post(USERS, new()), 201)
        assert (made["tenant_id"], made["role"]) == (world.north.handle, "user")

    @cells("who", ["acme_partner", "super_admin"])
    def test_tenant_is_required_of_other_admins(self, who: str, world: World):
        ((where, _, type_),) = flaws(getattr(world, who).post(USERS, new()))
        assert (where, type_) == (["body", "tenant_id"], "missing")

    @cells("who", TIERS)
    @cells("role", list(Role))
    def test_only_roles_below_the_callers_can_be_created(self, who: str, role: Role, world: World):
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

    def test_service_token_cannot_create_or_change_super_admins(self, world: World):
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
    def test_owner_that_contradicts_the_role_is_refused(self, role: str, place: str, world: World):
        where = world.north.handle if place == "tenant_id" else world.acme.handle
        ((loc, _, _),) = flaws(world.super_admin.post(USERS, new(role=role, **{place: where})))
        assert loc == ["body", place]

    def test_foreign_unknown_and_staff_tenants_are_refused_alike(self, world: World):
        staff = world.staff_of(world.acme).handle
        for place in (world.springfield.handle, some_id(Prefix.TENANT), "tnt_x", staff):
            assert refused(world.acme_partner.post(USERS, new(tenant_id=place)), 403) == ACCESS_DENIED

    def test_email_is_unique_within_its_tenant_only(self, world: World):
        email = world.lisa.user.email
        assert data_of(world.north_admin.post(USERS, new(email)), 201)["email"] == email
        assert refused(world.north_admin.post(USERS, new(email.upper())), 409)

    def test_email_length_is_checked_after_lower_casing(self, world: World):
        email = f"a@{'.'.join(['İ' * 25] * 9)}.example"
        assert len(email) <= 254 < len(email.lower())
        for answer in (
            world.north_admin.post(USERS, new(email)),
            patch(world.north_admin, world.ada.user, email=email),
        ):
            assert [(loc, type_) for loc, _, type_ in flaws(answer)] == [(["body", "email"], "value_error.max_length")]

    def test_user_over_the_partners_limit_is_409(self, world: World):
        used = User.objects.not_deleted().filter(tenant=world.north).count() + 1
        assert world.north_admin
        Partner.objects.filter(pk=world.acme.pk).update(max_users_per_tenant=used)
        told = refused(world.north_admin.post(USERS, new()), 409)["detail"]
        assert told == f"max_users_per_tenant is {used}, and {used} are in use"

    def test_new_user_cannot_sign_in_before_choosing_a_password(self, world: World):
        made = data_of(world.north_admin.post(USERS, new()), 201)
        credentials = {"email": made["email"], "password": ""}
        assert world.nobody.post(SIGN_IN, credentials | {"password": "None"}).status_code == 401
        code = data_of(world.north_admin.post(f"{USERS}/{made['id']}/reset-password", {"delivery": "code"}))["code"]
        data_of(world.nobody.post("/api/v1/auth/reset-password", {"code": code, "new_password": PASSWORD}))
        assert world.nobody.post(SIGN_IN, credentials | {"password": PASSWORD}).status_code == 200


class TestUpdateUser:
    @cells("change", [{"role": "tenant_admin"}, {"email": "other@north.example"}, {"status": "SUSPENDED"}])
    def test_change_that_revokes_sessions_returns_their_number(self, change: dict[str, str], world: World):
        phone = world.signed_in(world.ada.user)
        answer = patch(world.super_admin, world.ada.user, **change)
        assert answer["Sessions-Ended"] == "2"
        assert [caller.get(ME).status_code for caller in (phone, world.ada, world.alan)] == [401, 401, 200]

    def test_change_of_a_name_revokes_nothing(self, world: World):
        assert patch(world.north_admin, world.ada.user, first_name="Augusta")["Sessions-Ended"] == "0"
        assert world.ada.get(ME).status_code == 200

    def test_reverting_a_change_does_not_revive_sessions(self, world: World):
        assert world.ada
        for status in ("SUSPENDED", "ACTIVE"):
            data_of(patch(world.north_admin, world.ada.user, status=status))
        assert world.ada.get(ME).status_code == 401
        assert world.nobody.post(SIGN_IN, {"email": world.ada.user.email, "password": PASSWORD}).status_code == 200

    @cells(("before", "after"), [(1, True), (0, False), (True, 1), ([0, {"b": 1}], [0, {"b": True}])])
    def test_boolean_and_number_attributes_are_distinguished(self, before: Any, after: Any, world: World):
        data_of(patch(world.north_admin, world.ada.user, custom_attributes={"is_vip": before}))
        shown = data_of(patch(world.north_admin, world.ada.user, custom_attributes={"is_vip": after}))
        assert json.dumps(shown["custom_attributes"]) == json.dumps({"is_vip": after})
        changes = AuditEntry.objects.latest("pk").changes["custom_attributes"]
        assert json.dumps(changes) == json.dumps([{"is_vip": before}, {"is_vip": after}])

    def test_equal_attributes_in_another_order_are_no_change(self, world: World):
        data_of(patch(world.north_admin, world.ada.user, custom_attributes={"a": 1, "bb": [2]}))
        before = AuditEntry.objects.count()
        data_of(patch(world.north_admin, world.ada.user, custom_attributes={"bb": [2.0], "a": 1}))
        assert AuditEntry.objects.count() == before

    def test_change_of_several_fields_writes_one_audit_entry(self, world: World):
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
    def test_user_cannot_be_promoted_to_a_staff_role(self, role: str, world: World):
        ((where, _, _),) = flaws(patch(world.super_admin, world.ada.user, role=role))
        assert where == ["body", "role"]

    def test_role_may_be_changed_by_a_higher_role_only(self, world: World):
        assert refused(patch(world.north_admin, world.ada.user, role="tenant_admin"), 403) == ACCESS_DENIED
        assert data_of(patch(world.acme_partner, world.ada.user, role="tenant_admin"))["role"] == "tenant_admin"
        assert data_of(patch(world.north_admin, world.north_admin.user, first_name="Me", role="tenant_admin"))

    @cells("act", ["PATCH", "DELETE", "reset-password", "mfa/disable"])
    def test_admin_of_an_equal_role_cannot_be_changed(self, act: str, world: World):
        peer = world.person("another-admin", world.north, Role.TENANT_ADMIN)
        caller = world.north_admin
        answer = caller.request(act, at(peer), {}) if act.isupper() else caller.post(f"{at(peer)}/{act}", {})
        assert refused(answer, 403) == ACCESS_DENIED

    def test_last_active_super_admin_cannot_be_suspended_or_deleted(self, world: World):
        me = world.super_admin
        User.objects.filter(role=Role.SUPER_ADMIN).exclude(pk=me.user.pk).update(status="SUSPENDED")
        assert "last active super admin" in refused(patch(me, me.user, status="SUSPENDED"), 409)["detail"]
        assert "last active super admin" in refused(me.delete(at(me.user)), 409)["detail"]
        assert me.get(ME).status_code == 200


class TestUserList:
    def test_is_filtered_by_role_status_owner_and_search(self, world: World):
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

    def test_users_of_a_deleted_tenant_are_left_out(self, world: World):
        assert world.ada
        Tenant.objects.filter(pk=world.north.pk).update(deleted_at="2026-01-01T00:00:00Z")
        assert world.super_admin.get(at(world.ada.user)).status_code == 404
        assert page(world.super_admin.get(f"{USERS}?tenant_id={world.north.handle}"))[0] == []


class TestDeleteUser:
    def test_new_user_of_the_same_email_inherits_nothing(self, world: World):
        email, old = world.ada.user.email, world.ada
        data_of(patch(world.super_admin, old.user, role="tenant_admin", custom_attributes={"a": 1}))
        assert world.super_admin.delete(at(old.user)).status_code == 204
        again = data_of(world.north_admin.post(USERS, new(email)), 201)
        assert (again["role"], again["custom_attributes"], again["id"] == old.user.handle) == ("user", {}, False)
        assert old.get(ME).status_code == 401


class TestDisableMfa:
    def test_mfa_is_removed_and_sessions_are_revoked(self, world: World):
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


class TestAdminsOwnAccount:
    @cells("who", TIERS)
    @cells("act", ["reset-password", "mfa/disable"])
    def test_admin_cannot_reset_their_own_account(self, act: str, who: str, world: World):
        caller = getattr(world, who)
        assert "/api/v1/me" in refused(caller.post(f"{at(caller.user)}/{act}", {}), 403)["detail"]
        assert caller.get(ME).status_code == 200

    @cells("who", TIERS)
    def test_api_key_cannot_take_over_accounts(self, who: str, world: World):
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


def test_service_token_cannot_read_a_reset_code(world: World):
    service, path = world.service(Scope.ADMIN_WRITE), f"{at(world.ada.user)}/reset-password"
    assert "use the delivery mail" in refused(service.post(path, {"delivery": "code"}), 403)["detail"]
    assert data_of(service.post(path, {}))["code"] is None
