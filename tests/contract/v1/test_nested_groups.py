"""Nested groups: any depth, no cycles, and effective members in one query."""

from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Group, GroupMembership, GroupNesting, User
from accounts.models.groups import members_of
from accounts.operations import add_member, nest
from audit.models import AuditEntry
from core.ids import Prefix
from tests.architecture.test_sql_counts import counted
from tests.beliefs import BELIEFS
from tests.cells import cells
from tests.contract.v1.answers import ACCESS_DENIED, data_of, flaws, ids, page, refused
from tests.contract.v1.test_groups import GROUPS, a_group, members
from tests.factories import UserFactory
from tests.timing import quickest
from tests.world import SYSTEM, World, some_id

RING = {"detail": "The group would contain itself"}
MANY = 1_000
TABLES = ["accounts_group", "accounts_groupnesting", "accounts_groupmembership", "accounts_user"]


def nested(group: Group) -> str:
    return f"{GROUPS}/{group.handle}/nested"


def chain(world: World, *names: str) -> list[Group]:
    """Each in the one before it."""
    made = [a_group(world, name) for name in names]
    for parent, child in pairwise(made):
        nest(parent, child, actor=SYSTEM)
    return made


class TestNestGroup:
    def test_first_nesting_is_201_and_second_200(self, world: World):
        outer, inner = a_group(world, "outer"), a_group(world, "inner")
        body = {"child_group_id": inner.handle}
        first, again = (world.north_admin.post(nested(outer), body) for _ in range(2))
        assert data_of(first, 201) == data_of(again) == data_of(world.north_admin.get(f"{GROUPS}/{outer.handle}"))
        assert ids(world.north_admin.get(nested(outer))) == [inner.handle]
        assert (
            data_of(world.north_admin.get(f"{GROUPS}/{inner.handle}")) in page(world.north_admin.get(nested(outer)))[0]
        )
        entry = AuditEntry.objects.get(action="group.nested")
        assert (entry.resource_id, entry.changes) == (outer.handle, {"child_group_id": [None, inner.handle]})

    @cells("length", [1, 2, 3, 7])
    def test_cycle_is_refused_with_409(self, length: int, world: World):
        groups = chain(world, *map(str, range(length)))
        answer = world.north_admin.post(nested(groups[-1]), {"child_group_id": groups[0].handle})
        assert refused(answer, 409) == RING
        assert GroupNesting.objects.count() == length - 1

    def test_second_path_to_the_same_group_is_no_cycle(self, world: World):
        top, left, bottom = chain(world, "top", "left", "bottom")
        right = a_group(world, "right")
        for parent, child in ((top, right), (right, bottom)):
            data_of(world.north_admin.post(nested(parent), {"child_group_id": child.handle}), 201)
        add_member(bottom, world.ada.user, actor=SYSTEM)
        add_member(left, world.ada.user, actor=SYSTEM)
        assert ids(world.north_admin.get(f"{members(top)}?effective=true")) == [world.ada.user.handle]
        assert ids(world.north_admin.get(members(top))) == []

    def test_path_through_a_deleted_group_is_no_cycle(self, world: World):
        top, middle, bottom = chain(world, "top", "middle", "bottom")
        assert world.north_admin.delete(f"{GROUPS}/{middle.handle}").status_code == 204
        data_of(world.north_admin.post(nested(bottom), {"child_group_id": top.handle}), 201)

    def test_foreign_deleted_and_unknown_groups_are_refused_alike(self, world: World):
        outer, gone = a_group(world), a_group(world, "gone")
        assert world.north_admin.delete(f"{GROUPS}/{gone.handle}").status_code == 204
        foreign = [a_group(world, tenant=world.south), a_group(world, tenant=world.springfield), gone]
        for handle in [*(each.handle for each in foreign), some_id(Prefix.GROUP), world.ada.user.handle, "x"]:
            for caller in (world.north_admin, world.acme_partner, world.super_admin):
                assert refused(caller.post(nested(outer), {"child_group_id": handle}), 403) == ACCESS_DENIED
        assert not GroupNesting.objects.exists()

    @cells("body", [{}, {"child_group_id": None}, {"child_group_id": 1}, {"group_id": "x"}, []])
    def test_invalid_body_is_422(self, body: Any, world: World):
        assert flaws(world.north_admin.post(nested(a_group(world)), body))

    def test_first_removal_is_204_and_second_404(self, world: World):
        outer, inner = chain(world, "outer", "inner")
        path = f"{nested(outer)}/{inner.handle}"
        assert [world.north_admin.delete(path).status_code for _ in range(2)] == [204, 404]
        assert world.north_admin.delete(f"{nested(outer)}/{some_id(Prefix.GROUP)}").status_code == 404
        assert AuditEntry.objects.get(action="group.unnested").changes == {"child_group_id": [inner.handle, None]}
        data_of(world.north_admin.post(nested(inner), {"child_group_id": outer.handle}), 201)


