import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from tests.access.database_digest import database_digest
from tests.security.actions import FROM
from tests.security.routes import JSON, Operation
from tests.security.tampering import COLUMNS, on
from tests.world import Caller, World


@dataclass(frozen=True)
class Endpoint:
    """One operation, and somebody who is let in to it."""

    caller: Caller
    method: str
    url: str

    def to(self, url: str) -> "Endpoint":
        return replace(self, url=url)

    def send(self, body: Any, **extra: Any) -> Any:
        return self.send_bytes(json.dumps(body).encode(), **extra)

    def send_bytes(self, body: bytes, content_type: str = JSON, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.caller.token}"} if self.caller.token else {}
        return self.caller.http.generic(self.method, self.url, body, content_type, headers=given | headers)


@pytest.fixture
def endpoint(world: World, operation: Operation) -> Iterator[Endpoint]:
    """In the end, nothing may have been written."""
    caller = operation.caller(world)
    url, before = operation.url(world, caller), database_digest()
    yield Endpoint(caller, operation.method, url)
    assert database_digest() == before


@pytest.fixture
def chain(world: World) -> UUID:
    """A few entries on north's chain, with something in every column."""
    for number in range(5):
        world.ada.post("/api/v1/me/api-keys", {"name": f"key {number}"}, **FROM)
    entry = on(world.north.pk)[2]
    assert all(getattr(entry, column) not in ("", None, {}) for column in COLUMNS)
    return world.north.pk
