"""Every route that answers GET is measured, and one that is new cannot be forgotten."""

import os
import subprocess
import sys
import time

import pytest
from django.urls import path
from django.urls.resolvers import URLPattern, get_resolver

from bench import examples, routes
from bench.examples import EXAMPLES, FORMS_ONLY, Example, Kind, NoExample
from bench.processes import seconds_of
from core.ids import Prefix
from tests.cells import cells
from tests.console.browser import Browser
from tests.world import World, some_id


def test_every_route_that_may_answer_get_has_an_example():
    assert set(routes.gettable()) - EXAMPLES.keys() == FORMS_ONLY


def test_every_example_is_of_a_route_that_there_is():
    assert EXAMPLES.keys() - set(routes.gettable()) == set()


def test_new_route_without_an_example_ends_the_run(monkeypatch: pytest.MonkeyPatch):
    new: list[URLPattern] = [path("api/v1/new", lambda request: None)]
    monkeypatch.setattr(get_resolver("config.urls"), "url_patterns", [*get_resolver("config.urls").url_patterns, *new])
    with pytest.raises(NoExample, match="/api/v1/new"):
        list(examples.every_example())


@cells("route", sorted(FORMS_ONLY))
def test_route_that_only_takes_forms_refuses_get(route: str, world: World):
    handle = some_id(Prefix.GROUP if "groups" in route else Prefix.SESSION)
    browser = Browser(world.super_admin)
    browser.open(route.replace("<str:handle>", handle).replace("<str:session_id>", handle))
    assert browser.status == 405


def test_path_has_an_id_for_each_of_its_parts():
    example = Example(Kind.LIST, query="?tenant={tenant_id}", names={"resource_id": "group_id"})
    asked = example.path("/api/<str:tenant_id>/groups/<str:resource_id>", {"tenant_id": "tnt_1", "group_id": "grp_2"})
    assert asked == "/api/tnt_1/groups/grp_2?tenant=tnt_1"


class TestTheAccountOfAProcess:
    def test_holds_the_time_that_it_worked(self):
        began, worked = seconds_of(os.getpid()), time.process_time() + 0.2
        while time.process_time() < worked:
            pass
        assert 0.15 < seconds_of(os.getpid()) - began < 0.4

    def test_does_not_hold_the_time_that_it_waited(self):
        began = seconds_of(os.getpid())
        time.sleep(0.2)
        assert seconds_of(os.getpid()) - began < 0.1

    def test_is_empty_when_it_has_ended(self):
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        assert seconds_of(ended.pid) == 0
