"""A page of another origin in a real browser: the requests it sends, and what it may read of the responses."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Page

HOST = "elsewhere.test"  # another site altogether, which only this browser finds
RULES = f"--host-resolver-rules=MAP {HOST} 127.0.0.1,MAP * ~NOTFOUND,EXCLUDE 127.0.0.1"
HTML = b"""<!DOCTYPE html>
<html lang="en"><title>Elsewhere</title><link rel="icon" href="data:,">
<script>
async function ask(method, url, options) {
  try {
    const answer = await fetch(url, {method, ...options});
    return {status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text()};
  } catch (trouble) {
    return {blocked: String(trouble)};
  }
}
</script></html>"""


class _Handler(SimpleHTTPRequestHandler):
    """The page, and below it the scripts that a test puts into the folder."""

    def do_GET(self) -> None:
        if self.path == "/":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(HTML)
        else:
            super().do_GET()

    def log_message(self, *arguments: Any) -> None:
        """Nobody reads it."""


@contextmanager
def served(folder: Path) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Seen:
    """What the browser lets the page see of an answer."""

    status: int | None
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def is_blocked(self) -> bool:
        return self.status is None


@dataclass(frozen=True)
class Elsewhere:
    """A page at `origin` that calls the API at `api`."""

    page: Page
    origin: str
    api: str

    def __post_init__(self) -> None:
        self.page.goto(f"{self.origin}/")

    def send(self, method: str, path: str, body: str, headers: dict[str, str]) -> Seen:
        """Whatever the headers are called."""
        return self._seen(method, path, {"headers": headers} | ({} if method == "GET" else {"body": body}))

    def ask(
        self, method: str, path: str, body: Any = None, *, credentials: str = "same-origin", **headers: str
    ) -> Seen:
        given: dict[str, Any] = {"credentials": credentials}
        given["headers"] = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given["body"] = body if isinstance(body, str) else json.dumps(body)
            given["headers"] = {"Content-Type": "application/json"} | given["headers"]
        return self._seen(method, path, given)

    def _seen(self, method: str, path: str, given: dict[str, Any]) -> Seen:
        seen = self.page.evaluate("given => ask(...given)", [method, self.api + path, given])
        return Seen(seen.get("status"), seen.get("headers", {}), seen.get("text", seen.get("blocked", "")))
