"""Undeclared methods are refused after authentication; HEAD, slashes and override headers."""

import re
from itertools import product
from typing import Any
from zlib import crc32

from core.access import Scope
from tests.access.database_digest import database_digest
from tests.access.matrix import Row, rows
from tests.access.test_permission_matrix import cases_of
from tests.access.valid_requests import send, valid_request_for
from tests.cells import cells
from tests.world import Caller, World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO")
PLACES = sorted({row.path for row in rows()})
READS = [row for row in rows() if row.method == "GET"]
PEOPLE = ("ada", "north_admin", "acme_partner", "super_admin")
V1 = [row for row in rows() if row.path.startswith("/api/v1/")]


def declared(path: str) -> set[str]:
    methods = {row.method for row in rows() if row.path == path}
    return methods | {"HEAD"} if "GET" in methods else methods


def is_public(path: str) -> bool:
    return all(row.is_public for row in rows() if row.path == path)


def spelled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "anything", path)


def signed_in(world: World) -> list[Caller]:
    service = world.service(Scope.ADMIN_READ, Scope.ADMIN_WRITE)
    return [*(getattr(world, name) for name in PEOPLE), service, world.service()]


def one_or_all(path: str, callers: list[Caller]) -> list[Caller]:
    """Every caller at a few paths, one at each of the others: that all views ask alike is an architecture test."""
    number = crc32(path.encode())
    return callers if number % 10 == 0 else [callers[number % len(callers)]]


def test_every_caller_is_tried_on_some_route():
    assert sum(crc32(path.encode()) % 10 == 0 for path in PLACES) > 3


@cells("path", PLACES, signed_in=PEOPLE)
class TestUndeclaredMethod:
    def test_undeclared_method_is_405_for_every_caller(self, path: str, world: World):
        callers = one_or_all(path, signed_in(world))
        before = database_digest()
        for method in set(METHODS) - declared(path):
            for caller in callers:
                refused_as_undeclared(caller.request(method, spelled(path)), path, method)
        assert database_digest() == before

    def test_anonymous_undeclared_method_is_401_unless_public(self, path: str, world: World):
        for method in set(METHODS) - declared(path):
            answer = world.nobody.request(method, spelled(path))
            if is_public(path):
                refused_as_undeclared(answer, path, method)
            else:
                assert answer.status_code == 401, method

    def test_method_override_headers_are_ignored(self, path: str, world: World):
        ada, before = world.ada, database_digest()
        for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            for method, called in product({"GET", "POST"} - declared(path), declared(path)):
                answer = ada.request(method, spelled(path), headers={header: called})
                assert answer.status_code == 405, (header, method, called)
        assert database_digest() == before


def refused_as_undeclared(answer: Any, path: str, method: str) -> None:
    assert answer.status_code == 405, method
    assert set(re.split(", ?", answer["Allow"])) == declared(path), method
    if path.startswith("/api/") and method != "HEAD":
        assert answer.json() == {"detail": "Method Not Allowed"}, method


@cells("row", READS, ids=str, signed_in=PEOPLE)
def test_head_has_the_status_and_headers_of_get_without_a_body(row: Row, world: World):
    for caller in [world.nobody, *one_or_all(row.path, signed_in(world))]:
        get, head = caller.get(row.path), caller.request("HEAD", row.path)
        assert head.status_code == get.status_code
        assert head.content == b""
        assert head.headers.keys() == get.headers.keys()


@cells("column", ["AN", "PU", "SR"])
@cells("row", V1, ids=str, signed_in=["ada"])
def test_trailing_slash_makes_no_difference(row: Row, column: str, world: World):
    (case,) = cases_of(row, column, world)
    answer = send(row, case.caller, valid_request_for(row, case, world), slash="/")
    assert answer.status_code == int(row.codes[column][:3])
