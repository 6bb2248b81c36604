"""Filters without an index scan part of the sessions per page: each page is fast, no match is skipped."""

from itertools import chain

import pytest

from sessions_app.models import Session
from tests.cells import cells
from tests.commands.many_sessions import create_sessions, update_session
from tests.console.browser import SESSIONS, Browser
from tests.console.test_revoke import FIREFOX, handles_in, link_called
from tests.world import World


@pytest.fixture(autouse=True)
def short_of_breath(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.admin.filters.SCAN_LIMIT", 10)


def walked(browser: Browser, **asked: str) -> list[list[str]]:
    """The handles on each page, to the last."""
    browser.open(SESSIONS, **asked)
    pages = [handles_in(browser.html)]
    while onward := link_called("Search further", browser.html) or link_called("Older", browser.html):
        browser.open(f"{SESSIONS}{onward}")
        pages.append(handles_in(browser.html))
    return pages


def handles(**columns: str) -> list[str]:
    return [session.handle for session in Session.objects.filter(**columns).order_by("-pk")]


def test_rare_matches_are_found_by_searching_older_sessions(world: World):
    for _ in range(3):
        create_sessions(world.ada, 1, user_agent=FIREFOX)
        create_sessions(world.ada, 24)
    pages = walked(Browser(world.north_admin), user_agent="firefox")
    assert list(chain(*pages)) == handles(user_agent=FIREFOX)
    assert len(pages) == 8  # of 77 sessions: 10 and whoever is looked for next, each time
    assert max(map(len, pages)) == 1


def test_frequent_matches_fill_whole_pages(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sessions_app.admin.filters.SCAN_LIMIT", 100)
    create_sessions(world.ada, 130, user_agent=FIREFOX)
    pages = walked(Browser(world.north_admin), user_agent="firefox")
    assert list(chain(*pages)) == handles(user_agent=FIREFOX)
    assert list(map(len, pages)) == [50, 50, 30]


def test_page_without_matches_shows_how_far_it_searched(world: World):
    create_sessions(world.ada, 30)
    browser = Browser(world.north_admin)
    assert "No match so far." in browser.open(SESSIONS, country="IS")
    assert "There are older ones." in browser.text
    browser.open(SESSIONS, country="IS", after=world.ada.session_id)
    assert "No sessions match." in browser.text
    assert "There are older ones." not in browser.text


@cells("column", ["ip_address", "last_ip_address"])
def test_ip_address_is_found_by_its_index_at_once(column: str, world: World):
    found = update_session(world.ada, **{column: "198.51.100.7"})
    create_sessions(world.alan, 40)
    assert walked(Browser(world.north_admin), ip="198.51.100.0/24") == [[found.session_id]]


def test_minimum_age_skips_newer_sessions(world: World):
    create_sessions(world.ada, 40)
    assert walked(Browser(world.north_admin), older_than="1h") == [[]]


@cells("state", ["revoked", "expired"])
def test_revoked_or_expired_filter_searches_every_session(state: str, world: World):
    gone = world.ada.session
    world.north_admin.post(f"/api/v1/admin/sessions/{gone.handle}/revoke", {"reason": "stolen"})
    create_sessions(world.alan, 40)
    browser, texts = Browser(world.north_admin), []
    texts.append(browser.open(SESSIONS, state=state))
    while onward := link_called("Search further", browser.html):
        texts.append(browser.open(f"{SESSIONS}{onward}"))
    assert any("ada@north.example" in text for text in texts) == (state == "revoked")
    assert "ada@north.example" not in texts[0]
