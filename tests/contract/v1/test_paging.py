"""Pages by number and by cursor. A cursor repeats and skips nothing while sessions come and go."""

import base64
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from core.api.pagination import LAST_PAGE
from core.crypto import seal
from core.cursors import PURPOSE
from sessions_app import operations
from sessions_app.models import RevocationScope, Session
from tests.cells import cells
from tests.contract.v1.answers import flaws, page
from tests.contract.v1.sessions import SESSIONS, change, row
from tests.world import SYSTEM, Caller, World

NOT_OURS = "Input should be a next_cursor of this list, with the same filters, ordering and caller"
ORDERINGS = ["created_at", "-created_at", "last_activity_at", "-last_activity_at"]
Between = Callable[[int], Any]


def north(world: World) -> str:
    return f"/api/v1/tenants/{world.north.handle}/sessions"


def open_some(world: World, number: int) -> list[str]:
    """Sessions of Ada's, the newest first."""
    return [world.signed_in(world.ada.user).session_id for _ in range(number)][::-1]


def walk(caller: Caller, path: str, between: Between = lambda page: None) -> Iterator[list[str]]:
    """Page after page by cursor, doing something in between."""
    query, number = "", 0
    while True:
        rows, where = page(caller.get(f"{path}{query}"))
        number += 1
        assert where["page"] == number
        yield [row["id"] for row in rows]
        if where["next_cursor"] is None:
            return
        between(number)
        query = f"&cursor={where['next_cursor']}"


def everything(caller: Caller, path: str, between: Between = lambda page: None) -> list[str]:
    return [each for part in walk(caller, path, between) for each in part]


class TestPage:
    def test_has_twenty_rows_by_default_and_per_page_at_most(self, world: World):
        sessions = [*open_some(world, 24), world.ada.session_id]
        rows, where = page(world.super_admin.get(north(world)))
        assert [row["id"] for row in rows] == sessions[:20]
        assert where.pop("next_cursor")
        assert where == {"page": 1, "per_page": 20, "total": 25, "total_items": 25, "total_pages": 2}
        rows, where = page(world.super_admin.get(f"{north(world)}?page=2"))
        assert [row["id"] for row in rows] == sessions[20:]
        assert where == {
            "page": 2,
            "per_page": 20,
            "total": 25,
            "total_items": 25,
            "total_pages": 2,
            "next_cursor": None,
        }
        rows, _ = page(world.super_admin.get(f"{north(world)}?page=3&per_page=7"))
        assert [row["id"] for row in rows] == sessions[14:21]
        rows, where = page(world.super_admin.get(f"{north(world)}?per_page=100"))
        assert ([row["id"] for row in rows], where["next_cursor"]) == (sessions, None)

    @cells("ordering", ORDERINGS)
    def test_page_numbers_and_cursor_return_the_same_rows(self, ordering: str, world: World):
        sessions = {*open_some(world, 6), world.ada.session_id}
        path = f"{north(world)}?per_page=3&ordering={ordering}"
        by_cursor = list(walk(world.super_admin, path))
        by_number = [page(world.super_admin.get(f"{path}&page={number}"))[0] for number in (1, 2, 3)]
        assert by_cursor == [[row["id"] for row in rows] for rows in by_number]
        assert [len(part) for part in by_cursor] == [3, 3, 1]
        assert {each for part in by_cursor for each in part} == sessions

    def test_full_last_page_has_no_next_cursor(self, world: World):
        open_some(world, 3)
        assert [len(part) for part in walk(world.super_admin, f"{north(world)}?per_page=2&active_only=true")] == [2, 2]

    def test_page_past_the_end_is_empty(self, world: World):
        open_some(world, 3)
        for number in (3, 1_000, 10**9, LAST_PAGE):
            rows, where = page(world.super_admin.get(f"{north(world)}?per_page=2&page={number}"))
            assert (rows, where["page"], where["total"], where["next_cursor"]) == ([], number, 4, None)

    def test_empty_list_is_page_one_of_zero(self, world: World):
        rows, where = page(world.super_admin.get(north(world)))
        assert (rows, where["page"], where["total"], where["total_pages"]) == ([], 1, 0, 0)

    @cells("name", ["page", "per_page"])
    def test_invalid_page_or_per_page_is_422(self, name: str, world: World):
        for value, kind in (
            ("0", "greater_than_equal"),
            ("-1", "greater_than_equal"),
            ("00", "greater_than_equal"),
            (str(2**63), "less_than_equal"),
            ("9" * 30, "less_than_equal"),
            ("9" * 30_000, "less_than_equal"),
            ("", "int_parsing"),
            ("x", "int_parsing"),
            ("1.5", "int_parsing"),
            ("1e9", "int_parsing"),
            ("+1", "int_parsing"),
            (" 1", "int_parsing"),
            ("0x1", "int_parsing"),
            ("\u0661", "int_parsing"),
            ("NaN", "int_parsing"),
            ("1,2", "int_parsing"),
            ("1\0", "int_parsing"),
        ):
            [(where, _, told)] = flaws(world.super_admin.get(f"{north(world)}?{name}={quote(value, safe='')}"))
            assert (where, told) == (["query", name], kind), value[:30]

    def test_per_page_above_100_is_422(self, world: World):
        [(where, message, kind)] = flaws(world.super_admin.get(f"{SESSIONS}?per_page=101"))
        assert (where, message) == (["query", "per_page"], "Input should be less than or equal to 100")
        assert kind == "less_than_equal"

    def test_last_of_repeated_parameters_wins(self, world: World):
        open_some(world, 3)
        rows, where = page(world.super_admin.get(f"{north(world)}?per_page=x&page=2&per_page=3"))
        assert (len(rows), where["page"], where["per_page"]) == (1, 2, 3)


