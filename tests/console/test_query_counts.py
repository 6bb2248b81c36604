"""SQL queries of each console page: at most twelve, and as many for a thousand rows as for a few."""

import secrets
from typing import Any

import pytest
from django.db import connection

from accounts.models import Agent, Application, Group, IdentityProvider, User
from audit.models import AuditEntry
from sessions_app.models import Reach, Revocation
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
    "partners/{}/": 4,  # and whether it is theirs to change
    "tenants/{}/": 4,
    "users/{}/": 5,  # that, and the groups
    "groups/{}/": 7,  # and members, and how many in any way; whose it is, and the groups in it
    "applications/{}/": 4,
    "identity-providers/{}/": 4,
    "agents/{}/": 4,
    "record/{}/": 2,
    "sessions/end/?tenant=springfield": 8,
    "sessions/end/?device=desktop": 4,
    "sessions/?tenant=springfield&state=any": 3,
    "sessions/?country=SE": 3,  # who; how far to look; the rows
}
# Who; for one that is there also: it, whether it is theirs, what v1 says of it. Then what each field offers.
FORMS = {
    "partners/new/": 1,
    "tenants/new/": 2,
    "users/new/": 3,
    "groups/new/": 2,
    "applications/new/": 3,
    "identity-providers/new/": 1,
    "identity-providers/new/?provider_type=SAML": 2,
    "agents/new/": 3,
    "partners/{}/edit/": 4,
    "tenants/{}/edit/": 6,
    "users/{}/edit/": 4,
    "groups/{}/edit/": 4,
    "applications/{}/edit/": 4,
    "identity-providers/{}/edit/": 4,
    "agents/{}/edit/": 6,
    "groups/{}/add-member/": 4,
    "groups/{}/nest/": 4,
    "partners/{}/remove/": 9,
    "tenants/{}/remove/": 8,
    "groups/{}/remove/": 3,
    "agents/{}/rotate-secret/": 3,
}
UNIQUE = ("slug", "email", "client_id")
MODELS = {
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


def path_to(path: str, world: World) -> str:
    kind = path.partition("/")[0]
    return path.format(THINGS[kind](world).handle) if "{}" in path else path


@pytest.mark.parametrize("path", COSTS)
def test_page_runs_the_expected_number_of_queries(path: str, springfield: World):  # noqa: F811 - the fixture
    assert cost_of(Browser(springfield.super_admin), path_to(path, springfield)) == COSTS[path] <= MOST


@pytest.mark.parametrize("path", FORMS)
def test_form_query_count_does_not_grow_with_choices(path: str, springfield: World):  # noqa: F811 - the fixture
    browser, form = Browser(springfield.super_admin), path_to(path, springfield)
    assert cost_of(browser, form) == FORMS[path] <= MOST
    for kind in ("tenants", "users", "groups", "agents"):
        multiply(kind, springfield, 1_000)
    assert cost_of(browser, form) == FORMS[path]


def test_query_counts_are_given_for_every_page():
    assert {path.partition("/")[0] for path in COSTS} == {"", *KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_list_query_count_does_not_grow_with_rows(kind: str, springfield: World):  # noqa: F811 - the fixture
    browser = Browser(springfield.super_admin)
    few = cost_of(browser, f"{kind}/")
    multiply(kind, springfield, 1_000)
    assert cost_of(browser, f"{kind}/") == few
    assert ">Older</a>" in browser.html


def multiply(kind: str, world: World, count: int) -> None:
    if kind == "sessions":
        create_sessions(world.lisa, count)
    elif kind in ("revocations", "record"):
        copy(Revocation if kind == "revocations" else AuditEntry, THINGS[kind](world), count)
    else:
        copy(MODELS[kind], THINGS[kind](world), count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def copy(model: Any, like: Any, count: int) -> None:
    """Rows as `like`, but for what has to be unique."""
    columns = {field.attname: getattr(like, field.attname) for field in model._meta.concrete_fields}
    columns.pop("id")
    rows = []
    for number in range(count):
        row = model(**columns)
        for name in UNIQUE:
            if hasattr(row, name):
                setattr(row, name, f"{getattr(model, 'client_id_prefix', '')}{secrets.token_hex(8)}")
        if model is Group:
            row.name = f"{row.name} {number}"
        if hasattr(row, "number"):
            row.number = 10_000 + number if model is AuditEntry else None
        rows.append(row)
    model.objects.bulk_create(rows)


def test_page_of_a_revoked_session_runs_one_more_query(springfield: World):  # noqa: F811 - the fixture
    assert springfield.lisa.session
    place = f"sessions/{springfield.lisa.session_id}/"
    browser = Browser(springfield.super_admin)
    live = cost_of(browser, place)
    revoke_scope(Reach.TENANT, springfield.springfield.pk, actor=SYSTEM, reason="tidy")
    assert cost_of(browser, place) == live + 1


def test_preview_query_count_does_not_grow_with_sessions(springfield: World):  # noqa: F811 - the fixture
    browser = Browser(springfield.super_admin)
    few = cost_of(browser, "sessions/end/?tenant=springfield")
    create_sessions(springfield.lisa, 1_000)
    assert cost_of(browser, "sessions/end/?tenant=springfield") == few
    assert "1,001 sessions" in browser.text
    revoke_scope(Reach.TENANT, springfield.springfield.pk, actor=SYSTEM, reason="tidy")
