"""Whoever asks the servers counts right, and takes nothing for an answer that is none."""

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.load import Load, NotAnswered
from bench.load.http import request
from bench.load.python import PythonClients
from bench.load.wrk import Wrk

WRK = shutil.which("wrk")
LOADS = ["python", *(["wrk"] if WRK else [])]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: Counter[str] = Counter()

    def handle_error(self, *_: object) -> None:
        """A client that has seen enough is gone in the middle of an answer."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.seen[self.path] += 1
        body = b"an answer"
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(params=LOADS)
def load(request: pytest.FixtureRequest) -> Iterator[Load]:
    with Wrk.ready(str(WRK)) if request.param == "wrk" else PythonClients.ready() as load:
        yield load


def test_asks_each_request_as_often_as_it_is_told(load: Load, server: Server):
    requests = [request(f"/{number}") for number in range(20)]
    answers = load.ask_times(server.server_port, requests, 40)
    assert answers.count == 40
    assert answers.rate > 0
    assert server.seen == {f"/{number}": 2 for number in range(20)}


def test_asks_for_as_long_as_it_is_told(load: Load, server: Server):
    answers = load.ask(server.server_port, [request("/")], 1, pause=0.01)
    assert 0.9 < answers.seconds < 2
    assert 0 < answers.count <= server.seen["/"] <= answers.count + 8
    assert answers.p99 > 0


def test_refuses_an_answer_that_is_a_failure(load: Load, server: Server):
    with pytest.raises(NotAnswered):
        load.ask_times(server.server_port, [request("/broken")], 10)
