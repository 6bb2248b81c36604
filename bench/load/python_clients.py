"""A load generator for machines without wrk: client processes, each with one persistent connection.

The clients use plain sockets, because they share the CPU with the server that is measured.
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

from bench.load.result import LoadResult, RequestFailed

CLIENTS = 4


class PythonClients:
    name = f"{CLIENTS} clients in Python"

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self.processes = processes

    @classmethod
    @contextmanager
    def start(cls, count: int = CLIENTS) -> Iterator["PythonClients"]:
        with ExitStack() as stack:
            command = [sys.executable, "-m", "bench.load.python_clients"]
            processes = [
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0)
                for _ in range(count)
            ]
            for process in processes:
                stack.enter_context(process)
                stack.callback(process.terminate)
            yield cls(processes)

    def send_for(self, port: int, requests: list[str], seconds: float, *, pause: float = 0) -> LoadResult:
        return self._run([[port, requests, seconds, pause]] * len(self.processes))

    def send_count(self, port: int, requests: list[str], count: int) -> LoadResult:
        """Divide the requests among the clients, since some operations succeed only once."""
        selected = list(islice(cycle(requests), count))
        clients = len(self.processes)
        return self._run([[port, selected[number::clients], 0, 0] for number in range(clients)])

    def _run(self, jobs: list[list[object]]) -> LoadResult:
        for process, job in zip(self.processes, jobs, strict=True):
            assert process.stdin
            print(json.dumps(job), file=process.stdin, flush=True)
        results = [self._read_result(process) for process in self.processes]
        counts, seconds, p99s = zip(*results, strict=True)
        return LoadResult(sum(counts), max(seconds), max(p99s))

    @staticmethod
    def _read_result(process: subprocess.Popen[str]) -> list[float]:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise RequestFailed("a client has failed; its error is above")
        return json.loads(line)


def run_client(port: int, requests: list[str], seconds: float, pause: float) -> list[float]:
    """Return the number of responses, the seconds they took, and the 99th percentile in milliseconds."""
    times: list[float] = []
    start = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=600) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for each in schedule(requests, seconds):
            times.append(duration(lambda each=each: exchange(server, each)))  # type: ignore[misc]  # bound at once
            time.sleep(pause)
    elapsed = time.perf_counter() - start
    return [len(times), elapsed, quantiles(times, n=100)[-1] * 1000 if len(times) > 1 else 0]


def schedule(requests: list[str], seconds: float) -> Iterable[str]:
    """Return the requests once, or again and again until the time is over if there is one."""
    until = time.perf_counter() + seconds
    return takewhile(lambda _: time.perf_counter() < until, cycle(requests)) if seconds else requests


def duration(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def exchange(server: socket.socket, request: str) -> None:
    """Send a request, and read its response to the end."""
    server.sendall(request.encode())
    response = server.recv(65536)
    while not is_complete(response):
        chunk = server.recv(65536)
        if not chunk:
            raise RequestFailed(f"the response is cut off: {response[:500]!r}")
        response += chunk
    if not response.startswith(b"HTTP/1.1 2"):
        raise RequestFailed(f"unexpected response: {response[:500]!r}")


def is_complete(response: bytes) -> bool:
    head, separator, body = response.partition(b"\r\n\r\n")
    head = head.lower()
    if not separator:
        return False
    _, has_length, rest = head.partition(b"\r\ncontent-length:")
    if has_length:
        return len(body) >= int(rest.split(b"\r\n")[0])
    if b"\r\ntransfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    if head.startswith(b"http/1.1 204"):
        return True
    raise RequestFailed(f"the response has no length: {response[:500]!r}")


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(run_client(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
