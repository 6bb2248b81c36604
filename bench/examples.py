"""Example requests for each route: who calls it, with which ids and query, and what kind of response it gives.

A route that answers GET and is neither here nor in `FORMS_ONLY` stops the bench at its start.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote_plus

from bench.routes import routes_with_get


class Kind(StrEnum):
    ONE = "one object"
    LIST = "list of 20"
    FILTERED = "filtered list"
    PAGE = "page"  # HTML
    FILE = "file"  # an OpenAPI document
    OPERATION = "operation"


class CallerKind(StrEnum):
    ANONYMOUS = "nobody"
    END_USER = "a user"
    TENANT_ADMIN = "a tenant administrator"
    SUPER_ADMIN = "a super administrator"
    SCHEDULER = "a scheduler with the cron secret"


@dataclass(frozen=True)
class Example:
    """A request for a route.

    `view_set` is the idiomatic view set that lists the same rows. `by_size` requests are measured in a small tenant
    and in a large one. `names` maps a parameter of the path to the id of the fixture that it takes, where these differ.
    """

    kind: Kind
    caller: CallerKind = CallerKind.TENANT_ADMIN
    query: str = ""
    view_set: str = "sessions"
    by_size: bool = True
    by_cookie: bool = False
    names: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return the suffix that distinguishes a filtered list from the same list without filters."""
        if self.kind is not Kind.FILTERED:
            return ""
        return " with five terms" if "filter=" in self.query else unquote_plus(self.query.replace("per_page=20&", ""))

    def path(self, route: str, ids: dict[str, str]) -> str:
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: ids[self.names.get(part[1], part[1])], route)
        return path + self.query.format(**ids)


def public(kind: Kind) -> tuple[Example, ...]:
    return (Example(kind, CallerKind.ANONYMOUS, by_size=False),)


def list_of(
    view_set: str, caller: CallerKind = CallerKind.TENANT_ADMIN, query: str = "?per_page=20", **names: str
) -> tuple[Example, ...]:
    by_size = caller is not CallerKind.SUPER_ADMIN
    return (Example(Kind.LIST, caller, query, view_set, by_size=by_size, names=names),)


def one(view_set: str = "sessions", caller: CallerKind = CallerKind.TENANT_ADMIN, **names: str) -> tuple[Example, ...]:
    by_size = caller is not CallerKind.SUPER_ADMIN
    return (Example(Kind.ONE, caller, "", view_set, by_size=by_size, names=names),)


def page(**names: str) -> tuple[Example, ...]:
    """Return the example of a console page: a super administrator may see all of them."""
    return (Example(Kind.PAGE, CallerKind.SUPER_ADMIN, by_size=False, by_cookie=True, names=names),)


V1, EDGE, CONSOLE = "/api/v1/", "/edge/management/v1/", "/console/"
FIVE_TERMS = (
    "?limit=20&filter=mfaComplete=false+and+mfaRequired=false+and+createdAt+%3E+datetime(2020-01-01T00:00:00Z)"
    "+and+lastActivityAt+%3E+datetime(2020-01-01T00:00:00Z)+and+ipAddress+!=+%22192.0.2.255%22"
)
SEARCH_TERMS = {"an e-mail": "person7%40bench", "an address": "192.0.2.7", "a user agent": "Firefox"}
SEARCHES = tuple(Example(Kind.FILTERED, query=f"?per_page=20&search={text}") for text in SEARCH_TERMS.values())
# Resources that administrators manage, by their part of the path, and the id that `resource_id` stands for.
ADMIN_RESOURCES = {
    "users": "user_id",
    "applications": "application_id",
    "agents": "agent_id",
    "groups": "group_id",
    "identity-providers": "identity_provider_id",
}
OPERATOR_RESOURCES = {"partners": "partner_id", "tenants": "tenant_id"}

_V1: dict[str, tuple[Example, ...]] = {
    "me": one("users", CallerKind.END_USER),
    "me/sessions": list_of("my-sessions", CallerKind.END_USER, ""),
    "me/api-keys": list_of("api-keys", CallerKind.END_USER, ""),
    "admin/sessions": list_of("sessions"),
    "admin/sessions/stats": one(),
    "admin/sessions/<str:session_id>": one(),
    "admin/dashboard/stats": one(),
    "admin/dashboard/activity": list_of("audit"),
    "admin/revocations": list_of("revocations"),
    "admin/revocations/<str:revocation_id>": one("revocations"),
    "tenants/<str:tenant_id>/sessions": list_of("sessions") + SEARCHES,
    "tenants/<str:tenant_id>/sessions/stats": one(),
    "tenants/<str:tenant_id>/sessions/users/<str:user_id>": list_of("my-sessions"),
    "tenants/<str:tenant_id>/sessions/<str:session_id>": one(),
    "admin/groups/<str:resource_id>/members": list_of("users", resource_id="group_id"),
    "admin/groups/<str:resource_id>/nested": list_of("groups", resource_id="group_id"),
    "platform/.well-known/jwks.json": public(Kind.ONE),
    "admin/audit": list_of("audit"),
    "admin/audit/actions": one("audit"),
    "admin/audit/resource-types": one("audit"),
    "admin/audit/<str:entry_id>": one("audit"),
}
for _resource, _name in ADMIN_RESOURCES.items():
    _V1[f"admin/{_resource}"] = list_of(_resource)
    _V1[f"admin/{_resource}/<str:resource_id>"] = one(_resource, resource_id=_name)
