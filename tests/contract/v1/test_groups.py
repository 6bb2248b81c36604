"""/admin/groups: groups and their members."""

from typing import Any

from accounts.models import Group, GroupMembership, Role, User
from accounts.operations import add_member, delete_user, nest
from audit.models import AuditEntry
from core.ids import Prefix
from tenancy.operations import change, delete
from tests.cells import cells
from tests.contract.v1.answers import ACCESS_DENIED, data_of, flaws, ids, page, refused
from tests.factories import GroupFactory
from tests.world import SYSTEM, Caller, World, some_id

GROUPS = "/api/v1/admin/groups"


def a_group(world: World, name: str = "all", tenant: Any = None) -> Group:
    return GroupFactory(tenant=tenant or world.north, name=name)


def members(group: Group) -> str:
    return f"{GROUPS}/{group.handle}/members"


def with_members(world: World, *people: Caller) -> Group:
    group = a_group(world)
    for each in people:
        add_member(group, each.user, actor=SYSTEM)
    return group


class TestGroupVersion:
    def test_etag_changes_when_a_member_is_added_or_removed(self, world: World):
        group = a_group(world)
        path, admin = f"{GROUPS}/{group.handle}", world.north_admin
        versions = [admin.get(path)["ETag"]]
        for act in (
            lambda: admin.post(members(group), {"user_id": world.ada.user.handle}),
            lambda: admin.delete(f"{members(group)}/{world.ada.user.handle}"),
        ):
            act()
            assert refused(admin.delete(path, HTTP_IF_MATCH=versions[-1]), 412)
            versions.append(admin.get(path)["ETag"])
        assert len(set(versions)) == 3
        assert admin.delete(path, HTTP_IF_MATCH=versions[-1]).status_code == 204

    def test_etag_stays_when_an_existing_member_is_added_again(self, world: World):
        group = with_members(world, world.ada)
        path, admin = f"{GROUPS}/{group.handle}", world.north_admin
        version = admin.get(path)["ETag"]
        assert admin.post(members(group), {"user_id": world.ada.user.handle}).status_code == 200
        assert admin.get(path)["ETag"] == version


class TestCreateGroup:
    def test_tenant_defaults_to_the_admins_own(self, world: World):
        made = data_of(world.north_admin.post(GROUPS, {"name": "all"}), 201)
        assert (made["tenant_id"], made["group_type"]) == (world.north.handle, "SECURITY")
        assert (made["description"], made["member_count"]) == ("", 0)

    def test_tenant_is_required_of_other_admins(self, world: World):
        for caller in (world.acme_partner, world.super_admin):
            assert flaws(caller.post(GROUPS, {"name": "all"})) == [(["body", "tenant_id"], "Field required", "missing")]

    def test_foreign_deleted_and_unknown_tenants_are_refused_alike(self, world: World):
        staff = world.acme_partner.user.tenant
        delete(world.south, actor=SYSTEM)
        for tenant in (world.springfield.handle, staff.handle, world.south.handle, some_id(Prefix.TENANT), "x"):
            for caller in (world.north_admin, world.acme_partner):
                body = {"name": "all", "tenant_id": tenant}
                assert refused(caller.post(GROUPS, body), 403) == ACCESS_DENIED
        assert not Group.objects.exists()

    def test_duplicate_name_is_refused_within_the_tenant_only(self, world: World):
        a_group(world, tenant=world.springfield)
        assert world.north_admin.post(GROUPS, {"name": "all"}).status_code == 201
        assert world.north_admin.post(GROUPS, {"name": "all"}).status_code == 409

    def test_group_has_no_status(self, world: World):
        path = f"{GROUPS}/{a_group(world).handle}"
        assert "status" not in data_of(world.super_admin.get(path))
        assert flaws(world.super_admin.request("PATCH", path, {"status": "SUSPENDED"}))


