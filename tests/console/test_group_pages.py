"""The page of a group: its nested groups at any depth, and its effective members."""

from accounts.group_tree import tree_of
from accounts.models import Group
from accounts.operations import add_member, nest
from tenancy.models import Tenant
from tenancy.operations import delete
from tests.architecture.test_sql_counts import counted
from tests.cells import cells
from tests.console.browser import Browser
from tests.factories import GroupFactory
from tests.world import SYSTEM, World


def group(name: str, tenant: Tenant, *within: Group) -> Group:
    made = GroupFactory(tenant=tenant, name=name)
    for outer in within:
        nest(outer, made, actor=SYSTEM)
    return made


def told(top: Group, most: int = 200) -> list[tuple[int, str, bool]]:
    return [(line.level, line.name, line.is_repeated) for line in tree_of(top.pk, max_rows=most)[0]]


class TestGroupTree:
    def test_lists_nested_groups_by_name_and_depth(self, world: World):
        top = group("everybody", world.north)
        technical = group("technical", world.north, top)
        group("designers", world.north, top)
        group("testers", world.north, technical)
        group("developers", world.north, technical)
        assert told(top) == [
            (1, "designers", False),
            (1, "technical", False),
            (2, "developers", False),
            (2, "testers", False),
        ]

    def test_group_nested_twice_is_expanded_once(self, world: World):
        """If each group is in two others, the number of paths grows exponentially with the depth."""
        top = row = [group("top", world.north)]
        for level in range(12):
            row = [group(f"{level}{side}", world.north, *row) for side in "ab"]
        lines, more = tree_of(top[0].pk, max_rows=200)
        assert (len(lines), more) == (2 + 11 * 4, 0)
        assert any(line.is_repeated for line in lines)

    def test_long_tree_is_cut_at_the_deepest_level(self, world: World):
        top = group("top", world.north)
        for number in range(10):
            group(f"deep {number}", world.north, group(f"near {number}", world.north, top))
        lines, more = tree_of(top.pk, max_rows=12)
        assert (len(lines), more) == (12, 8)
        assert [line.level for line in lines].count(1) == 10

    def test_tree_150_levels_deep_is_shown(self, world: World):
        top = deepest = group("top", world.north)
        for number in range(150):
            deepest = group(f"{number}", world.north, deepest)
        assert told(top)[-1] == (150, "149", False)
        browser = Browser(world.north_admin)
        browser.open(f"/console/groups/{top.handle}/")
        assert browser.status == 200

    def test_deleted_group_and_its_children_are_left_out(self, world: World):
        top = group("top", world.north)
        gone = group("gone", world.north, top)
        group("lost", world.north, gone)
        delete(gone, actor=SYSTEM)
        assert told(top) == []

    def test_takes_one_query(self, world: World):
        top = group("top", world.north)
        group("in it", world.north, group("between", world.north, top))
        with counted() as statements:
            tree_of(top.pk, max_rows=200)
        assert len(statements) == 1


class TestGroupPage:
    def test_links_to_every_nested_group(self, world: World):
        top = group("top", world.north)
        inner = group("<b>inner</b>", world.north, group("between", world.north, top))
        browser = Browser(world.north_admin)
        browser.open(f"/console/groups/{top.handle}/")
        link = f'<a class="console-link" href="/console/groups/{inner.handle}/">&lt;b&gt;inner&lt;/b&gt;</a>'
        assert f'<span style="padding-inline-start: 1rem">{link}</span>' in browser.html

    def test_counts_effective_members_and_links_to_them(self, world: World):
        top = group("top", world.north)
        inner = group("inner", world.north, top)
        add_member(top, world.ada.user, actor=SYSTEM)
        add_member(inner, world.ada.user, actor=SYSTEM)
        add_member(inner, world.alan.user, actor=SYSTEM)
        browser = Browser(world.north_admin)
        assert "2 in total, including nested groups" in browser.open(f"/console/groups/{top.handle}/")
        text = browser.open("/console/users/", group=top.handle)
        assert "Members of top and of its nested groups." in text
        assert world.ada.user.email in text
        assert world.alan.user.email in text
        assert world.north_admin.user.email not in text.partition("Last sign-in")[2]

    def test_says_how_many_nested_groups_are_not_shown(self, world: World):
        top = group("top", world.north)
        for number in range(203):
            group(f"{number}", world.north, top)
        browser = Browser(world.north_admin)
        assert "Nested groups, and 3 more" in browser.open(f"/console/groups/{top.handle}/")

    @cells("handle", ["foreign", "grp_nonsense", ""])
    def test_member_filter_by_a_foreign_group_is_empty(self, handle: str, world: World):
        foreign = group("foreign", world.springfield)
        add_member(foreign, world.lisa.user, actor=SYSTEM)
        browser = Browser(world.north_admin)
        text = browser.open("/console/users/", group=foreign.handle if handle == "foreign" else handle)
        assert "Nothing here" in text
        assert "foreign" not in text