class TestGroupConstraints:
    """Database constraints keep tenants apart, whatever the code does."""

    def test_member_of_another_tenant_is_refused_by_the_database(self, world: World):
        group = a_group(world)
        for tenant_id in (world.north.pk, world.springfield.pk):
            with pytest.raises(IntegrityError), transaction.atomic():
                GroupMembership.objects.create(tenant_id=tenant_id, group=group, user=world.lisa.user)

    def test_nested_group_of_another_tenant_is_refused_by_the_database(self, world: World):
        ours, theirs = a_group(world), a_group(world, tenant=world.springfield)
        for tenant_id in (world.north.pk, world.springfield.pk):
            with pytest.raises(IntegrityError), transaction.atomic():
                GroupNesting.objects.create(tenant_id=tenant_id, parent=ours, child=theirs)

    def test_group_nested_in_itself_is_refused_by_the_database(self, world: World):
        group = a_group(world)
        with pytest.raises(IntegrityError), transaction.atomic():
            GroupNesting.objects.create(tenant_id=world.north.pk, parent=group, child=group)


class TestEffectiveMembers:
    def test_are_returned_even_if_a_cycle_exists(self, world: World):
        """The constraints prevent cycles; should one exist, the query still ends."""
        first, second = chain(world, "first", "second")
        GroupNesting.objects.create(tenant_id=world.north.pk, parent=second, child=first)
        add_member(first, world.ada.user, actor=SYSTEM)
        for group in (first, second):
            assert ids(world.north_admin.get(f"{members(group)}?effective=1")) == [world.ada.user.handle]

    @cells("shape", ["deep", "wide"])
    def test_of_a_thousand_groups_take_one_fast_query(self, shape: str, world: World):
        top, people = many_groups(world, shape)
        with counted() as statements:
            assert set(members_of(top.pk, effective=True).values_list("pk", flat=True)) == people
        assert len(statements) == 1
        rows = members_of(top.pk, effective=True).values_list("pk")
        took = quickest(lambda: list(rows.all()), 5)
        assert took < 0.05, f"{took * 1000:.0f} ms"
        admin = world.north_admin
        with counted() as statements:
            _, where = page(admin.get(f"{members(top)}?effective=true&per_page=100"))
        assert (where["total"], len(statements)) == (MANY, 3)

    @pytest.mark.proof
    @cells("shape", ["deep", "wide"])
    def test_of_ten_thousand_groups_take_less_than_a_second(self, shape: str, world: World):
        top, people = many_groups(world, shape, 10 * MANY)
        took = quickest(lambda: members_of(top.pk, effective=True).count())
        assert (members_of(top.pk, effective=True).count(), took < 1) == (len(people), True), f"{took:.2f} s"

    @pytest.mark.proof
    @cells("belief", BELIEFS)
    @cells(("shape", "many"), [("deep", MANY), ("wide", MANY), ("deep", 4 * MANY)])
    def test_are_fast_with_any_planner_statistics(self, shape: str, many: int, belief: str, world: World):
        top, people = many_groups(world, shape, many)
        BELIEFS[belief](TABLES)
        took = quickest(lambda: members_of(top.pk, effective=True).count())
        assert (members_of(top.pk, effective=True).count(), took < 0.5) == (len(people), True), f"{took:.2f} s"

    @cells("shape", ["deep", "wide"])
    def test_cycle_of_a_thousand_groups_is_detected_within_a_second(self, shape: str, world: World):
        top, _ = many_groups(world, shape)
        last = Group.objects.latest("pk")

        def close() -> None:
            assert refused(world.north_admin.post(nested(last), {"child_group_id": top.handle}), 409) == RING

        assert quickest(close) < 1


def many_groups(world: World, shape: str, many: int = MANY) -> tuple[Group, set[Any]]:
    """One in the other, or all in the first; with somebody in each."""
    place = {"tenant_id": world.north.pk}
    groups = Group.objects.bulk_create(Group(name=f"{shape} {number}", **place) for number in range(many))
    parents = groups if shape == "deep" else [groups[0]] * many
    GroupNesting.objects.bulk_create(
        GroupNesting(parent=parent, child=child, **place) for parent, child in zip(parents, groups[1:], strict=False)
    )
    users = User.objects.bulk_create(UserFactory.build(tenant=world.north) for _ in range(many))
    GroupMembership.objects.bulk_create(
        GroupMembership(group=group, user=user, **place) for group, user in zip(groups, users, strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(TABLES)}")
    return groups[0], {user.pk for user in users}
