"""Security headers, CORS and request ids of every response."""

import re
from typing import Any

import pytest

from tests.cells import cells
from tests.security.routes import Operation, operations, others
from tests.world import Caller, World

EDGE = "/edge/management/v1"
GOOD, EVIL = "https://console.example", "https://evil.example"
OUTSIDE_THE_SCHEMA = ["/healthz", "/readyz", "/openapi.json", "/docs", "/redoc", "/nowhere", "/static/nothing.css"]

each_operation = pytest.mark.parametrize("operation", operations(), ids=str)


def is_protected(answer: Any) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Request-ID"]
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


@each_operation
class TestSecurityHeaders:
    def test_authenticated_response_has_them_and_is_not_cached(self, world: World, operation: Operation):
        caller = operation.caller(world)
        answer = caller.request(operation.method, operation.url(world, caller), {} if operation.bodies else None)
        is_protected(answer)
        assert "Authorization" in answer.headers["Vary"]
        if not operation.is_public:
            assert answer.headers["Cache-Control"] == "no-store"
            if operation.method == "GET" and "ETag" in answer.headers:  # a version, and nothing for a cache to go by
                known = {"If-None-Match": answer.headers["ETag"]}
                assert caller.get(operation.url(world, caller), headers=known).status_code == 200
            assert "Last-Modified" not in answer.headers

    def test_error_has_them(self, world: World, operation: Operation):
        url = operation.url(world, world.super_admin)
        if not operation.is_public:
            self.unauthenticated_response_has_them_and_a_challenge(world, operation.method, url)
        self.response_to_every_method_has_them(world, url)
        self.error_before_any_view_has_them(world, operation.method, url)

    @staticmethod
    def unauthenticated_response_has_them_and_a_challenge(world: World, method: str, url: str) -> None:
        for headers in (
            {},
            {"Authorization": "Bearer x"},
            {"Authorization": "Basic eDp5"},
            {"Authorization": "Bearer"},
        ):
            answer = world.nobody.request(method, url, headers=headers)
            assert answer.status_code == 401
            is_protected(answer)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Authorization" in answer.headers["Vary"]

    @staticmethod
    def response_to_every_method_has_them(world: World, url: str) -> None:
        for caller in (world.nobody, world.super_admin):
            for method in ("OPTIONS", "TRACE", "PROPFIND", "HEAD"):
                is_protected(caller.request(method, url))

    @staticmethod
    def error_before_any_view_has_them(world: World, method: str, url: str) -> None:
        for status, extra in ((400, {"HTTP_HOST": "evil.example"}), (400, {"CONTENT_LENGTH": "x"})):
            answer = world.nobody.request(method, url, **extra)
            assert answer.status_code == status
            is_protected(answer)
        answer = world.nobody.request(method, url, CONTENT_LENGTH=str(2**40))
        assert answer.status_code == 413
        is_protected(answer)


@cells("operation", others(), ids=str)
class TestSecurityHeadersOfOtherDialects:
    def test_response_to_every_caller_and_method_has_them(self, world: World, operation: Operation):
        url = operation.path.format(**dict.fromkeys(operation.parameters, world.ada.session_id))
        for method in ("OPTIONS", "TRACE", "PROPFIND", "HEAD", operation.method):
            for caller in (world.nobody, Caller("x"), world.ada, world.super_admin):
                answer = caller.request(method, url, {} if operation.bodies else None)
                is_protected(answer)
                assert answer.status_code < 500

    def test_error_before_any_view_has_them(self, world: World, operation: Operation):
        url = operation.path.format(**dict.fromkeys(operation.parameters, "x"))
        refusals = ((400, {"HTTP_HOST": "evil.example"}), (413, {"CONTENT_LENGTH": str(2**40)}))
        for status, extra in refusals:
            answer = world.nobody.request(operation.method, url, **extra)
            assert answer.status_code == status
            is_protected(answer)


@cells("path", OUTSIDE_THE_SCHEMA)
def test_response_outside_the_schema_has_security_headers(world: World, path: str):
    for caller in (world.nobody, world.ada):
        is_protected(caller.get(path))


