"""What each route is asked for: who asks, about what, and which kind of answer it is.

Every route that answers GET must be here or among those that only take forms: the bench ends at once if one is not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote_plus

from bench.routes import gettable


class Kind(StrEnum):
    ONE = "one thing"
    LIST = "list of 20"
    FILTERED = "filtered list"
    PAGE = "page"  # HTML, for people
    FILE = "file"  # that describes the API
    ACT = "act"


class Who(StrEnum):
    NOBODY = "nobody"
    PERSON = "a user"
    ADMINISTRATOR = "a tenant's administrator"
    OPERATOR = "a super administrator"
    SCHEDULER = "whoever has the cron secret"


@dataclass(frozen=True)
class Example:
    """`names` says which of a place's ids goes into which part of the path, where they are called differently.

    `beside` is the idiomatic view set that lists the same rows. `sized` is asked in a small tenant and in a large one.
    """

    kind: Kind
    who: Who = Who.ADMINISTRATOR
    query: str = ""
    beside: str = "sessions"
    sized: bool = True
    by_cookie: bool = False
    names: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What tells a filtered list from the same one without its filters."""
        if self.kind is not Kind.FILTERED:
            return ""
        return " with five terms" if "filter=" in self.query else unquote_plus(self.query.replace("per_page=20&", ""))

    def path(self, route: str, ids: dict[str, str]) -> str:
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: ids[self.names.get(part[1], part[1])], route)
        return path + self.query.format(**ids)


def public(kind: Kind) -> tuple[Example, ...]:
    return (Example(kind, Who.NOBODY, sized=False),)


def listed(beside: str, who: Who = Who.ADMINISTRATOR, query: str = "?per_page=20", **names: str) -> tuple[Example, ...]:
    return (Example(Kind.LIST, who, query, beside, sized=who is not Who.OPERATOR, names=names),)


def one(beside: str = "sessions", who: Who = Who.ADMINISTRATOR, **names: str) -> tuple[Example, ...]:
    return (Example(Kind.ONE, who, "", beside, who is not Who.OPERATOR, names=names),)


def page(**names: str) -> tuple[Example, ...]:
    """Of the console, whose every page is for a super administrator too."""
    return (Example(Kind.PAGE, Who.OPERATOR, sized=False, by_cookie=True, names=names),)


V1, EDGE, CONSOLE = "/api/v1/", "/edge/management/v1/", "/console/"
FIVE_TERMS = (
    "?limit=20&filter=mfaComplete=false+and+mfaRequired=false+and+createdAt+%3E+datetime(2020-01-01T00:00:00Z)"
    "+and+lastActivityAt+%3E+datetime(2020-01-01T00:00:00Z)+and+ipAddress+!=+%22192.0.2.255%22"
)
SEARCHED = {"an e-mail": "person7%40bench", "an address": "192.0.2.7", "a user agent": "Firefox"}
SEARCHES = tuple(Example(Kind.FILTERED, query=f"?per_page=20&search={text}") for text in SEARCHED.values())
# Lists and single things that administrators keep, each under its own word; `resource_id` is one of them.
KEPT = {
    "users": "user_id",
    "applications": "application_id",
    "agents": "agent_id",
    "groups": "group_id",
    "identity-providers": "identity_provider_id",
}
KEPT_BY_OPERATORS = {"partners": "partner_id", "tenants": "tenant_id"}

_V1: dict[str, tuple[Example, ...]] = {
    "me": one("users", Who.PERSON),
    "me/sessions": listed("my-sessions", Who.PERSON, ""),
    "me/api-keys": listed("api-keys", Who.PERSON, ""),
    "admin/sessions": listed("sessions"),
    "admin/sessions/stats": one(),
    "admin/sessions/<str:session_id>": one(),
    "admin/dashboard/stats": one(),
    "admin/dashboard/activity": listed("audit"),
    "admin/revocations": listed("revocations"),
    "admin/revocations/<str:revocation_id>": one("revocations"),
    "tenants/<str:tenant_id>/sessions": listed("sessions") + SEARCHES,
    "tenants/<str:tenant_id>/sessions/stats": one(),
    "tenants/<str:tenant_id>/sessions/users/<str:user_id>": listed("my-sessions"),
    "tenants/<str:tenant_id>/sessions/<str:session_id>": one(),
    "admin/groups/<str:resource_id>/members": listed("users", resource_id="group_id"),
    "admin/groups/<str:resource_id>/nested": listed("groups", resource_id="group_id"),
    "platform/.well-known/jwks.json": public(Kind.ONE),
    "admin/audit": listed("audit"),
    "admin/audit/actions": one("audit"),
    "admin/audit/resource-types": one("audit"),
    "admin/audit/<str:entry_id>": one("audit"),
}
for _word, _name in KEPT.items():
    _V1[f"admin/{_word}"] = listed(_word)
    _V1[f"admin/{_word}/<str:resource_id>"] = one(_word, resource_id=_name)
