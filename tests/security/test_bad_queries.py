"""Unknown query parameters are refused by v1 and ignored by the other dialects."""

from urllib.parse import quote, unquote_to_bytes

from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.security.answers import comparable, refused
from tests.security.routes import JSON, Operation, operations, reads
from tests.world import World

FIRST_NAMED = 20  # of thousands
TOKEN = "/api/v1/platform/oauth/token"

PAYLOADS = [
    "'",
    '"',
    ";--",
    ")",
    "\0",
    "%",
    "_",
    "\\",
    "{}",
    "$gt",
    "__",
    "' OR '1'='1",
    "$(a+)+$",
    "{{7*7}}",
    "\r\nX: y",
]
NAMES = [
    "",
    "__proto__",
    "_connector",
    "_negated",
    "access_token",
    "format",
    "id__in",
    "is_superuser",
    "pk__in",
    "tenant__partner__users__password__startswith",
    "user__password__startswith",
    "\0",
    "\ufeff",
    "a[b]",
    "a" * 1_000,
]
QUERIES = [
    *(f"{quote(name, safe='')}={quote(payload, safe='')}" for name, payload in zip(NAMES, PAYLOADS, strict=True)),
    *(f"x={quote(payload, safe='')}" for payload in PAYLOADS),
    *(f"{quote(name, safe='')}=x" for name in NAMES),
    "&".join(f"x{n}={n}" for n in range(10_000)),
    "x=" + "y" * 65_536,
    "x" * 65_536,
    "%",
    "%ff=%fe",
    "%ed%a0%80",
    "?" * 100,
    "x=1;y=2",
]


def names_in(query: str) -> list[str]:
    names = (pair.partition("=")[0].replace("+", " ") for pair in query.split("&"))
    return list(dict.fromkeys(unquote_to_bytes(name).decode(errors="replace") for name in names))


def test_unknown_parameter_is_refused_and_named_by_every_endpoint(world: World):
    """Reads and writes; nothing is changed. The token endpoint ignores it, as RFC 6749 requires."""
    wrong = []
    for operation in operations():
        caller = operation.caller(world)
        url = operation.url(world, caller)
        body = operation.plausible() if JSON in operation.bodies else None
        before = database_digest()
        for query in ("surprise=1", "ip=192.0.2.1", "surprise", "surprise="):
            for slash in ("", "/"):
                answer = caller.request(operation.method, f"{url}{slash}?{query}", body)
                found = answer.json().get("detail") if answer.content else None
                name = query.partition("=")[0]
                is_named = isinstance(found, list) and [each["loc"] for each in found] == [["query", name]]
                if (answer.status_code == 422 and is_named) == (operation.path == TOKEN):
                    wrong.append((str(operation), query, slash, answer.status_code, found))
        if database_digest() != before:
            wrong.append((str(operation), "did something"))
    assert wrong == []


def test_error_message_lists_the_known_parameters(world: World):
    [flaw] = refused(world.super_admin.get("/api/v1/admin/groups?tenant=x&search=y&page=1"), 422)
    known = "cursor, group_type, ordering, page, partner_id, per_page, search, tenant_id"
    message = f"Unknown parameter; this request takes: {known}"
    assert flaw == {"loc": ["query", "tenant"], "msg": message, "type": "extra_forbidden"}
    [flaw] = refused(world.super_admin.get("/api/v1/me?x=y"), 422)
    assert flaw["msg"] == "Unknown parameter; this request takes: none"


@cells("operation", reads(), ids=str)
def test_hostile_query_string_is_refused_by_its_names_or_ignored(world: World, operation: Operation):
    caller = operation.caller(world)
    url = operation.url(world, caller)
    plain = comparable(caller.get(url))
    assert plain[0] == 200
    for nothing in ("", "&" * 10_000):
        assert comparable(caller.get(f"{url}?{nothing}")) == plain, nothing[:80]
    for query in QUERIES:
        named = [flaw["loc"] for flaw in refused(caller.get(f"{url}?{query}"), 422, query[:80])]
        assert named == [["query", name] for name in names_in(query)[:FIRST_NAMED]], query[:80]


@cells("path", ["/healthz", "/readyz"])
def test_unknown_parameter_does_not_change_the_health_probes(world: World, path: str):
    plain = comparable(world.nobody.get(path))
    assert plain[0] == 200
    for query in QUERIES:
        assert comparable(world.nobody.get(f"{path}?{query}")) == plain, query[:80]


@cells("path", ["/openapi.json", "/docs", "/redoc"])
def test_unknown_parameter_does_not_change_the_documentation(world: World, path: str):
    """Its views read the query string; a too long one is refused, and none is echoed unescaped."""
    for query in QUERIES[-9:]:
        answer = world.nobody.get(f"{path}?{query}")
        assert answer.status_code == 200 or refused(answer, 400), query[:80]
    for name in ("lang", "version", "x", "format"):
        answer = world.nobody.get(f"{path}?{name}={quote('%22%27><script>alert(1)</script>' + chr(13) + chr(10))}")
        assert answer.status_code == 200, name
        assert b"<script>alert" not in answer.content, name


def test_credentials_in_the_query_string_are_401(world: World):
    for name in ("access_token", "token", "api_key", "Authorization"):
        assert world.nobody.get(f"/api/v1/me?{name}={world.ada.token}").status_code == 401
