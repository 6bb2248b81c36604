"""Walking a list on two servers during sign-ins and revocations: consistent pages, lasting sessions once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import requests
from django.db import connection

from sessions_app import operations
from sessions_app.models import Session
from tests.servers import Servers
from tests.world import SYSTEM, Caller, World

LASTING, WALKS, PER_PAGE = 12, 8, 5


@contextmanager
def meanwhile(act: Callable[[], Any]) -> Iterator[list[int]]:
    """Over and over, beside whatever happens inside; how often that was."""
    over, done = threading.Event(), [0]

    def go_on() -> None:
        try:
            while not over.is_set():
                act()
                done[0] += 1
        finally:
            connection.close()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()


def come_and_go(world: World) -> Callable[[], None]:
    """One more of Alan's, and one fewer: sometimes the newest, sometimes the oldest of them."""
    known: list[Caller] = []
    ends = cycle((0, -1, -1))

    def act() -> None:
        known.append(world.signed_in(world.alan.user))
        if len(known) > 6:
            gone = known.pop(next(ends))
            operations.revoke(Session.objects.filter(pk=gone.session.pk), actor=SYSTEM, reason="test")

    return act


def walk(servers: Servers, path: str, token: str | None) -> Iterator[dict[str, Any]]:
    """Page after page, each from another server."""
    query, number = "", 0
    while True:
        url = f"{servers.urls[number % 2]}{path}{query}"
        try:
            answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        except requests.Timeout as error:
            error.add_note("\n".join(what_the_database_is_at()))
            raise
        assert answer.status_code == 200, answer.text
        yield answer.json()
        cursor = answer.json()["pagination"]["next_cursor"]
        if cursor is None:
            return
        query, number = f"&cursor={cursor}", number + 1


def what_the_database_is_at() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, state, wait_event_type, wait_event, pg_blocking_pids(pid), now() - query_start, query"
            " FROM pg_stat_activity WHERE datname = current_database()"
        )
        return [" ".join(map(str, row)) for row in cursor.fetchall()]


def agrees_with_itself(told: dict[str, Any]) -> None:
    rows, where = told["data"], told["pagination"]
    is_last = where["next_cursor"] is None
    assert where["total"] >= len(rows) + (not is_last)
    assert len(rows) == where["per_page"] or is_last
    if is_last and where["page"] == 1:
        assert where["total"] == len(rows)


def test_walk_during_sign_ins_and_revocations_returns_lasting_sessions_once(servers: Servers, committed_world: World):
    world = committed_world
    lasting = {world.signed_in(world.ada.user).session_id for _ in range(LASTING)} | {world.ada.session_id}
    token, alan = world.super_admin.token, world.alan.user
    path = f"/api/v1/tenants/{world.north.handle}/sessions?per_page={PER_PAGE}&ordering="
    assert alan
    with meanwhile(come_and_go(world)) as done:
        for ordering in ["-created_at", "created_at"] * WALKS:
            met: list[str] = []
            for told in walk(servers, path + ordering, token):
                agrees_with_itself(told)
                met += [row["id"] for row in told["data"]]
            assert len(met) == len(set(met))
            assert lasting <= set(met)
            assert met == sorted(met, reverse=ordering.startswith("-"))
    assert done[0] > WALKS


def test_total_of_a_single_page_equals_its_rows_during_changes(servers: Servers, committed_world: World):
    world = committed_world
    token, alan = world.super_admin.token, world.alan.user
    path = f"/api/v1/tenants/{world.north.handle}/sessions?per_page=100&ordering=created_at"
    assert alan
    with meanwhile(come_and_go(world)) as done:
        for _ in range(WALKS * 4):
            (told,) = walk(servers, path, token)
            agrees_with_itself(told)
    assert done[0] > WALKS
