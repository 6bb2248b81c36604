"""Who is in a group, who may be put there, and by whom."""

from typing import Any

from accounts.models import Group, GroupMembership, Role, User
from accounts.operations import add_member, create_group, delete_user, nest
from audit.models import AuditEntry
from core.ids import Prefix
from tenancy.operations import change, delete
from tests.cells import cells
from tests.contract.v1.answers import ACCESS_DENIED, data_of, flaws, ids, page, refused
from tests.world import SYSTEM, Caller, World, some_id

GROUPS = "/api/v1/admin/groups"


def a_group(world: World, name: str = "all", tenant: Any = None) -> Group:
    return create_group(actor=SYSTEM, tenant=tenant or world.north, name=name)


def members(group: Group) -> str:
    return f"{GROUPS}/{group.handle}/members"


def with_members(world: World, *people: Caller) -> Group:
    group = a_group(world)
    for each in people:
        add_member(group, each.user, actor=SYSTEM)
    return group


class TestItsVersion:
    def test_is_another_with_a_member_more_or_fewer(self, world: World):
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

    def test_stays_when_somebody_is_put_in_who_was_in_it(self, world: World):
        group = with_members(world, world.ada)
        path, admin = f"{GROUPS}/{group.handle}", world.north_admin
        version = admin.get(path)["ETag"]
        assert admin.post(members(group), {"user_id": world.ada.user.handle}).status_code == 200
        assert admin.get(path)["ETag"] == version


class TestMaking:
    def test_an_administrator_of_a_tenant_need_not_name_it(self, world: World):
        made = data_of(world.north_admin.post(GROUPS, {"name": "all"}), 201)
        assert (made["tenant_id"], made["group_type"]) == (world.north.handle, "SECURITY")
        assert (made["description"], made["member_count"]) == ("", 0)

    def test_everybody_else_must(self, world: World):
        for caller in (world.acme_partner, world.super_admin):
            assert flaws(caller.post(GROUPS, {"name": "all"})) == [(["body", "tenant_id"], "Field required", "missing")]

    def test_in_a_tenant_that_is_not_there_or_not_theirs_is_refused_alike(self, world: World):
        staff = world.acme_partner.user.tenant
        delete(world.south, actor=SYSTEM)
        for tenant in (world.springfield.handle, staff.handle, world.south.handle, some_id(Prefix.TENANT), "x"):
            for caller in (world.north_admin, world.acme_partner):
                body = {"name": "all", "tenant_id": tenant}
                assert refused(caller.post(GROUPS, body), 403) == ACCESS_DENIED
        assert not Group.objects.exists()

    def test_a_name_is_taken_in_one_tenant_only(self, world: World):
        a_group(world, tenant=world.springfield)
        assert world.north_admin.post(GROUPS, {"name": "all"}).status_code == 201
        assert world.north_admin.post(GROUPS, {"name": "all"}).status_code == 409

    def test_has_no_status(self, world: World):
        path = f"{GROUPS}/{a_group(world).handle}"
        assert "status" not in data_of(world.super_admin.get(path))
        assert flaws(world.super_admin.request("PATCH", path, {"status": "SUSPENDED"}))


class TestTheList:
    def test_can_be_of_a_part(self, world: World):
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

    def test_of_what_is_foreign_is_empty(self, world: World):
        a_group(world, tenant=world.springfield)
        for query in (
            f"tenant_id={world.springfield.handle}",
            f"tenant_id={some_id(Prefix.TENANT)}",
            f"partner_id={world.globex.handle}",
            "search=all",
        ):
            assert ids(world.north_admin.get(f"{GROUPS}?{query}")) == []
            assert ids(world.acme_partner.get(f"{GROUPS}?{query}")) == []

    def test_loses_what_is_under_something_deleted(self, world: World):
        path = f"{GROUPS}/{a_group(world, tenant=world.south).handle}"
        delete(world.south, actor=SYSTEM)
        assert ids(world.super_admin.get(GROUPS)) == []
        assert world.super_admin.get(path).status_code == 404