class TestOrdering:
    def test_default_is_newest_first(self, world: World):
        sessions = [*open_some(world, 3), world.ada.session_id]
        for query, expected in (
            ("", sessions),
            ("?ordering=-created_at", sessions),
            ("?ordering=created_at", sessions[::-1]),
        ):
            assert [row["id"] for row in page(world.super_admin.get(north(world) + query))[0]] == expected, query

    def test_last_activity_sorts_ties_by_creation(self, world: World):
        phone, tablet = world.signed_in(world.ada.user), world.signed_in(world.ada.user)
        change(tablet, last_activity_at=phone.session.last_activity_at)
        change(world.ada, last_activity_at=row(tablet).last_activity_at + timedelta(seconds=1))
        expected = [*sorted([phone.session_id, tablet.session_id]), world.ada.session_id]
        for sign, order in (("", expected), ("-", expected[::-1])):
            answer = world.super_admin.get(f"{north(world)}?ordering={sign}last_activity_at")
            assert [row["id"] for row in page(answer)[0]] == order

    def test_unknown_ordering_is_422(self, world: World):
        for word in ("", "x", "id", "password", "user__password", "--created_at", "created_at,id", "?", "CREATED_AT"):
            for path in (SESSIONS, north(world)):
                [(where, message, _)] = flaws(world.super_admin.get(f"{path}?ordering={quote(word)}"))
                assert where == ["query", "ordering"], word
                assert message == "Input should be one of -created_at, created_at, -last_activity_at, last_activity_at"