class TestGroupList:
    def test_is_filtered_by_tenant_partner_type_and_search(self, world: World):
        north, south = a_group(world, "Research"), a_group(world, "Sales", world.south)
        springfield = a_group(world, "Research", world.springfield)
        change(south, actor=SYSTEM, group_type="DISTRIBUTION_LIST", description="who sells")
        for query, expected in {
            "": [springfield, south, north],
            "search=sEarc": [springfield, north],
            "search=who": [south],
            f"tenant_id={world.north.handle}": [north],
            f"partner_id={world.acme.handle}": [south, north],
            "group_type=DISTRIBUTION_LIST": [south],
            "ordering=name": [north, springfield, south],
        }.items():
            assert ids(world.super_admin.get(f"{GROUPS}?{query}")) == [each.handle for each in expected], query

    def test_filter_by_a_foreign_tenant_returns_nothing(self, world: World):
        a_group(world, tenant=world.springfield)
        for query in (
            f"tenant_id={world.springfield.handle}",
            f"tenant_id={some_id(Prefix.TENANT)}",
            f"partner_id={world.globex.handle}",
            "search=all",
        ):
            assert ids(world.north_admin.get(f"{GROUPS}?{query}")) == []
            assert ids(world.acme_partner.get(f"{GROUPS}?{query}")) == []

    def test_leaves_out_groups_of_deleted_tenants(self, world: World):
        path = f"{GROUPS}/{a_group(world, tenant=world.south).handle}"
        delete(world.south, actor=SYSTEM)
        assert ids(world.super_admin.get(GROUPS)) == []
        assert world.super_admin.get(path).status_code == 404


class TestAddMember:
    def test_first_addition_is_201_and_second_200(self, world: World):
        group, body = a_group(world), {"user_id": world.ada.user.handle}
        first, again = (world.north_admin.post(members(group), body) for _ in range(2))
        assert data_of(first, 201) == data_of(again)
        assert (data_of(again)["id"], data_of(again)["member_count"]) == (group.handle, 1)
        assert GroupMembership.objects.get().user == world.ada.user

    def test_writes_one_audit_entry_with_the_member(self, world: World):
        group, body = a_group(world), {"user_id": world.ada.user.handle}
        for _ in range(2):
            world.super_admin.post(members(group), body)
        entry = AuditEntry.objects.get(action="group.member_added")
        assert (entry.resource_type, entry.resource_id) == ("group", group.handle)
        assert (entry.tenant_id, entry.partner_id) == (world.north.pk, world.acme.pk)
        assert entry.changes == {"user_id": [None, world.ada.user.handle]}

    def test_foreign_deleted_and_unknown_users_are_refused_alike(self, world: World):
        group, gone = a_group(world), world.person("gone", world.north)
        delete_user(gone, actor=SYSTEM)
        foreign = [world.katherine.user, world.lisa.user, world.acme_partner.user, world.super_admin.user, gone]
        for handle in [*(each.handle for each in foreign), some_id(Prefix.USER), group.handle, "x"]:
            for caller in (world.north_admin, world.acme_partner, world.super_admin):
                assert refused(caller.post(members(group), {"user_id": handle}), 403) == ACCESS_DENIED
        assert not GroupMembership.objects.exists()

    def test_admin_of_an_equal_role_may_be_added_by_a_higher_role_only(self, world: World):
        group, peer = a_group(world), world.person("peer", world.north, Role.TENANT_ADMIN)
        body = {"user_id": peer.handle}
        assert refused(world.north_admin.post(members(group), body), 403) == ACCESS_DENIED
        assert data_of(world.acme_partner.post(members(group), body), 201)
        assert refused(world.north_admin.delete(f"{members(group)}/{peer.handle}"), 403) == ACCESS_DENIED
        assert world.acme_partner.delete(f"{members(group)}/{peer.handle}").status_code == 204

    def test_membership_gives_no_rights(self, world: World):
        group, me = a_group(world, "administrators of everything"), world.north_admin.user
        data_of(world.north_admin.post(members(group), {"user_id": me.handle}), 201)
        me.refresh_from_db()
        assert (me.role, me.tenant) == (Role.TENANT_ADMIN, world.north)
        assert world.north_admin.get("/api/v1/admin/partners").status_code == 403

    @cells("body", [{}, {"user_id": None}, {"user_id": 1}, {"user_id": []}, {"user": "x"}, []])
    def test_invalid_body_is_422(self, body: Any, world: World):
        assert flaws(world.north_admin.post(members(a_group(world)), body))