def test_conditional_request_does_not_return_another_users_response(world: World):
    conditions = {"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    for caller in (world.ada, world.katherine):
        answer = caller.get("/api/v1/me", headers=conditions)
        assert (answer.status_code, answer.json()["data"]["email"]) == (200, caller.user.email)


class TestCors:
    def test_unlisted_origin_gets_no_cors_headers(self, world: World, settings: Any):
        settings.CORS_ALLOWED_ORIGINS = [GOOD]
        for origin in (EVIL, "null", f"{GOOD}.evil.example", "https://consoleXexample", "http://console.example", "*"):
            for answer in self.asked_from(origin, world):
                assert not any(name.lower().startswith("access-control-allow-o") for name in answer.headers), origin
                assert "Access-Control-Allow-Credentials" not in answer.headers
                assert "origin" in answer.headers["Vary"].lower()

    def test_listed_origin_may_read_without_cookies(self, world: World, settings: Any):
        settings.CORS_ALLOWED_ORIGINS = [GOOD]
        for answer in self.asked_from(GOOD, world):
            assert answer.headers["Access-Control-Allow-Origin"] == GOOD
            assert "Access-Control-Allow-Credentials" not in answer.headers

    def test_preflight_lists_methods_and_headers_of_every_operation(self, world: World, settings: Any):
        settings.CORS_ALLOWED_ORIGINS = [GOOD]
        expected = {"access-control-allow-origin": GOOD, "access-control-max-age": "600"}
        wrong = []
        for operation in (*operations(), *others()):
            url = operation.path.format(**dict.fromkeys(operation.parameters, "x"))
            for origin, allowed in ((GOOD, expected), (EVIL, {})):
                answer = preflight(world, url, origin, operation.method)
                told = {name.lower(): value for name, value in answer.headers.items()}
                methods = told.get("access-control-allow-methods", "").split(", ")
                headers = told.get("access-control-allow-headers", "").split(", ")
                is_allowed = operation.method in methods and headers == settings.CORS_ALLOW_HEADERS
                rest = {name: told[name] for name in told if name in expected}
                if (answer.status_code, is_allowed, rest) != (200, bool(allowed), allowed):
                    wrong.append((str(operation), origin, rest))
        assert wrong == []

    def test_listed_origin_may_read_errors(self, world: World, settings: Any):
        settings.CORS_ALLOWED_ORIGINS = [GOOD]
        wrong = []
        for start in (
            "/api/v1/me/sessions",
            "/api/account/sessions",
            "/api/admin/tokens/sessions",
            f"{EDGE}/api-sessions",
        ):
            refusals = {
                "host": world.ada.get(start, headers={"Origin": GOOD}, HTTP_HOST="evil.example"),
                "length": world.ada.get(start, headers={"Origin": GOOD}, CONTENT_LENGTH="x"),
                "size": world.ada.post(start, headers={"Origin": GOOD}, CONTENT_LENGTH=str(2**40)),
                "nobody": world.nobody.get(start, headers={"Origin": GOOD}),
                "nowhere": world.ada.get(f"{start}/x/y/z", headers={"Origin": GOOD}),
                "method": world.ada.request("PUT", start, headers={"Origin": GOOD}),
            }
            for kind, answer in refusals.items():
                exposed = answer.headers.get("Access-Control-Expose-Headers", "").split(", ")
                is_read = answer.headers.get("Access-Control-Allow-Origin") == GOOD
                if answer.status_code < 400 or not is_read or exposed != settings.CORS_EXPOSE_HEADERS:
                    wrong.append((start, kind, answer.status_code))
        assert wrong == []

    def test_console_account_and_documentation_pages_have_no_cors_headers(self, world: World, settings: Any):
        settings.CORS_ALLOWED_ORIGINS = [GOOD]
        for path in ("/console/", "/account/sessions/", "/reset-password", "/static/console/console.css", "/docs"):
            answer = world.nobody.get(path, headers={"Origin": GOOD})
            answer.close()
            assert "Access-Control-Allow-Origin" not in answer.headers, path

    @staticmethod
    def asked_from(origin: str, world: World) -> list[Any]:
        preflight = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
        return [
            world.ada.get("/api/v1/me", headers={"Origin": origin}),
            world.nobody.post("/api/v1/auth/login", {}, headers={"Origin": origin}),
            world.nobody.request("OPTIONS", "/api/v1/me/sessions", headers=preflight),
        ]


def preflight(world: World, url: str, origin: str, method: str) -> Any:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "zt-session"}
    return world.nobody.request("OPTIONS", url, headers=asked)


class TestRequestId:
    @cells("given", ["01890abc-def0-7000-8000-000000000001", "trace_1.2.3", "a" * 64, "A-b.c_12"])
    def test_valid_id_of_the_caller_is_kept(self, world: World, given: str):
        answer = world.ada.get("/api/v1/me", headers={"X-Request-ID": given})
        assert answer.headers["X-Request-ID"] == answer.json()["meta"]["request_id"] == given

    @cells(
        "given",
        ["", "short", "a" * 65, "a b c d e f", "12345678\t", "<script>alert(1)</script>", "\u202e12345678", "é" * 9],
    )
    def test_unsafe_id_of_the_caller_is_replaced(self, world: World, given: str):
        answer = world.ada.get("/api/v1/me", headers={"X-Request-ID": given})
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])
        assert answer.headers["X-Request-ID"] == answer.json()["meta"]["request_id"]

    def test_generated_ids_are_unique(self, world: World):
        assert len({world.nobody.get("/nowhere").headers["X-Request-ID"] for _ in range(50)}) == 50
