"""The load where there is no wrk: clients in processes of their own, each on one connection that it keeps.

Written on a bare socket, so that little of the machine goes to the asking: it shares the cores with what is measured.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice, takewhile
from statistics import quantiles

from bench.load.answers import Answers, NotAnswered

CLIENTS = 4


class PythonClients:
    name = f"{CLIENTS} clients in Python"

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self.processes = processes

    @classmethod
    @contextmanager
    def ready(cls, count: int = CLIENTS) -> Iterator["PythonClients"]:
        with ExitStack() as stack:
            command = [sys.executable, "-m", "bench.load.python"]
            made = [
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0)
                for _ in range(count)
            ]
            for process in made:
                stack.enter_context(process)
                stack.callback(process.terminate)
            yield cls(made)

    def ask(self, port: int, requests: list[str], seconds: float, *, pause: float = 0) -> Answers:
        return self._all_ask([[port, requests, seconds, pause]] * len(self.processes))

    def ask_times(self, port: int, requests: list[str], count: int) -> Answers:
        """Each client has requests of its own: an act can be asked for only once."""
        all_of_them = list(islice(cycle(requests), count))
        clients = len(self.processes)
        return self._all_ask([[port, all_of_them[number::clients], 0, 0] for number in range(clients)])

    def _all_ask(self, orders: list[list[object]]) -> Answers:
        for process, order in zip(self.processes, orders, strict=True):
            assert process.stdin
            print(json.dumps(order), file=process.stdin, flush=True)
        each = [self._heard(process) for process in self.processes]
        counts, seconds, p99s = zip(*each, strict=True)
        return Answers(sum(counts), max(seconds), max(p99s))

    @staticmethod
    def _heard(process: subprocess.Popen[str]) -> list[float]:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise NotAnswered("a client gave up; its reason is above")
        return json.loads(line)


def ask(port: int, requests: list[str], seconds: float, pause: float) -> list[float]:
    """How many were answered, in how many seconds, and the 99th percentile in milliseconds."""
    times: list[float] = []
    since = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=600) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for each in chosen(requests, seconds):
            times.append(timed(lambda each=each: answered(server, each)))  # type: ignore[misc]  # bound at once
            time.sleep(pause)
    passed = time.perf_counter() - since
    return [len(times), passed, quantiles(times, n=100)[-1] * 1000 if len(times) > 1 else 0]


def chosen(requests: list[str], seconds: float) -> Iterable[str]:
    """Each once when no time is given, else again and again for so long."""
    until = time.perf_counter() + seconds
    return takewhile(lambda _: time.perf_counter() < until, cycle(requests)) if seconds else requests


def timed(act: Callable[[], object]) -> float:
    since = time.perf_counter()
    act()
    return time.perf_counter() - since


def answered(server: socket.socket, request: str) -> None:
    server.sendall(request.encode())
    answer = server.recv(65536)
    while not is_whole(answer):
        more = server.recv(65536)
        if not more:
            raise NotAnswered(f"cut off: {answer[:500]!r}")
        answer += more
    if not answer.startswith(b"HTTP/1.1 2"):
        raise NotAnswered(f"not the answer that was expected: {answer[:500]!r}")


def is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    head = head.lower()
    if not found:
        return False
    _, has_length, rest = head.partition(b"\r\ncontent-length:")
    if has_length:
        return len(body) >= int(rest.split(b"\r\n")[0])
    if b"\r\ntransfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    if head.startswith(b"http/1.1 204"):
        return True
    raise NotAnswered(f"an answer without a length: {answer[:500]!r}")


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(ask(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
