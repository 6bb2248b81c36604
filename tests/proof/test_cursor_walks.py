"""Walking a changing list by cursor repeats and misses nothing, and each total is correct."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection

from sessions_app import operations
from sessions_app.models import RevocationScope, Session
from sessions_app.operations.sign_ins import access_token
from tests.proof.browsers import Browser, browsers
from tests.servers import Servers
from tests.world import SYSTEM, World

LASTING, PER_PAGE = 12, 5
# What is asked for nearly always is put together once; anything else, when it is asked for.
LISTS = ("ordering=-created_at", "ordering=created_at", "ordering=-created_at&device_type=desktop")


@dataclass
class Crowd:
    """People who come and go, and how many there were when."""

    world: World
    is_over: Event = field(default_factory=Event)
    # (when it began, when it was done, how many before, how many after)
    acts: list[tuple[float, float, int, int]] = field(default_factory=list)
    there: list[Any] = field(default_factory=list)

    def come_and_go(self, already: int) -> None:
        dice = Random(2)
        try:
            while not self.is_over.is_set():
                began, before = time.monotonic(), already + len(self.there)
                act = dice.choice([self.come, self.come, self.go, self.go_together])
                act(dice)
                self.acts.append((began, time.monotonic(), before, already + len(self.there)))
        finally:
            connection.close()

    def come(self, dice: Random) -> None:
        self.there.append(self.world.signed_in(self.world.person("alan", self.world.north)).session.pk)

    def go(self, dice: Random) -> None:
        if self.there:
            gone = self.there.pop(dice.randrange(len(self.there)))
            operations.revoke(Session.objects.filter(pk=gone), actor=SYSTEM, reason="gone")

    def go_together(self, dice: Random) -> None:
        if len(self.there) > LASTING:
            operations.revoke_scope(
                RevocationScope.USER,
                self.world.person("alan", self.world.north).pk,
                actor=SYSTEM,
                reason="gone together",
            )
            self.there.clear()

    def true_between(self, since: float, until: float) -> set[int]:
        """Every number that was the right one at some moment; the last act may still be under way."""
        meanwhile = [act for act in self.acts if act[1] >= since and act[0] <= until]
        return {number for act in meanwhile for number in act[2:]}


@contextmanager
def coming_and_going(world: World, already: int) -> Iterator[Crowd]:
    crowd = Crowd(world)
    thread = Thread(target=crowd.come_and_go, args=[already])
    thread.start()
    try:
        yield crowd
    finally:
        crowd.is_over.set()
        thread.join()


def walk(pair: list[Browser], path: str, token: str) -> Iterator[tuple[float, float, Any]]:
    """Page after page, each from another server, and when it was asked for and answered."""
    query, number = "", 0
    while True:
        since = time.monotonic()
        told = pair[number % 2].ask("GET", f"{path}{query}", token=token)
        assert told.status == 200
        yield since, time.monotonic(), told.body
        cursor = told.body["pagination"]["next_cursor"]
        if cursor is None:
            return
        query, number = f"&cursor={cursor}", number + 1


@dataclass
class Watch:
    """What somebody who walks the list over and over finds wrong."""

    world: World
    lasting: set[str]
    flaws: list[str] = field(default_factory=list)
    totals: list[tuple[float, float, int]] = field(default_factory=list)

    def look(self, pair: list[Browser], query: str) -> None:
        path = f"/api/v1/tenants/{self.world.north.handle}/sessions?per_page={PER_PAGE}&{query}"
        met: list[str] = []
        assert self.world.super_admin.session
        token = access_token(self.world.super_admin.session)  # one lasts ten minutes, a thousand walks may take longer
        for since, until, told in walk(pair, path, token):
            met += [row["id"] for row in told["data"]]
            self.totals.append((since, until, told["pagination"]["total"]))
        if len(met) != len(set(met)) or met != sorted(met, reverse="=-" in query):
            self.flaws.append(f"met twice, or out of order: {met}")
        if not self.lasting <= set(met):
            self.flaws.append(f"missed {self.lasting - set(met)}")

    def compare(self, crowd: Crowd) -> None:
        for since, until, total in self.totals:
            if total not in crowd.true_between(since, until):
                self.flaws.append(f"{total}, where {crowd.true_between(since, until)} were true")


def watch(world: World, servers: Servers, walks: int, lists: tuple[str, ...] = LISTS) -> tuple[Watch, Crowd]:
    lasting = {world.signed_in(world.person("ada", world.north)).session_id for _ in range(LASTING)}
    watch = Watch(world, lasting)
    assert world.super_admin.session
    with browsers(servers.urls, 2) as pair, coming_and_going(world, LASTING) as crowd:
        while not crowd.acts:
            time.sleep(0.001)
        for number in range(walks):
            watch.look(pair, lists[number % len(lists)])
    watch.compare(crowd)
    return watch, crowd


def test_cursor_walk_during_changes_repeats_and_misses_nothing(servers: Servers, committed_world: World, claim):
    promise = claim("walks of a list that changes all the time", full=1000, reduced=12)
    seen, crowd = watch(committed_world, servers, promise.asked)
    promise.saw(promise.asked, f"{len(seen.totals)} pages, while {len(crowd.acts)} acts changed it")
    assert len(crowd.acts) > promise.asked
    assert seen.flaws == []


@pytest.mark.proof
def test_broken_build_with_offset_cursors_is_caught(broken_servers: Servers, committed_world: World, claim):
    promise = claim("control, cursors count rows: met twice or missed", full=1, reduced=1)
    walks, seen = 0, None
    while walks < 200 and not (seen and seen.flaws):
        seen, _ = watch(committed_world, broken_servers, 10, LISTS[2:])
        walks += 10
    assert seen
    promise.saw(len(seen.flaws), f"in {walks} walks")
    assert len(seen.flaws) >= promise.asked
