"""Who administers at this moment? Lists their sessions, and ends one, or all of them at once.

CURFEW=http://127.0.0.1:8000 ADMIN_KEY=... python admin_tokens_client.py [--all] [--end JTI | --end-all]
"""

import argparse
import json
import os
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

TOKENS = f"{os.environ['CURFEW']}/api/admin/tokens"
KEY = os.environ["ADMIN_KEY"]


def ask(method: str, path: str) -> Any:
    request = urllib.request.Request(f"{TOKENS}{path}", method=method, headers={"x-admin-key": KEY})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{error.code}: {json.load(error)['error']}") from error


def show(answer: dict[str, Any]) -> None:
    for each in answer["sessions"]:
        since = datetime.fromtimestamp(each["iat"], UTC)
        print(f"{each['jti']}  {each['status']:11}  version {each['v']}  since {since:%Y-%m-%d %H:%M}  {each['ip']}")
    print(f"{answer['count']} in all; the current version is {answer['currentTokenVersion']}.")


def main() -> None:
    parser = argparse.ArgumentParser(description="List and revoke administrators' sessions.")
    parser.add_argument("--all", action="store_true", help="also show sessions that have ended")
    parser.add_argument("--end", metavar="JTI", help="revoke this session")
    parser.add_argument("--end-all", action="store_true", help="sign every administrator out")
    asked = parser.parse_args()
    if asked.end:
        print(f"{ask('DELETE', f'/sessions/{asked.end}')['jti']} revoked.")
    elif asked.end_all:
        print(f"Version {ask('POST', '/revoke')['nextTokenVersion']}; all older sessions are revoked.")
    else:
        show(ask("GET", f"/sessions?status={'all' if asked.all else 'active'}"))


if __name__ == "__main__":
    main()
