"""Requests recorded from OpenZiti's console, command line and tests, replayed from replay.toml."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import Role
from core.access import Scope
from tests.contract.edge.client import AUTHENTICATE, CURRENT, SESSIONS, sign_in
from tests.world import PASSWORD, Caller, World

ROWS = tomllib.loads(Path(__file__).with_name("replay.toml").read_text(encoding="utf-8"))["request"]
MISSING = object()


def in_process(method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
    return Caller().http.generic(method, path, body, content_type=headers.pop("Content-Type"), headers=headers)


class Cast:
    """Whoever stands in the table, and what its rows speak of. `send` is how a request gets to the product."""

    def __init__(self, world: World, send: Callable[[str, str, bytes, dict[str, str]], Any] = in_process) -> None:
        self.send = send
        admin = world.person("admin", world.north, Role.TENANT_ADMIN)
        ended, key = token_of(admin.email), token_of(admin.email)
        Caller().delete(CURRENT, headers={"zt-session": ended})
        by_access_token, operator = world.signed_in(admin), world.super_admin
        self.own, self.handle = {"admin": key, "admin by bearer": key}, by_access_token.session_id
        self.headers = {
            "nobody": {},
            "admin": {"zt-session": key},
            "admin by bearer": {"Authorization": f"Bearer {key}"},
            "admin by access token": {"Authorization": f"Bearer {by_access_token.token}"},
            "user": {"zt-session": token_of(world.person("alan", world.north).email)},
            "operator": {"zt-session": token_of(operator.user.email)},
            "service": {"Authorization": f"Bearer {world.service(Scope.ADMIN_READ).token}"},
            "ended": {"zt-session": ended},
        }
        self.names = {
            "{email}": admin.email,
            "{password}": PASSWORD,
            "{session}": world.ada.session_id,
            "{identity}": world.ada.user.handle,
            "{identity_name}": world.ada.user.email,
            "{foreign_session}": world.lisa.session_id,
            "{foreign_identity}": world.lisa.user.handle,
        }

    def filled(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def ask(self, row: dict[str, Any]) -> Any:
        body = self.filled(row.get("body", ""))
        headers = self.headers[row["as"]] | row.get("headers", {})
        kind = next((headers.pop(name) for name in [*headers] if name.lower() == "content-type"), "application/json")
        method, path = row.get("method", "GET"), self.filled(row["path"])
        return self.send(method, path, body.encode(), headers | {"Content-Type": kind})

    def expected(self, row: dict[str, Any], value: Any) -> Any:
        match value:
            case "<own>":
                return self.own[row["as"]]
            case "<handle>":
                return self.handle
            case str():
                return self.filled(value)
            case _:
                return value


def token_of(email: str) -> str:
    """The token that a sign-in gives in its body, which is where most clients take it from."""
    return sign_in(email).json()["data"]["token"]


def member(body: Any, path: str) -> Any:
    """What is at a path, of which a name may have a dot in it itself."""
    if not path:
        return body
    if isinstance(body, list):
        place, _, rest = path.partition(".")
        return member(body[int(place)], rest) if place.isdecimal() and int(place) < len(body) else MISSING
    if not isinstance(body, dict):
        return MISSING
    names = [name for name in body if path == name or path.startswith(f"{name}.")]
    return member(body[names[0]], path.removeprefix(names[0]).removeprefix(".")) if names else MISSING


def flaws(row: dict[str, Any], answer: Any, cast: Cast) -> list[str]:
    if answer.status_code != row["status"]:
        return [f"{answer.status_code} and not {row['status']}: {answer.content.decode()[:200]}"]
    body = json.loads(answer.content)
    wrong = [f"{path} is missing" for path in row.get("has", []) if member(body, path) is MISSING]
    for path, value in row.get("is", {}).items():
        found, expected = member(body, path), cast.expected(row, value)
        wrong += [] if found == expected else [f"{path} is {found!r} and not {expected!r}"]
    wrong += [f"the header {name} is missing" for name in row.get("sends", []) if name not in answer]
    wrong += [] if answer["Content-Type"] == "application/json" else [f"it is {answer['Content-Type']}"]
    return wrong + [f"{name} lacks" for name in {"meta", "data" if answer.status_code < 400 else "error"} - body.keys()]


def test_every_replayed_request_is_answered_as_its_client_expects(world: World):
    """The callers sign in once; changes of a row are rolled back before the next."""
    cast, wrong = Cast(world), {}
    for row in ROWS:
        before = transaction.savepoint()
        if found := flaws(row, cast.ask(row), cast):
            wrong[row["name"]] = found
        transaction.savepoint_rollback(before)
    assert wrong == {}


def test_replay_table_is_complete_and_names_are_unique(world: World):
    """At least sixty rows, for every kind of caller, each with an expectation."""
    names = [row["name"] for row in ROWS]
    assert len(ROWS) >= 60
    assert len(set(names)) == len(names)
    assert {row["as"] for row in ROWS} == Cast(world).headers.keys()
    assert {row["path"].split("?")[0] for row in ROWS} >= {AUTHENTICATE.split("?")[0], CURRENT, SESSIONS}
    allowed = {"name", "as", "method", "path", "headers", "body", "status", "has", "is", "sends"}
    assert [row["name"] for row in ROWS if row.keys() - allowed] == []
