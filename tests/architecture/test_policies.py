"""Every view declares its permissions; one that does not is denied to everyone."""

from collections import Counter

import pytest
from django.conf import settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.access import Scope, Tier
from core.api.permissions import ActionPolicy, DenyAll
from core.api.v1 import V1ViewSet
from core.api.views import PolicyViewSet
from tests.architecture.routes import DOCS, PAGES, PLAIN_VIEWS, Route, routes, routes_of_dialects
from tests.cells import cells
from tests.world import Caller, World

V1 = [route for route in routes() if route.path not in PLAIN_VIEWS | DOCS | PAGES]
VIEW_SETS = [*V1, *routes_of_dialects()]
by_path = pytest.mark.parametrize("route", VIEW_SETS, ids=lambda route: route.path)


def view_of(route: Route) -> type[PolicyViewSet]:
    return route.view.cls  # type: ignore[attr-defined]  # what `as_view` leaves there


def declarations(view: type[PolicyViewSet]) -> Counter[str]:
    return Counter([*view.public, *view.reads, *view.writes])


@by_path
class TestViewSet:
    def test_declares_each_action_once(self, route: Route):
        assert issubclass(view_of(route), PolicyViewSet)
        assert {action: declarations(view_of(route))[action] for action in route.actions.values()} == dict.fromkeys(
            route.actions.values(), 1
        )

    def test_keeps_the_common_authentication_and_permission_classes(self, route: Route):
        view = view_of(route)
        assert view.permission_classes == [ActionPolicy]
        assert not issubclass(view, V1ViewSet) or view.authentication_classes == V1ViewSet.authentication_classes
        for name in ("get_permissions", "check_permissions", "permission_denied", "get_authenticators"):
            assert getattr(view, name) is getattr(PolicyViewSet, name), name

    def test_get_is_a_read_and_every_other_method_a_write(self, route: Route):
        view = view_of(route)
        for method, action in route.actions.items():
            assert action in view.public or (action in view.reads) == (method == "GET"), action


def test_every_declared_action_is_routed():
    routed: dict[type[PolicyViewSet], set[str]] = {}
    for route in VIEW_SETS:
        routed.setdefault(view_of(route), set()).update(route.actions.values())
    assert {view: set(declarations(view)) | view.with_session for view in routed} == routed


@by_path
def test_only_personal_actions_may_require_a_session(route: Route):
    view = view_of(route)
    personal = {action for action, tier in {**view.reads, **view.writes}.items() if tier is Tier.USER}
    assert view.with_session <= personal


def test_every_other_view_is_listed_here():
    others = {route.path for route in routes() if not issubclass(getattr(route.view, "cls", object), V1ViewSet)}
    assert others == set(PLAIN_VIEWS | DOCS | PAGES)


def test_default_permission_denies():
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == ["core.api.permissions.DenyAll"]
    assert APIView.permission_classes == [DenyAll]


class Silent(APIView):
    def get(self, request: Request) -> Response:
        return Response("inside")


class Forgetful(V1ViewSet):
    reads = {"something_else": Tier.USER}

    def list(self, request: Request) -> Response:
        return Response("inside")

    def create(self, request: Request) -> Response:
        return Response("inside")


urlpatterns = [
    path("silent", Silent.as_view()),
    path("forgetful", Forgetful.as_view({"get": "list", "post": "create"})),
]


@pytest.mark.urls(__name__)
class TestViewWithoutPolicy:
    @cells("where", ["/silent", "/forgetful"])
    def test_is_401_or_403_for_every_caller(self, where: str, world: World):
        assert world.nobody.get(where).status_code == 401
        for caller in everybody(world):
            answer = caller.get(where)
            assert (answer.status_code, answer.json()) == (403, {"detail": "Access denied"})

    def test_write_is_401_or_403_for_every_caller(self, world: World):
        assert world.nobody.post("/forgetful").status_code == 401
        assert {caller.post("/forgetful").status_code for caller in everybody(world)} == {403}


def everybody(world: World) -> list[Caller]:
    people = [world.ada, world.north_admin, world.acme_partner, world.super_admin]
    return [*people, world.service(), world.service(*Scope)]
