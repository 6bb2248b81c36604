"""Both load generators count responses correctly, and fail when a server does."""

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.load import LoadGenerator, RequestFailed
from bench.load.http_request import http_request
from bench.load.python_clients import PythonClients
from bench.load.wrk import Wrk

WRK = shutil.which("wrk")
LOADS = ["python", *(["wrk"] if WRK else [])]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.counts: Counter[str] = Counter()

    def handle_error(self, *_: object) -> None:
        """Ignore clients that disconnect in the middle of a response, which they do when their time is over."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.counts[self.path] += 1
        body = b"response"
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(params=LOADS)
def load(request: pytest.FixtureRequest) -> Iterator[LoadGenerator]:
    with Wrk.start(str(WRK)) if request.param == "wrk" else PythonClients.start() as load:
        yield load


def test_send_count_sends_each_request_equally_often(load: LoadGenerator, server: Server):
    requests = [http_request(f"/{number}") for number in range(20)]
    result = load.send_count(server.server_port, requests, 40)
    assert result.count == 40
    assert result.rate > 0
    assert server.counts == {f"/{number}": 2 for number in range(20)}


def test_send_for_stops_after_the_requested_time(load: LoadGenerator, server: Server):
    result = load.send_for(server.server_port, [http_request("/")], 1, pause=0.01)
    assert 0.9 < result.seconds < 2
    assert 0 < result.count <= server.counts["/"] <= result.count + 8
    assert result.p99 > 0


def test_error_response_is_an_error(load: LoadGenerator, server: Server):
    with pytest.raises(RequestFailed):
        load.send_count(server.server_port, [http_request("/broken")], 10)