class TestCursor:
    """Rows that exist during the whole walk are returned exactly once."""

    @cells("ordering", ORDERINGS)
    def test_every_lasting_session_is_returned_once_during_changes(self, ordering: str, world: World):
        lasting = {*open_some(world, 9), world.ada.session_id}
        passing = [world.signed_in(world.alan.user) for _ in range(6)]
        new: list[str] = []

        def meanwhile(number: int) -> None:
            new.extend(open_some(world, 2))
            for gone in passing[:2]:
                passing.remove(gone)
                operations.revoke(Session.objects.filter(pk=gone.session.pk), actor=SYSTEM, reason="test")

        met = everything(world.super_admin, f"{north(world)}?per_page=3&ordering={ordering}", meanwhile)
        assert len(met) == len(set(met))
        assert lasting <= set(met)
        if ordering in ("-created_at", "-last_activity_at"):
            assert not set(new) & set(met)
        else:
            assert met[-2:] == new[-2:][::-1] or set(new[-4:]) >= set(met[-2:])

    def test_page_numbers_repeat_rows_during_changes(self, world: World):
        """Shows that the test above would notice repeated rows."""
        sessions = [*open_some(world, 3), world.ada.session_id]
        first, _ = page(world.super_admin.get(f"{north(world)}?per_page=2"))
        open_some(world, 1)
        second, _ = page(world.super_admin.get(f"{north(world)}?per_page=2&page=2"))
        assert [row["id"] for row in [*first, *second]] == [*sessions[:2], *sessions[1:3]]

    @cells("ordering", ORDERINGS)
    def test_sessions_with_equal_timestamps_are_returned_once(self, ordering: str, world: World):
        sessions = {*open_some(world, 6), world.ada.session_id}
        Session.objects.filter(user=world.ada.user).update(last_activity_at=row(world.ada).last_activity_at)
        parts = list(walk(world.super_admin, f"{north(world)}?per_page=2&ordering={ordering}"))
        assert [len(part) for part in parts] == [2, 2, 2, 1]
        met = [each for part in parts for each in part]
        assert met == sorted(sessions, reverse=ordering.startswith("-"))

    def test_tenant_wide_revocation_between_pages_ends_the_list(self, world: World):
        open_some(world, 5)

        def meanwhile(number: int) -> None:
            operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="test")

        assert [len(part) for part in walk(world.super_admin, f"{north(world)}?per_page=2", meanwhile)] == [2, 0]

    def test_total_is_counted_anew_on_each_page(self, world: World):
        open_some(world, 5)
        _, where = page(world.super_admin.get(f"{north(world)}?per_page=2"))
        assert where["total"] == 6
        open_some(world, 2)
        _, where = page(world.super_admin.get(f"{north(world)}?per_page=2&cursor={where['next_cursor']}"))
        assert where["total"] == 8

    def test_per_page_may_change_between_pages(self, world: World):
        sessions = [*open_some(world, 6), world.ada.session_id]
        _, where = page(world.super_admin.get(f"{north(world)}?per_page=2"))
        rows, where = page(world.super_admin.get(f"{north(world)}?per_page=4&cursor={where['next_cursor']}"))
        assert [row["id"] for row in rows] == sessions[2:6]

    def test_cursor_of_a_numbered_page_continues_from_it(self, world: World):
        sessions = [*open_some(world, 6), world.ada.session_id]
        _, where = page(world.super_admin.get(f"{north(world)}?per_page=2&page=2"))
        rows, where = page(world.super_admin.get(f"{north(world)}?per_page=2&cursor={where['next_cursor']}"))
        assert ([row["id"] for row in rows], where["page"]) == (sessions[4:6], 3)

    def test_empty_cursor_starts_at_the_beginning(self, world: World):
        open_some(world, 3)
        plain, _ = page(world.super_admin.get(f"{north(world)}?per_page=2"))
        assert page(world.super_admin.get(f"{north(world)}?per_page=2&cursor="))[0] == plain

    def test_ended_sessions_are_returned_once_too(self, world: World):
        sessions = [*open_some(world, 6), world.ada.session_id]
        operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="test")
        for between in (lambda page: None, lambda page: operations.sweep()):
            assert everything(world.super_admin, f"{north(world)}?per_page=2&active_only=false", between) == sessions
            assert everything(world.super_admin, f"{north(world)}?per_page=2&status=revoked", between) == sessions