for _resource, _name in OPERATOR_RESOURCES.items():
    _V1[f"admin/{_resource}"] = list_of(_resource, CallerKind.SUPER_ADMIN)
    _V1[f"admin/{_resource}/<str:resource_id>"] = one(_resource, CallerKind.SUPER_ADMIN, resource_id=_name)
_EDGE = {
    "": public(Kind.ONE),
    "version": public(Kind.ONE),
    "specs": public(Kind.ONE),
    "specs/<str:spec_id>": public(Kind.ONE),
    "summary": one(),
    "current-api-session": one(),
    "current-identity": one("users"),
    "api-sessions": (*list_of("sessions", query="?limit=20"), Example(Kind.FILTERED, query=FIVE_TERMS)),
    "api-sessions/<str:session_id>": one(),
    "identities": list_of("users", query="?limit=20"),
    "identities/<str:identity_id>": one("users", identity_id="user_id"),
}
_CONSOLE = {
    "": page(),
    "sign-in/": public(Kind.PAGE),
    "jsi18n/": page(),
    "sessions/": page(),
    "sessions/end/": (
        Example(Kind.PAGE, CallerKind.SUPER_ADMIN, "?tenant={tenant_id}", by_size=False, by_cookie=True),
    ),
    "sessions/<str:handle>/": page(handle="session_id"),
    "revocations/": page(),
    "revocations/<str:handle>/": page(handle="revocation_id"),
    "record/": page(),
    "record/<str:handle>/": page(handle="entry_id"),
    "groups/<str:handle>/add-member/": page(handle="group_id"),
    "groups/<str:handle>/nest/": page(handle="group_id"),
}
for _resource, _name in (ADMIN_RESOURCES | OPERATOR_RESOURCES).items():
    _CONSOLE |= {
        f"{_resource}/": page(),
        f"{_resource}/new/": page(),
        f"{_resource}/<str:handle>/": page(handle=_name),
        f"{_resource}/<str:handle>/edit/": page(handle=_name),
        f"{_resource}/<str:handle>/<slug:name>/": page(handle=_name, name="action"),
    }
_VERSIONS = ("/version", "/edge/management/v1", "/edge/client/v1", "/edge/client/v1/", "/edge/client/v1/version")
_OTHER = {
    **dict.fromkeys(("/healthz", "/readyz", "/.well-known/jwks.json", *_VERSIONS), public(Kind.ONE)),
    **dict.fromkeys(("/", "/reset-password", "/account/sign-in/", "/docs", "/redoc"), public(Kind.PAGE)),
    **{f"/docs/{name}": public(Kind.PAGE) for name in ("admin_tokens", "edge", "panel", "v1")},
    **{f"/openapi/{name}.json": public(Kind.FILE) for name in ("admin_tokens", "edge", "panel", "v1")},
    "/openapi.json": public(Kind.FILE),
    "/account/sessions/": (Example(Kind.PAGE, CallerKind.END_USER, by_cookie=True),),
    "/account/password/": (Example(Kind.PAGE, CallerKind.END_USER, by_cookie=True),),
    "/api/account/sessions": list_of("my-sessions", CallerKind.END_USER, ""),
    "/api/account/sessions/count": one("sessions", CallerKind.END_USER),
    "/api/admin/tokens/sessions": list_of("administrators", CallerKind.SUPER_ADMIN, ""),
}
_OTHER["/api/cron/cleanup-admin-sessions"] = (Example(Kind.OPERATION, CallerKind.SCHEDULER, by_size=False),)
EXAMPLES: dict[str, tuple[Example, ...]] = {
    **{f"{V1}{route}": examples for route, examples in _V1.items()},
    **{f"{EDGE}{route}": examples for route, examples in _EDGE.items()},
    **{f"{CONSOLE}{route}": examples for route, examples in _CONSOLE.items()},
    **_OTHER,
}
# Views that take a POST form only and answer GET with 405.
FORMS_ONLY = frozenset(
    {
        "/account/sign-out/",
        "/account/sessions/end-others/",
        "/account/sessions/<str:session_id>/end/",
        "/console/sign-out/",
        "/console/sessions/export/",
        "/console/record/export/",
        "/console/groups/<str:handle>/take-out/",
    }
)


class NoExample(Exception):
    """A route that answers GET has no example."""


def every_example() -> Iterator[tuple[str, Example]]:
    routes = set(routes_with_get())
    if unknown := routes - EXAMPLES.keys() - FORMS_ONLY:
        raise NoExample(f"bench/examples.py has no example for: {', '.join(sorted(unknown))}")
    for route, examples in EXAMPLES.items():
        if route in routes:  # the OpenAPI documents are optional
            yield from ((route, example) for example in examples)
