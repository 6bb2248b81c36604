"""Large and chunked request bodies, sent to a real server."""

import json
import time

import pytest
import requests

from tests.samples import sampled
from tests.security.routes import Operation, with_json
from tests.security.wire import chunked, exchange, post, request, statuses
from tests.servers import Servers
from tests.world import PASSWORD, World

TEN_MEBIBYTES = 10 * 1024 * 1024
LOGIN = "/api/v1/auth/login"
JSON_BODY = {"Content-Type": "application/json"}


def mebibytes(count: int):
    """Streamed, so that the client says no length."""
    for _ in range(count):
        yield b"x" * 1024 * 1024


@pytest.mark.sampled
@pytest.mark.parametrize("operation", sampled(with_json(), "ten megabytes"), ids=str)
def test_ten_megabyte_body_is_413_on_every_route(servers: Servers, committed_world: World, operation: Operation):
    caller = committed_world.ada if operation.is_public else operation.caller(committed_world)
    url = servers.urls[0] + operation.url(committed_world, caller)
    headers = JSON_BODY | {"Authorization": f"Bearer {caller.token}", "Connection": "close"}
    for data in (b"x" * TEN_MEBIBYTES, mebibytes(10)):
        answer = requests.request(operation.method, url, data=data, headers=headers, timeout=10)
        assert (answer.status_code, answer.json().keys()) == (413, {"detail"})
        assert answer.headers["X-Request-ID"]


def test_too_large_body_is_413_before_it_is_sent(servers: Servers):
    """A client that sends `Expect: 100-continue` gets the 413 at once."""
    began = time.monotonic()
    heard = exchange(
        servers.urls[0], request("POST", LOGIN, f"Content-Length: {TEN_MEBIBYTES}", "Expect: 100-continue")
    )
    assert statuses(heard)[-1] == 413
    assert 100 not in statuses(heard)
    assert time.monotonic() - began < 2


def test_bytes_after_a_refused_body_are_not_a_request(servers: Servers):
    smuggled = request("GET", "/healthz", "Connection: close")
    oversized = request("POST", LOGIN, f"Content-Length: {TEN_MEBIBYTES}", body=smuggled)
    assert statuses(exchange(servers.urls[0], oversized)) == [413]


def test_chunked_body_within_the_limit_is_read(servers: Servers, committed_world: World):
    person = committed_world.ada.user
    body = json.dumps({"email": person.email, "password": PASSWORD}).encode()
    heard = exchange(servers.urls[0], chunked(LOGIN, body[:7], body[7:20], body[20:], headers=("Connection: close",)))
    assert statuses(heard) == [200]
    assert statuses(exchange(servers.urls[0], post(LOGIN, body, "Connection: close"))) == [200]


def test_deeply_nested_json_is_422(servers: Servers):
    deep = b"[" * 1_000_000
    for send in (lambda: deep, lambda: iter([deep])):
        answer = requests.post(servers.urls[0] + LOGIN, data=send(), headers=JSON_BODY, timeout=10)
        assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "json_invalid")
    assert requests.get(f"{servers.urls[0]}/healthz", timeout=10).status_code == 200
