"""Sign in to a Curfew server as to an OpenZiti controller, list sessions by a filter, and sign out again.

CURFEW=http://127.0.0.1:8000 EMAIL=... PASSWORD=... python3 edge_client.py 'ipAddress contains "192.0.2."'
"""

import json
import os
import sys
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

PAGE = 500


class Edge:
    def __init__(self, server: str) -> None:
        self.root = f"{server}/edge/management/v1"
        self.key = ""

    def ask(self, verb: str, path: str, body: object = None, **parameters: object) -> dict:
        """What is in the envelope; or the controller's own words for what went wrong."""
        url = f"{self.root}/{path}" + (f"?{urlencode(parameters)}" if parameters else "")
        headers = {"zt-session": self.key} if self.key else {}
        data = None
        if body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body).encode()
        try:
            with urlopen(Request(url, data, headers, method=verb)) as answer:
                return json.load(answer)
        except HTTPError as refusal:
            error = json.load(refusal)["error"]
            sys.exit(f"{error['code']}: {error.get('causeMessage', error['message'])}")

    def sign_in(self, email: str, password: str) -> None:
        body = {"username": email, "password": password}
        self.key = self.ask("POST", "authenticate", body, method="password")["data"]["token"]

    def sessions(self, where: str = "true") -> Iterator[dict]:
        offset = total = 0
        while offset == 0 or offset < total:
            found = self.ask("GET", "api-sessions", filter=where, limit=PAGE, offset=offset)
            total = found["meta"]["pagination"]["totalCount"]
            offset += PAGE
            yield from found["data"]


if __name__ == "__main__":
    edge = Edge(os.environ["CURFEW"])
    edge.sign_in(os.environ["EMAIL"], os.environ["PASSWORD"])
    for session in edge.sessions(*sys.argv[1:2]):
        print(session["id"], session["identity"]["name"], session["ipAddress"], session["lastActivityAt"])
    edge.ask("DELETE", "current-api-session")
