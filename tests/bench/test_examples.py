"""Every route that answers GET has an example request, so that the bench measures it."""

import os
import subprocess
import sys
import time

import pytest
from django.urls import path
from django.urls.resolvers import URLPattern, get_resolver

from bench import examples, routes
from bench.cpu_usage import seconds_of
from bench.examples import EXAMPLES, FORMS_ONLY, Example, Kind, NoExample
from core.ids import Prefix
from tests.cells import cells
from tests.console.browser import Browser
from tests.world import World, some_id


def test_every_get_route_has_an_example():
    assert set(routes.routes_with_get()) - EXAMPLES.keys() == FORMS_ONLY


def test_every_example_belongs_to_an_existing_route():
    assert EXAMPLES.keys() - set(routes.routes_with_get()) == set()


def test_route_without_an_example_ends_the_run(monkeypatch: pytest.MonkeyPatch):
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


def test_path_has_an_id_for_each_parameter():
    example = Example(Kind.LIST, query="?tenant={tenant_id}", names={"resource_id": "group_id"})
    ids = {"tenant_id": "tnt_1", "group_id": "grp_2"}
    assert example.path("/api/<str:tenant_id>/groups/<str:resource_id>", ids) == "/api/tnt_1/groups/grp_2?tenant=tnt_1"


class TestCpuTimeOfAProcess:
    def test_includes_the_time_it_computes(self):
        before, until = seconds_of(os.getpid()), time.process_time() + 0.2
        while time.process_time() < until:
            pass
        assert 0.15 < seconds_of(os.getpid()) - before < 0.4

    def test_does_not_include_the_time_it_waits(self):
        before = seconds_of(os.getpid())
        time.sleep(0.2)
        assert seconds_of(os.getpid()) - before < 0.1

    def test_is_zero_after_it_has_ended(self):
        process = subprocess.Popen([sys.executable, "-c", ""])
        process.wait()
        assert seconds_of(process.pid) == 0
