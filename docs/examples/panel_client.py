"""Where am I signed in? Lists your sessions, and ends those that you name, or all others.

CURFEW=http://127.0.0.1:8000 API_KEY=curfew_... python panel_client.py [--end TOKEN | --end-others]
"""

import argparse
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

SESSIONS = f"{os.environ['CURFEW']}/api/account/sessions"
CREDENTIAL = os.environ.get("API_KEY") or os.environ["TOKEN"]  # either does


def ask(method: str, url: str) -> Any:
    request = urllib.request.Request(url, method=method, headers={"Authorization": f"Bearer {CREDENTIAL}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{error.code}: {json.load(error)['message']}") from error


def sessions() -> Iterator[dict[str, Any]]:
    """All of them, page by page."""
    page, pages = 1, 1
    while page <= pages:
        answer = ask("GET", f"{SESSIONS}?page={page}&limit=100")
        yield from answer["data"]
        page, pages = page + 1, answer["pagination"]["totalPages"]


def main() -> None:
    parser = argparse.ArgumentParser(description="List and revoke your own sessions.")
    parser.add_argument("--end", metavar="TOKEN", help="revoke this session")
    parser.add_argument("--end-others", action="store_true", help="revoke all other sessions")
    asked = parser.parse_args()
    if asked.end:
        ask("DELETE", f"{SESSIONS}/{asked.end}")
        print("Revoked.")
    elif asked.end_others:
        print(f"{ask('DELETE', SESSIONS)['data']['revoked']} revoked.")
    else:
        for each in sessions():
            mark, device = "*" if each["isCurrent"] else " ", f"{each['browser']} on {each['os']}"
            print(f"{mark} {each['token']}  {device}, {each['ipAddress']}, last seen {each['lastSeenAt']}")


if __name__ == "__main__":
    main()
