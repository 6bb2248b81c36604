"""HTTP clients that keep their connection open, as browsers do, each to one server process."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: Any

    @property
    def data(self) -> Any:
        return self.body["data"]


class Browser:
    def __init__(self, url: str) -> None:
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.connection.connect()
        self.first_socket = self.connection.sock

    @property
    def is_still_connected(self) -> bool:
        return self.connection.sock is self.first_socket

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return Answer(answer.status, answer.headers, json.loads(text) if text else None)

    def sign_in(self, **credentials: str | bool) -> Answer:
        return self.ask("POST", "/api/v1/auth/login", credentials)

    def refresh(self, refresh_token: str) -> Answer:
        return self.ask("POST", "/api/v1/auth/refresh", {"refresh_token": refresh_token})

    def is_let_in(self, token: str) -> bool:
        """Whether this access token is accepted; anything but a clear yes or no is an error."""
        status = self.ask("GET", "/api/v1/me/sessions", token=token).status
        assert status in (200, 401), status
        return status == 200


@contextmanager
def browsers(urls: tuple[str, ...], count: int) -> Iterator[list[Browser]]:
    """Their connections spread evenly over the servers."""
    with ExitStack() as stack:
        opened = [Browser(urls[number % len(urls)]) for number in range(count)]
        for browser in opened:
            stack.enter_context(closing(browser.connection))
        yield opened


def at_once(*acts: Callable[[], T]) -> list[T]:
    """What each act answered, all of them begun together."""
    start = Barrier(len(acts))

    def begin(act: Callable[[], T]) -> T:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(begin, acts))
