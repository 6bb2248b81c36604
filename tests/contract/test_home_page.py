"""The home page describes what runs here and links to it."""

import re
from typing import Any

from tests.world import World


def links(world: World) -> list[str]:
    answer = world.nobody.get("/")
    assert answer.status_code == 200
    return re.findall(r'<a href="([^"]+)"', answer.content.decode())


def test_home_page_links_what_a_visitor_can_open(world: World):
    assert links(world) == ["/account/sessions/", "/console/", "/docs"]
    for path in links(world):
        assert world.nobody.get(path).status_code in (200, 303), path


def test_home_page_does_not_link_documentation_that_is_switched_off(world: World, settings: Any):
    settings.API_DOCS = False
    assert links(world) == ["/account/sessions/", "/console/"]


def test_home_page_is_safe_and_not_cached(world: World):
    answer = world.nobody.get("/")
    assert answer["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert world.nobody.post("/").status_code == 405