class TestAdding:
    def test_is_new_once(self, world: World):
        group, body = a_group(world), {"user_id": world.ada.user.handle}
        first, again = (world.north_admin.post(members(group), body) for _ in range(2))
        assert data_of(first, 201) == data_of(again)
        assert (data_of(again)["id"], data_of(again)["member_count"]) == (group.handle, 1)
        assert GroupMembership.objects.get().user == world.ada.user

    def test_is_on_record_once_with_who_was_added(self, world: World):
        group, body = a_group(world), {"user_id": world.ada.user.handle}
        for _ in range(2):
            world.super_admin.post(members(group), body)
        entry = AuditEntry.objects.get(action="group.member_added")
        assert (entry.resource_type, entry.resource_id) == ("group", group.handle)
        assert (entry.tenant_id, entry.partner_id) == (world.north.pk, world.acme.pk)
        assert entry.changes == {"user_id": [None, world.ada.user.handle]}

    def test_of_whoever_is_not_there_or_not_theirs_is_refused_alike(self, world: World):
        group, gone = a_group(world), world.person("gone", world.north)
        delete_user(gone, actor=SYSTEM)
        foreign = [world.katherine.user, world.lisa.user, world.acme_partner.user, world.super_admin.user, gone]
        for handle in [*(each.handle for each in foreign), some_id(Prefix.USER), group.handle, "x"]:
            for caller in (world.north_admin, world.acme_partner, world.super_admin):
                assert refused(caller.post(members(group), {"user_id": handle}), 403) == ACCESS_DENIED
        assert not GroupMembership.objects.exists()

    def test_of_an_equal_is_for_those_above(self, world: World):
        group, peer = a_group(world), world.person("peer", world.north, Role.TENANT_ADMIN)
        body = {"user_id": peer.handle}
        assert refused(world.north_admin.post(members(group), body), 403) == ACCESS_DENIED
        assert data_of(world.acme_partner.post(members(group), body), 201)
        assert refused(world.north_admin.delete(f"{members(group)}/{peer.handle}"), 403) == ACCESS_DENIED
        assert world.acme_partner.delete(f"{members(group)}/{peer.handle}").status_code == 204

    def test_oneself_gains_nothing(self, world: World):
        group, me = a_group(world, "administrators of everything"), world.north_admin.user
        data_of(world.north_admin.post(members(group), {"user_id": me.handle}), 201)
        me.refresh_from_db()
        assert (me.role, me.tenant) == (Role.TENANT_ADMIN, world.north)
        assert world.north_admin.get("/api/v1/admin/partners").status_code == 403

    @cells("body", [{}, {"user_id": None}, {"user_id": 1}, {"user_id": []}, {"user": "x"}, []])
    def test_takes_a_user_and_nothing_else(self, body: Any, world: World):
        assert flaws(world.north_admin.post(members(a_group(world)), body))


class TestMembers:
    def test_are_told_with_what_they_are(self, world: World):
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

    def test_who_are_deleted_are_none(self, world: World):
        group = with_members(world, world.ada, world.alan)
        delete_user(world.ada.user, actor=SYSTEM)
        assert ids(world.north_admin.get(members(group))) == [world.alan.user.handle]
        assert data_of(world.north_admin.get(f"{GROUPS}/{group.handle}"))["member_count"] == 1
        assert world.north_admin.delete(f"{members(group)}/{world.ada.user.handle}").status_code == 404

    def test_come_in_pages(self, world: World):
        group = with_members(world, world.ada, world.alan, world.north_admin)
        everybody = ids(world.north_admin.get(members(group)))
        first, where = page(world.north_admin.get(f"{members(group)}?per_page=2"))
        rest, _ = page(world.north_admin.get(f"{members(group)}?per_page=2&cursor={where['next_cursor']}"))
        assert [row["id"] for row in [*first, *rest]] == everybody
        query = f"{members(group)}?per_page=2&effective=true&cursor={where['next_cursor']}"
        assert flaws(world.north_admin.get(query))[0][0] == ["query", "cursor"]

    def test_of_what_is_not_there_or_not_theirs_are_not_there(self, world: World):
        group = with_members(world, world.ada)
        for caller in (world.springfield_admin, world.globex_partner):
            for path in (
                members(group),
                f"{GROUPS}/{group.handle}/nested",
                f"{GROUPS}/{some_id(Prefix.GROUP)}/members",
            ):
                assert refused(caller.get(path), 404) == {"detail": "Group not found"}

    def test_are_refused_a_filter_that_is_none(self, world: World):
        assert flaws(world.north_admin.get(f"{members(a_group(world))}?effective=perhaps"))


class TestRemoving:
    def test_is_done_once(self, world: World):
        group = with_members(world, world.ada)
        path = f"{members(group)}/{world.ada.user.handle}"
        assert [world.north_admin.delete(path).status_code for _ in range(2)] == [204, 404]
        entry = AuditEntry.objects.get(action="group.member_removed")
        assert entry.changes == {"user_id": [world.ada.user.handle, None]}

    def test_of_whoever_is_no_member_is_a_404(self, world: World):
        group = with_members(world, world.ada)
        for handle in (world.alan.user.handle, world.lisa.user.handle, some_id(Prefix.USER), group.handle, "x"):
            assert world.north_admin.delete(f"{members(group)}/{handle}").status_code == 404
        assert GroupMembership.objects.count() == 1


class TestADeletedGroup:
    def test_is_in_nothing_and_holds_nobody(self, world: World):
        inner = with_members(world, world.ada)
        outer = a_group(world, "outer")
        nest(outer, inner, actor=SYSTEM)
        assert ids(world.north_admin.get(f"{members(outer)}?effective=true")) == [world.ada.user.handle]
        assert world.north_admin.delete(f"{GROUPS}/{inner.handle}").status_code == 204
        assert ids(world.north_admin.get(f"{members(outer)}?effective=true")) == []
        assert ids(world.north_admin.get(f"{GROUPS}/{outer.handle}/nested")) == []
        assert world.north_admin.get(members(inner)).status_code == 404

    def test_leads_to_nothing_that_was_in_it(self, world: World):
        outer, middle, inner = a_group(world, "outer"), a_group(world, "middle"), with_members(world, world.ada)
        nest(outer, middle, actor=SYSTEM)
        nest(middle, inner, actor=SYSTEM)
        assert ids(world.north_admin.get(f"{members(outer)}?effective=true")) == [world.ada.user.handle]
        delete(middle, actor=SYSTEM)
        assert ids(world.north_admin.get(f"{members(outer)}?effective=true")) == []
        assert ids(world.north_admin.get(members(inner))) == [world.ada.user.handle]
