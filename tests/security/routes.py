"""Every operation of the published schemas with a valid request, so that new routes are tested automatically."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from accounts import operations as accounts
from accounts.models import User
from config.docs import DIALECTS, V1, Dialect
from tests.access.valid_requests import audit_entry_id, revocation_id
from tests.resources import group_of, kind_at
from tests.world import SYSTEM, Caller, World

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

# What stands for each name in a path: something of the caller's own, or of Ada's in a tenant. A new name needs a line.
STANDS_FOR: dict[str, Callable[[World, User], str]] = {
    "child_group_id": lambda world, user: group_of(user, world).children.get().child.handle,
    "entry_id": lambda world, user: audit_entry_id(user),
    "key_id": lambda world, user: accounts.create_api_key(user, "laptop", actor=SYSTEM).key.handle,
    "revocation_id": lambda world, user: revocation_id(user, world),
    "session_id": lambda world, user: world.signed_in(user).session_id,
    "slug": lambda world, user: str(world.north.slug),
    "tenant_id": lambda world, user: user.tenant.handle,
    "user_id": lambda world, user: user.handle,
}


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    is_public: bool
    parameters: tuple[str, ...]
    query: dict[str, Any] = field(hash=False)  # what each of its parameters takes
    statuses: frozenset[int]
    bodies: dict[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def fields(self) -> dict[str, Any]:
        return self.bodies[JSON]["properties"]

    @property
    def required(self) -> list[str]:
        return self.bodies[JSON].get("required", [])

    def caller(self, world: World) -> Caller:
        """Whoever is let in: nobody needs to be, or else the one who may do everything."""
        return world.nobody if self.is_public else world.super_admin

    def names(self, world: World, caller: Caller) -> dict[str, str]:
        if not self.parameters:
            return {}
        is_hers = "tenant_id" in self.parameters or kind_at(self.path) is not None or caller.session is None
        user = world.ada.user if is_hers else caller.user
        return {name: self._stand_in(name, user, world) for name in self.parameters}

    def _stand_in(self, name: str, user: User, world: World) -> str:
        kind = kind_at(self.path)
        if kind and name == kind.parameter:
            return kind.of(world.ada.user, world).handle
        return STANDS_FOR[name](world, user)

    def url(self, world: World, caller: Caller) -> str:
        return self.path.format(**self.names(world, caller))

    def plausible(self) -> dict[str, Any]:
        """A body of the right shape. It need not succeed: it only must not be what a test finds fault with."""
        return {name: _plausible(self.fields[name]) for name in self.required}


@cache
def operations() -> list[Operation]:
    return _of(V1)


@cache
def others() -> list[Operation]:
    return [each for dialect in DIALECTS.values() if dialect is not V1 for each in _of(dialect)]


def _of(dialect: type[Dialect]) -> list[Operation]:
    schema = dialect().get_schema(public=True)
    return [
        _operation(path, method, spoken, schema)
        for path, methods in schema["paths"].items()
        for method, spoken in methods.items()
    ]


def reads() -> list[Operation]:
    return [each for each in operations() if each.method == "GET"]


def with_json() -> list[Operation]:
    return [each for each in operations() if JSON in each.bodies]


def without_body() -> list[Operation]:
    return [each for each in operations() if not each.bodies and each.method != "GET"]


def with_ids() -> list[tuple[Operation, str]]:
    return [(each, name) for each in operations() for name in each.parameters if name.endswith("_id")]


def _operation(path: str, method: str, spoken: dict[str, Any], schema: dict[str, Any]) -> Operation:
    content = spoken.get("requestBody", {}).get("content", {})
    return Operation(
        method.upper(),
        path,
        is_public=not spoken.get("security"),
        parameters=tuple(each["name"] for each in spoken.get("parameters", []) if each["in"] == "path"),
        query={each["name"]: each["schema"] for each in spoken.get("parameters", []) if each["in"] == "query"},
        statuses=frozenset(int(status) for status in spoken["responses"]),
        bodies={kind: _resolved(body["schema"], schema) for kind, body in content.items()},
    )


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = part.get("$ref", "").removeprefix("#/components/schemas/")
    return schema["components"]["schemas"][name] if name else part


def kinds(field: dict[str, Any]) -> set[str]:
    kind = field.get("type", "object")
    return {kind} if isinstance(kind, str) else set(kind)


def _plausible(field: dict[str, Any]) -> Any:
    values = {"string": "curfew-north-1", "integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return next(values[kind] for kind in kinds(field) if kind != "null")
