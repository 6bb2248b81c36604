"""Replays the edge API requests of tests/contract/edge/replay.toml through nginx and from another origin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser
from requests.structures import CaseInsensitiveDict

from tests.contract.edge.test_replay import ROWS, Cast, flaws
from tests.interop.conftest import Ways
from tests.interop.cross_origin_page import Elsewhere
from tests.world import World

pytestmark = pytest.mark.proof
Send = Callable[[str, str, bytes, dict[str, str]], Any]


@dataclass(frozen=True)
class Heard:
    """An answer, as the table looks at it."""

    status_code: int | None
    content: bytes
    headers: Any

    def __getitem__(self, name: str) -> str:
        return self.headers[name]

    def __contains__(self, name: str) -> bool:
        return name in self.headers


def through(home: str) -> Send:
    def send(method: str, path: str, body: bytes, headers: dict[str, str]) -> Heard:
        answer = requests.request(method, f"{home}{path}", data=body, headers=headers, timeout=20)
        return Heard(answer.status_code, answer.content, answer.headers)

    return send


def on(page: Elsewhere) -> Send:
    def send(method: str, path: str, body: bytes, headers: dict[str, str]) -> Heard:
        seen = page.send(method, path, body.decode(), headers)
        return Heard(seen.status, seen.text.encode(), CaseInsensitiveDict(seen.headers))

    return send


def replay(send: Send) -> dict[str, list[str]]:
    """What is wrong with which answer. Whoever changes something is followed by a cast that knows nothing of it."""
    wrong, cast = dict[str, list[str]](), Cast(World.unique(), send)
    for row in ROWS:
        if found := flaws(row, cast.ask(row), cast):
            wrong[row["name"]] = found
        if row.get("method", "GET") != "GET":
            cast = Cast(World.unique(), send)
    return wrong


def test_every_replayed_request_works_behind_a_proxy_path(ways: Ways, committed_world: World):
    assert replay(through(ways.stripped)) == {}


def test_every_replayed_request_works_from_another_origin(ways: Ways, browser: Browser, committed_world: World):
    page = browser.new_page()
    assert replay(on(Elsewhere(page, ways.named["another site"], ways.stripped))) == {}
    page.close()
