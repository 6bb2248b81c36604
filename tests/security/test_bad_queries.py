"""What nobody asked for in a query string changes nothing in the answer."""

from urllib.parse import quote

from tests.cells import cells
from tests.security.answers import but_for_when, refused
from tests.security.routes import Operation, reads
from tests.world import World

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
    "&" * 10_000,
    "%",
    "%ff=%fe",
    "%ed%a0%80",
    "?" * 100,
    "x=1;y=2",
]


@cells("operation", reads(), ids=str)
def test_a_query_that_nobody_asked_for(world: World, operation: Operation):
    caller = operation.caller(world)
    url = operation.url(world, caller)
    plain = but_for_when(caller.get(url))
    assert plain[0] == 200
    for query in QUERIES:
        assert but_for_when(caller.get(f"{url}?{query}")) == plain, query[:80]


@cells("path", ["/healthz", "/readyz"])
def test_nor_does_it_change_how_we_are(world: World, path: str):
    plain = but_for_when(world.nobody.get(path))
    assert plain[0] == 200
    for query in QUERIES:
        assert but_for_when(world.nobody.get(f"{path}?{query}")) == plain, query[:80]


@cells("path", ["/openapi.json", "/docs", "/redoc"])
def test_nor_what_the_documentation_says(world: World, path: str):
    """Its views do read the query; too long a one is refused, and nothing of it comes back unescaped."""
    for query in QUERIES[-9:]:
        answer = world.nobody.get(f"{path}?{query}")
        assert answer.status_code == 200 or refused(answer, 400), query[:80]
    for name in ("lang", "version", "x", "format"):
        answer = world.nobody.get(f"{path}?{name}={quote('%22%27><script>alert(1)</script>' + chr(13) + chr(10))}")
        assert answer.status_code == 200, name
        assert b"<script>alert" not in answer.content, name


def test_credentials_in_a_query_are_none(world: World):
    for name in ("access_token", "token", "api_key", "Authorization"):
        assert world.nobody.get(f"/api/v1/me?{name}={world.ada.token}").status_code == 401
