"""Who is signed in? Lists the active sessions that an administrator can see, page by page.

CURFEW=http://127.0.0.1:8000 EMAIL=admin@north.example PASSWORD=... python v1_client.py [--search TEXT]
"""

import argparse
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

API = f"{os.environ['CURFEW']}/api/v1"
PATIENCE = 3  # times that a request is sent again


class Client:
    """A session of one user. It refreshes its access token when that has expired."""

    def __init__(self, email: str, password: str) -> None:
        self.keep(send("POST", "/auth/login", body={"email": email, "password": password}))

    def keep(self, answer: Any) -> None:
        """Store both tokens: the refresh token that was just used is not valid any more."""
        self.access_token, self.refresh_token = answer["data"]["access_token"], answer["data"]["refresh_token"]

    def get(self, path: str) -> Any:
        try:
            return send("GET", path, token=self.access_token)
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise
        self.keep(send("POST", "/auth/refresh", body={"refresh_token": self.refresh_token}))
        return send("GET", path, token=self.access_token)

    def walk(self, path: str, **filters: str) -> Iterator[dict[str, Any]]:
        """All items of a list. Every page costs the same, and nothing is skipped or repeated."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(f"{path}?{urlencode({**filters, 'per_page': '100', **cursor})}")
            yield from page["data"]
            if not page["pagination"]["next_cursor"]:
                return
            cursor = {"cursor": page["pagination"]["next_cursor"]}


def send(method: str, path: str, *, token: str = "", body: Any = None) -> Any:
    """One request. It waits and tries again when the server asks for that."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{API}{path}", data=data, headers=headers, method=method)
    for _ in range(PATIENCE):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise
            time.sleep(int(error.headers.get("Retry-After", "1")))
    raise SystemExit(f"{method} {path}: the server is busy; try again later")


def main() -> None:
    parser = argparse.ArgumentParser(description="List the active sessions that you can see.")
    parser.add_argument("--search", default="", help="only sessions with this in e-mail address, user agent and so on")
    asked = parser.parse_args()
    client = Client(os.environ["EMAIL"], os.environ["PASSWORD"])
    for each in client.walk("/admin/sessions", search=asked.search):
        mark = "*" if each["is_current"] else " "
        print(f"{mark} {each['id']}  {each['user_email']}, {each['ip_address']}, last used {each['last_activity_at']}")


if __name__ == "__main__":
    main()
