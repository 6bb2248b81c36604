"""SQL queries of each console page: at most twelve, and as many for a thousand rows as for a few."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from accounts.models import Agent, Application, Group, IdentityProvider, User
from audit.models import AuditEntry
from core.ids import uuid7
from sessions_app.models import Revocation, RevocationScope
from sessions_app.operations import revoke_scope
from tenancy.models import Partner, Tenant
from tests.architecture.test_sql_counts import counted
from tests.commands.many_sessions import create_sessions
from tests.console.browser import KINDS, Browser
from tests.console.test_scope import THINGS, springfield  # noqa: F401 - a fixture
from tests.world import SYSTEM, World

MOST = 12
COSTS = {
    "": 7,  # who; statistics; the course; tenants; worker; the record's ends and its newest 2
    "sessions/": 3,  # who; the rows; how many there are
    "revocations/": 2,
    "partners/": 2,
    "tenants/": 2,
    "users/": 2,
    "groups/": 2,
    "applications/": 2,
    "identity-providers/": 2,
    "agents/": 2,
    "record/": 3,  # who; the rows; whether the chains fit
    "record/?action=user.updated": 4,  # and how far it looks
    "sessions/{}/": 3,  # who; the row; the record of it
    "revocations/{}/": 3,
    "partners/{}/": 5,  # and whether it is theirs to change; the policy of the platform
    "tenants/{}/": 5,
    "users/{}/": 5,  # that, and the groups
    "groups/{}/": 7,  # and members, and how many in any way; whose it is, and the groups in it
    "applications/{}/": 4,
    "identity-providers/{}/": 4,
    "agents/{}/": 4,
    "record/{}/": 2,
    "sessions/end/?tenant=springfield": 9,  # one for the name
    "sessions/end/?device=desktop": 4,
    "sessions/?tenant=springfield&state=any": 3,
    "sessions/?country=SE": 3,  # who; how far to look; the rows
}
# Who; of an instance also the row, and whether it is theirs to change. Then what each field offers.
FORMS = {
    "partners/new/": 1,
    "tenants/new/": 2,
    "users/new/": 3,
    "groups/new/": 2,
    "applications/new/": 3,
    "identity-providers/new/": 1,
    "identity-providers/new/?provider_type=SAML": 2,
    "agents/new/": 3,
    "partners/{}/edit/": 3,
    "tenants/{}/edit/": 5,
    "users/{}/edit/": 3,
    "groups/{}/edit/": 3,
    "applications/{}/edit/": 3,
    "identity-providers/{}/edit/": 3,
    "agents/{}/edit/": 5,
    "groups/{}/add-member/": 4,
    "groups/{}/nest/": 4,
    "partners/{}/remove/": 4,  # and its tenants, which prevent it
    "tenants/{}/remove/": 8,
    "groups/{}/remove/": 3,
    "agents/{}/rotate-secret/": 3,
}
UNIQUE = {"slug", "email", "client_id"}
MODELS = {
    "revocations": Revocation,
    "record": AuditEntry,
    "partners": Partner,
    "tenants": Tenant,
    "users": User,
    "groups": Group,
    "applications": Application,
    "identity-providers": IdentityProvider,
    "agents": Agent,
}


def cost_of(browser: Browser, path: str) -> int:
    browser.open(f"/console/{path}")  # what a process looks at once, it has looked at
    with counted() as statements:
        browser.open(f"/console/{path}")
    assert browser.status == 200, browser.text
    return len(statements)


def costs_of(browser: Browser, paths: Mapping[str, str]) -> dict[str, int]:
    return {name: cost_of(browser, path) for name, path in paths.items()}


def path_to(path: str, world: World) -> str:
    kind = path.partition("/")[0]
    return path.format(THINGS[kind](world).handle) if "{}" in path else path


def test_pages_run_the_expected_number_of_queries(springfield: World):  # noqa: F811 - the fixture
    paths = {path: path_to(path, springfield) for path in COSTS}
    assert costs_of(Browser(springfield.super_admin), paths) == COSTS
    assert max(COSTS.values()) <= MOST


def test_form_query_counts_do_not_grow_with_choices(springfield: World):  # noqa: F811 - the fixture
    browser = Browser(springfield.super_admin)
    paths = {path: path_to(path, springfield) for path in FORMS}
    assert costs_of(browser, paths) == FORMS
    multiply(["tenants", "users", "groups", "agents"], springfield, 1_000)
    assert costs_of(browser, paths) == FORMS
    assert max(FORMS.values()) <= MOST


def test_query_counts_are_given_for_every_page():
    assert {path.partition("/")[0] for path in COSTS} == {"", *KINDS}


def test_list_query_counts_do_not_grow_with_rows(springfield: World):  # noqa: F811 - the fixture
    browser = Browser(springfield.super_admin)
    paths = {kind: f"{kind}/" for kind in KINDS}
    few = costs_of(browser, paths)
    multiply(KINDS, springfield, 1_000)
    assert costs_of(browser, paths) == few
    assert [path for path in paths.values() if ">Older</a>" not in html_of(browser, path)] == []


def html_of(browser: Browser, path: str) -> str:
    browser.open(f"/console/{path}")
    return browser.html


def multiply(kinds: Iterable[str], world: World, count: int) -> None:
    for kind in kinds:
        if kind == "sessions":
            create_sessions(world.lisa, count)
        else:
            copy(MODELS[kind], THINGS[kind](world), count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def copy(model: Any, like: Any, count: int) -> None:
    """Rows as `like`, but for what has to be unique."""
    names = [field.column for field in model._meta.concrete_fields]
    values = {name: f"original.{name}" for name in names} | {"id": "ids.id"}
    for name in UNIQUE & values.keys():
        values[name] = f"'{getattr(model, 'client_id_prefix', '')}' || left(md5(ids.id::text), 16)"
    if model is Group:
        values["name"] = "original.name || ' ' || ids.number"
    if "number" in values:
        values["number"] = "10000 + ids.number" if model is AuditEntry else "NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(values)}) SELECT {', '.join(values.values())}"
            f" FROM {model._meta.db_table} original, unnest(%s::uuid[]) WITH ORDINALITY ids (id, number)"
            " WHERE original.id = %s",
            [[uuid7() for _ in range(count)], like.pk],
        )


def test_page_of_a_revoked_session_runs_one_more_query(springfield: World):  # noqa: F811 - the fixture
    assert springfield.lisa.session
    place = f"sessions/{springfield.lisa.session_id}/"
    browser = Browser(springfield.super_admin)
    live = cost_of(browser, place)
    revoke_scope(RevocationScope.TENANT, springfield.springfield.pk, actor=SYSTEM, reason="tidy")
    assert cost_of(browser, place) == live + 1


def test_preview_query_count_does_not_grow_with_sessions(springfield: World):  # noqa: F811 - the fixture
    browser = Browser(springfield.super_admin)
    few = cost_of(browser, "sessions/end/?tenant=springfield")
    create_sessions(springfield.lisa, 1_000)
    assert cost_of(browser, "sessions/end/?tenant=springfield") == few
    assert "1,001 sessions" in browser.text
    revoke_scope(RevocationScope.TENANT, springfield.springfield.pk, actor=SYSTEM, reason="tidy")
