"""The load: clients in processes of their own, each on one connection that it keeps, asking as fast as it is answered.

Written on a bare socket, so that little of the machine goes to the asking: it shares the cores with what is measured.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from typing import NoReturn

CLIENTS = 4
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"


class Clients:
    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self.processes = processes

    @classmethod
    @contextmanager
    def ready(cls, count: int = CLIENTS) -> Iterator["Clients"]:
        with ExitStack() as stack:
            command = [sys.executable, "-m", "bench.asking"]
            made = [
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0)
                for _ in range(count)
            ]
            for process in made:
                stack.callback(process.wait)
                stack.callback(process.terminate)
            yield cls(made)

    def rate(self, port: int, requests: list[str], seconds: float) -> float:
        """Requests answered a second, by all clients together."""
        for process in self.processes:
            assert process.stdin
            print(json.dumps([port, requests, seconds]), file=process.stdin, flush=True)
        return sum(self._heard(process) for process in self.processes)

    @staticmethod
    def _heard(process: subprocess.Popen[str]) -> float:
        assert process.stdout
        told = process.stdout.readline()
        if not told:
            raise RuntimeError("a client gave up; its reason is above")
        return float(told)


def request(path: str, header: str = "") -> str:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"User-Agent: {USER_AGENT}", *([header] if header else [])]
    return "\r\n".join([*lines, "", ""])


def ask(port: int, requests: list[str], seconds: float) -> float:
    answered, since = 0, time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for each in cycle([text.encode() for text in requests]):
            server.sendall(each)
            answer = server.recv(65536)
            while not is_whole(answer):
                answer += server.recv(65536) or broken(answer)
            if not answer.startswith(b"HTTP/1.1 200"):
                broken(answer)
            answered += 1
            if (passed := time.perf_counter() - since) >= seconds:
                return answered / passed
    raise ValueError("there is nothing to ask")


def is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    head = head.lower()
    if not found:
        return False
    _, has_length, rest = head.partition(b"\r\ncontent-length:")
    if has_length:
        return len(body) >= int(rest.split(b"\r\n")[0])
    if b"\r\ntransfer-encoding: chunked" not in head:
        broken(answer)
    return body.endswith(b"0\r\n\r\n")


def broken(answer: bytes) -> NoReturn:
    raise RuntimeError(f"not the answer that was expected: {answer[:500]!r}")


def main() -> None:
    for line in sys.stdin:
        port, requests, seconds = json.loads(line)
        print(ask(port, requests, seconds), flush=True)


if __name__ == "__main__":
    main()