class TestGroupMembers:
    def test_row_has_name_role_and_status(self, world: World):
        group = with_members(world, world.ada, world.north_admin)
        User.objects.filter(pk=world.ada.user.pk).update(display_name="Ada", status="SUSPENDED")
        rows, where = page(world.north_admin.get(members(group)))
        admin, ada = rows if rows[0]["role"] == "tenant_admin" else rows[::-1]
        assert where["total"] == 2
        assert admin["id"] == world.north_admin.user.handle
        assert ada == {
            "id": world.ada.user.handle,
            "email": world.ada.user.email,
            "display_name": "Ada",
            "role": "user",
            "status": "SUSPENDED",
        }

    def test_leave_out_deleted_users(self, world: World):
        group = with_members(world, world.ada, world.alan)
        delete_user(world.ada.user, actor=SYSTEM)
        assert ids(world.north_admin.get(members(group))) == [world.alan.user.handle]
        assert data_of(world.north_admin.get(f"{GROUPS}/{group.handle}"))["member_count"] == 1
        assert world.north_admin.delete(f"{members(group)}/{world.ada.user.handle}").status_code == 404

    def test_are_paged(self, world: World):
        group = with_members(world, world.ada, world.alan, world.north_admin)
        everybody = ids(world.north_admin.get(members(group)))
        first, where = page(world.north_admin.get(f"{members(group)}?per_page=2"))
        rest, _ = page(world.north_admin.get(f"{members(group)}?per_page=2&cursor={where['next_cursor']}"))
        assert [row["id"] for row in [*first, *rest]] == everybody
        query = f"{members(group)}?per_page=2&effective=true&cursor={where['next_cursor']}"
        assert flaws(world.north_admin.get(query))[0][0] == ["query", "cursor"]

    def test_of_a_foreign_or_unknown_group_are_404(self, world: World):
        group = with_members(world, world.ada)
        for caller in (world.springfield_admin, world.globex_partner):
            for path in (
                members(group),
                f"{GROUPS}/{group.handle}/nested",
                f"{GROUPS}/{some_id(Prefix.GROUP)}/members",
            ):
                assert refused(caller.get(path), 404) == {"detail": "Group not found"}

    def test_invalid_effective_filter_is_422(self, world: World):
        assert flaws(world.north_admin.get(f"{members(a_group(world))}?effective=perhaps"))


class TestRemoveMember:
    def test_first_removal_is_204_and_second_404(self, world: World):
        group = with_members(world, world.ada)
        path = f"{members(group)}/{world.ada.user.handle}"
        assert [world.north_admin.delete(path).status_code for _ in range(2)] == [204, 404]
        entry = AuditEntry.objects.get(action="group.member_removed")
        assert entry.changes == {"user_id": [world.ada.user.handle, None]}

    def test_removing_a_user_who_is_no_member_is_404(self, world: World):
        group = with_members(world, world.ada)
        for handle in (world.alan.user.handle, world.lisa.user.handle, some_id(Prefix.USER), group.handle, "x"):
            assert world.north_admin.delete(f"{members(group)}/{handle}").status_code == 404
        assert GroupMembership.objects.count() == 1


class TestDeletedGroup:
    def test_has_no_members_and_is_in_no_group(self, world: World):
        inner = with_members(world, world.ada)
        outer = a_group(world, "outer")
        nest(outer, inner, actor=SYSTEM)
        assert ids(world.north_admin.get(f"{members(outer)}?effective=true")) == [world.ada.user.handle]
        assert world.north_admin.delete(f"{GROUPS}/{inner.handle}").status_code == 204
        assert ids(world.north_admin.get(f"{members(outer)}?effective=true")) == []
        assert ids(world.north_admin.get(f"{GROUPS}/{outer.handle}/nested")) == []
        assert world.north_admin.get(members(inner)).status_code == 404

    def test_its_nested_members_leave_the_outer_groups(self, world: World):
        outer, middle, inner = a_group(world, "outer"), a_group(world, "middle"), with_members(world, world.ada)
        nest(outer, middle, actor=SYSTEM)
        nest(middle, inner, actor=SYSTEM)
        assert ids(world.north_admin.get(f"{members(outer)}?effective=true")) == [world.ada.user.handle]
        delete(middle, actor=SYSTEM)
        assert ids(world.north_admin.get(f"{members(outer)}?effective=true")) == []
        assert ids(world.north_admin.get(members(inner))) == [world.ada.user.handle]