for _word, _name in KEPT_BY_OPERATORS.items():
    _V1[f"admin/{_word}"] = listed(_word, Who.OPERATOR)
    _V1[f"admin/{_word}/<str:resource_id>"] = one(_word, Who.OPERATOR, resource_id=_name)
_EDGE = {
    "": public(Kind.ONE),
    "version": public(Kind.ONE),
    "specs": public(Kind.ONE),
    "specs/<str:spec_id>": public(Kind.ONE),
    "summary": one(),
    "current-api-session": one(),
    "current-identity": one("users"),
    "api-sessions": (*listed("sessions", query="?limit=20"), Example(Kind.FILTERED, query=FIVE_TERMS)),
    "api-sessions/<str:session_id>": one(),
    "identities": listed("users", query="?limit=20"),
    "identities/<str:identity_id>": one("users", identity_id="user_id"),
}
_CONSOLE = {
    "": page(),
    "sign-in/": public(Kind.PAGE),
    "jsi18n/": page(),
    "sessions/": page(),
    "sessions/end/": (Example(Kind.PAGE, Who.OPERATOR, "?tenant={tenant_id}", sized=False, by_cookie=True),),
    "sessions/<str:handle>/": page(handle="session_id"),
    "revocations/": page(),
    "revocations/<str:handle>/": page(handle="revocation_id"),
    "record/": page(),
    "record/<str:handle>/": page(handle="entry_id"),
    "groups/<str:handle>/add-member/": page(handle="group_id"),
    "groups/<str:handle>/nest/": page(handle="group_id"),
}
for _word, _name in (KEPT | KEPT_BY_OPERATORS).items():
    _CONSOLE |= {
        f"{_word}/": page(),
        f"{_word}/new/": page(),
        f"{_word}/<str:handle>/": page(handle=_name),
        f"{_word}/<str:handle>/edit/": page(handle=_name),
        f"{_word}/<str:handle>/<slug:name>/": page(handle=_name, name="act"),
    }
_VERSIONS = ("/version", "/edge/management/v1", "/edge/client/v1", "/edge/client/v1/", "/edge/client/v1/version")
_ELSEWHERE = {
    **dict.fromkeys(("/healthz", "/readyz", "/.well-known/jwks.json", *_VERSIONS), public(Kind.ONE)),
    **dict.fromkeys(("/", "/reset-password", "/account/sign-in/", "/docs", "/redoc"), public(Kind.PAGE)),
    **{f"/docs/{name}": public(Kind.PAGE) for name in ("admin_tokens", "edge", "panel", "v1")},
    **{f"/openapi/{name}.json": public(Kind.FILE) for name in ("admin_tokens", "edge", "panel", "v1")},
    "/openapi.json": public(Kind.FILE),
    "/account/sessions/": (Example(Kind.PAGE, Who.PERSON, by_cookie=True),),
    "/account/password/": (Example(Kind.PAGE, Who.PERSON, by_cookie=True),),
    "/api/account/sessions": listed("my-sessions", Who.PERSON, ""),
    "/api/account/sessions/count": one("sessions", Who.PERSON),
    "/api/admin/tokens/sessions": listed("administrators", Who.OPERATOR, ""),
}
_ELSEWHERE["/api/cron/cleanup-admin-sessions"] = (Example(Kind.ACT, Who.SCHEDULER, sized=False),)
EXAMPLES: dict[str, tuple[Example, ...]] = {
    **{f"{V1}{route}": examples for route, examples in _V1.items()},
    **{f"{EDGE}{route}": examples for route, examples in _EDGE.items()},
    **{f"{CONSOLE}{route}": examples for route, examples in _CONSOLE.items()},
    **_ELSEWHERE,
}
# These take a form that was sent, and refuse to be looked at.
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
    """A route is not measured, because nobody has said what to ask it for."""


def every_example() -> Iterator[tuple[str, Example]]:
    routes = set(gettable())
    if unknown := routes - EXAMPLES.keys() - FORMS_ONLY:
        raise NoExample(f"bench/examples.py does not say what to ask these for: {', '.join(sorted(unknown))}")
    for route, examples in EXAMPLES.items():
        if route in routes:  # the API's documents need not be served
            yield from ((route, example) for example in examples)