class TestCursorValidity:
    def made(self, world: World, query: str = "", path: str = "", who: str = "super_admin") -> str:
        _, where = page(getattr(world, who).get(f"{path or north(world)}?per_page=2&{query}"))
        assert where["next_cursor"]
        return where["next_cursor"]

    def refused(self, answer: Any) -> None:
        assert flaws(answer) == [(["query", "cursor"], NOT_OURS, "value_error.cursor")]

    def test_cursor_is_refused_with_other_filters_or_ordering(self, world: World):
        open_some(world, 5)
        cursor = self.made(world)
        for other in (
            "active_only=false",
            "search=ada",
            f"user_id={world.ada.user.handle}",
            "created_after=2020-01-01T00:00:00Z",
            "ordering=created_at",
            "ordering=-last_activity_at",
        ):
            self.refused(world.super_admin.get(f"{north(world)}?per_page=2&{other}&cursor={cursor}"))
        page(world.super_admin.get(f"{north(world)}?per_page=2&ordering=-created_at&cursor={cursor}"))

    def test_cursor_is_refused_on_another_list(self, world: World):
        open_some(world, 5)
        south = [world.signed_in(world.katherine.user) for _ in range(3)]
        cursor = self.made(world)
        assert south
        for path in (
            SESSIONS,
            f"/api/v1/tenants/{world.south.handle}/sessions",
            f"{north(world)}/users/{world.ada.user.handle}",
            "/api/v1/admin/revocations",
        ):
            self.refused(world.super_admin.get(f"{path}?per_page=2&cursor={cursor}"))
        page(world.super_admin.get(f"{north(world)}/?per_page=2&cursor={cursor}"))

    def test_cursor_is_refused_for_another_user(self, world: World):
        open_some(world, 5)
        cursor = self.made(world, path=SESSIONS)
        for other in (world.acme_partner, world.north_admin, world.springfield_admin):
            self.refused(other.get(f"{SESSIONS}?per_page=2&cursor={cursor}"))
        again = world.signed_in(world.super_admin.user)
        page(again.get(f"{SESSIONS}?per_page=2&cursor={cursor}"))

    def test_cursor_is_refused_after_the_users_scope_changed(self, world: World):
        open_some(world, 5)
        cursor = self.made(world, path=SESSIONS, who="north_admin")
        user = world.north_admin.user
        Session.objects.filter(user=user).update(role="user")
        type(user).objects.filter(pk=user.pk).update(tenant=world.south)
        moved = world.signed_in(type(user).objects.get(pk=user.pk))
        self.refused(moved.get(f"{SESSIONS}?per_page=2&cursor={cursor}"))

    def test_cursor_is_opaque(self, world: World):
        open_some(world, 5)
        for cursor in (self.made(world), self.made(world, "ordering=last_activity_at")):
            assert re.fullmatch(r"[\w-]{100,300}", cursor)
            letters = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            assert not [word for word in (b"ses_", b"2026", b"created", b"activity") if word in letters]
        assert self.made(world) != self.made(world)

    def test_altered_cursor_is_refused(self, world: World):
        open_some(world, 5)
        cursor = self.made(world)
        others = [cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :] for n in (0, 9, 40, 80, -1)]
        others += [
            "x",
            cursor[:-4],
            f"{cursor}x",
            f"{cursor}=",
            f" {cursor}",
            cursor.upper(),
            "ses_1",
            "\u2603",
            "x" * 60_000,
        ]
        others += [seal(b"[]", purpose=purpose).decode().rstrip("=") for purpose in ("another", PURPOSE)]
        for forged in others:
            self.refused(world.super_admin.get(f"{north(world)}?per_page=2&cursor={quote(forged, safe='')}"))
        for raw in ("%ff", "%00", "%ed%a0%80"):
            [(where, _, _)] = flaws(world.super_admin.get(f"{north(world)}?per_page=2&cursor={raw}"))
            assert where == ["query", "cursor"]

    def test_cursor_together_with_page_is_refused(self, world: World):
        open_some(world, 5)
        answer = world.super_admin.get(f"{north(world)}?per_page=2&page=2&cursor={self.made(world)}")
        assert flaws(answer) == [
            (["query", "cursor"], "Input should be a page or a cursor, not both", "value_error.cursor")
        ]
