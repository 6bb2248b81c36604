"""Request smuggling and malformed requests, sent to a real server: refused, or answered exactly once."""

import json
import re

import pytest

from tests.cells import cells
from tests.security.wire import exchange, post, request, statuses
from tests.servers import Servers
from tests.world import PASSWORD, World

LOGIN = "/api/v1/auth/login"
SMUGGLED = request("GET", "/.well-known/jwks.json", "Connection: close")
BODY = b'{"email":"a"}'
JSON = "Content-Type: application/json"


def framed(*headers: str, body: bytes) -> bytes:
    return request("POST", LOGIN, JSON, *headers, body=body)


AMBIGUOUS = {
    "two lengths": framed("Content-Length: 13", "Content-Length: 3", body=BODY + SMUGGLED),
    "a list of lengths": framed("Content-Length: 13, 3", body=BODY + SMUGGLED),
    "a signed length": framed("Content-Length: +13", body=BODY + SMUGGLED),
    "a negative length": framed("Content-Length: -1", body=BODY + SMUGGLED),
    "a hexadecimal length": framed("Content-Length: 0xd", body=BODY + SMUGGLED),
    "an endless length": framed("Content-Length: " + "9" * 30, body=BODY + SMUGGLED),
    "a length with a space in its name": framed("Content-Length : 13", body=BODY + SMUGGLED),
    "vertical tab before chunked": framed("Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n" + SMUGGLED),
    "an unknown coding": framed("Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + SMUGGLED),
    "identity": framed("Transfer-Encoding: identity", "Content-Length: 13", body=BODY + SMUGGLED),
    "chunked, then something else": framed("Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + SMUGGLED),
    "chunked, then identity": framed(
        "Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=b"0\r\n\r\n" + SMUGGLED
    ),
    "a coding with a space in its name": framed("Transfer-Encoding : chunked", body=b"0\r\n\r\n" + SMUGGLED),
    "a folded coding": framed("Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n" + SMUGGLED),
    "a folded header": framed("X-A: b\r\n c", "Content-Length: 13", body=BODY + SMUGGLED),
    "a carriage return in a header": request("GET", "/healthz", "X-A: a\rb"),
    "NUL in a header": request("GET", "/healthz", "X-A: a\0b"),
    "a nameless header": request("GET", "/healthz", ": x"),
    "a space in the path": request("GET", "/healthz x", "Connection: close"),
    "no request at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}
# Framed twice over. The standard says which one counts, and to close the connection afterwards.
FRAMED_TWICE = {
    "length, then chunks": framed("Content-Length: 6", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
    "chunks, then length": framed("Transfer-Encoding: chunked", "Content-Length: 4", body=b"0\r\n\r\n" + SMUGGLED),
    "a chunk of no size": framed("Transfer-Encoding: chunked", body=b"zz\r\n" + BODY + b"\r\n0\r\n\r\n" + SMUGGLED),
    "a chunk of negative size": framed(
        "Transfer-Encoding: chunked", body=b"-1\r\n" + BODY + b"\r\n0\r\n\r\n" + SMUGGLED
    ),
    "a chunk longer than it says": framed(
        "Transfer-Encoding: chunked", body=b"3\r\n" + BODY + b"\r\n0\r\n\r\n" + SMUGGLED
    ),
}


@cells("case", AMBIGUOUS)
def test_ambiguous_request_is_400_and_closes_the_connection(servers: Servers, case: str):
    assert statuses(exchange(servers.urls[0], AMBIGUOUS[case])) == [400]


@cells("case", FRAMED_TWICE)
def test_request_smuggled_behind_an_ambiguous_body_is_not_answered(servers: Servers, case: str):
    heard = exchange(servers.urls[0], FRAMED_TWICE[case])
    assert len(statuses(heard)) == 1
    assert 400 <= statuses(heard)[0] < 500
    assert b'"keys"' not in heard


def test_two_clean_requests_on_one_connection_are_both_answered(servers: Servers):
    """Shows that the tests above would have seen the response to a second request."""
    heard = exchange(servers.urls[0], post(LOGIN, BODY), SMUGGLED)
    assert statuses(heard) == [422, 200]
    assert b'"keys"' in heard


def test_body_of_a_get_is_not_the_next_request(servers: Servers):
    inner = request("GET", "/api/v1/me", "Connection: close")
    outer = request("GET", "/healthz", f"Content-Length: {len(inner)}", body=inner)
    assert statuses(exchange(servers.urls[0], outer, SMUGGLED)) == [200, 200]


def test_pipelined_requests_get_their_own_responses(servers: Servers, committed_world: World):
    world, url = committed_world, servers.urls[0]
    callers = [world.ada, world.nobody, world.katherine, world.lisa, world.nobody, world.ada] * 5
    asked = [
        request("GET", "/api/v1/me", *([f"Authorization: Bearer {who.token}"] if who.token else [])) for who in callers
    ]
    heard = exchange(url, b"".join(asked) + SMUGGLED)
    assert statuses(heard) == [200 if who.token else 401 for who in callers] + [200]
    assert re.findall('"email":"([^"]+)"', heard.decode()) == [who.user.email for who in callers if who.token]


def test_sign_in_does_not_authenticate_the_connection(servers: Servers, committed_world: World):
    ada = committed_world.ada.user
    sign_in = post(LOGIN, json.dumps({"email": ada.email, "password": PASSWORD}).encode())
    heard = exchange(servers.urls[0], sign_in, request("GET", "/api/v1/me", "Connection: close"))
    assert statuses(heard) == [200, 401]


class TestAuthorizationHeader:
    def test_repeated_header_is_401(self, servers: Servers, committed_world: World):
        good, bad = f"Authorization: Bearer {committed_world.ada.token}", "Authorization: Bearer x"
        for headers in ((good, bad), (bad, good), (good, good), (good, good.lower())):
            heard = exchange(servers.urls[0], request("GET", "/api/v1/me", "Connection: close", *headers))
            assert statuses(heard) == [401], headers

    @pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER "])
    def test_scheme_is_case_insensitive(self, servers: Servers, committed_world: World, scheme: str):
        header = f"Authorization: {scheme}{committed_world.ada.token}"
        assert statuses(exchange(servers.urls[0], request("GET", "/api/v1/me", "Connection: close", header))) == [200]

    def test_malformed_header_is_401(self, servers: Servers, committed_world: World):
        token = str(committed_world.ada.token)
        for value in (
            token,
            f"Bearer  {token}",
            f"Bearer\t{token}",
            f"Bearer {token} x",
            f"Bearer {token},",
            f"Bearer,{token}",
            f"Token {token}",
            f"Bearer {token[:-2]}",
            f"Bearer {'a' * 16_384}",
            f"Bearer {'.' * 4_000}",
            "Bearer é",
            "Bearer",
            "Negotiate x",
        ):
            asked = request("GET", "/api/v1/me", "Connection: close", f"Authorization: {value}")
            assert statuses(exchange(servers.urls[0], asked)) == [401], value[:40]


@cells(
    "headers",
    [[f"X-{n}: 1" for n in range(1_000)], ["X-A: " + "a" * 1_000_000], ["Cookie: " + "a=b; " * 200_000]],
    ids=["many", "long", "cookies"],
)
def test_too_many_or_too_long_headers_are_refused(servers: Servers, headers: list[str]):
    (status,) = statuses(exchange(servers.urls[0], request("GET", "/healthz", "Connection: close", *headers)))
    assert 400 <= status < 500


def test_too_long_path_is_refused(servers: Servers):
    for path in ("/healthz?" + "a=b&" * 20_000, "/" + "a" * 100_000):
        (status,) = statuses(exchange(servers.urls[0], request("GET", path, "Connection: close")))
        assert 400 <= status < 500


def test_repeated_host_header_is_400(servers: Servers):
    for hosts in (["Host: evil.example"], ["Host: 127.0.0.1"]):
        heard = exchange(servers.urls[0], request("GET", "/api/v1/me", "Connection: close", *hosts))
        assert statuses(heard) == [400]
