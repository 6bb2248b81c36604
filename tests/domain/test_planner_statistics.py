"""Lists and revocations are fast among thousands of sessions even if PostgreSQL's statistics say zero rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.operations import add_member
from sessions_app import operations
from sessions_app.reads.presence import users_with_live_session
from tenancy.operations import set_session_policy
from tests.beliefs import analysed_when_empty
from tests.cells import cells
from tests.commands.many_sessions import create_sessions
from tests.console.browser import Browser
from tests.contract.admin_tokens.answers import REVOKE, by_key
from tests.contract.edge.client import IDENTITIES, with_session_key
from tests.contract.edge.client import SESSIONS as EDGE
from tests.contract.v1.test_groups import a_group, members
from tests.factories import UserFactory
from tests.world import SYSTEM, World

MANY = 5_000
LONGEST = "2s"  # for each statement; one that goes wrong takes many times that
V1 = "/api/v1/admin/sessions"
PANEL = "/api/account/sessions"


def others(world: World) -> None:
    """Ada's sessions and colleagues: what happens is not about them."""
    create_sessions(world.ada, MANY)
    User.objects.bulk_create(
        UserFactory.build(tenant=world.north, email=f"{number}@north.example") for number in range(MANY // 2)
    )


def done(answer: Any) -> None:
    assert answer.status_code == 200, answer.content


def shown(world: World, path: str) -> None:
    browser = Browser(world.super_admin)
    browser.open(f"/console/{path}")
    assert browser.status == 200


def _of_a_group(world: World) -> None:
    group = a_group(world, "few")
    add_member(group, world.alan.user, actor=SYSTEM)
    done(world.north_admin.get(members(group)))


LISTS: dict[str, Callable[[World], Any]] = {
    "v1, everybody's": lambda world: done(world.super_admin.get(V1)),
    "v1, a user's": lambda world: done(world.super_admin.get(f"{V1}?user_id={world.lisa.user.handle}")),
    "v1, a tenant's": lambda world: done(world.north_admin.get(f"/api/v1/tenants/{world.north.handle}/sessions")),
    "v1, one's own": lambda world: done(world.lisa.get("/api/v1/me/sessions")),
    "v1, people": lambda world: done(world.super_admin.get("/api/v1/admin/users")),
    "v1, a group's members": _of_a_group,
    "panel": lambda world: done(world.lisa.get(PANEL)),
    "edge": lambda world: done(with_session_key(world.super_admin.user, world).get(f"{EDGE}?limit=10")),
    "edge, identities": lambda world: done(
        with_session_key(world.super_admin.user, world).get(f"{IDENTITIES}?limit=500")
    ),
    "admin tokens": lambda world: done(by_key().get("/api/admin/tokens/sessions")),
    "console, sessions": lambda world: shown(world, "sessions/"),
    "console, people": lambda world: shown(world, "users/"),
    "console, the record": lambda world: shown(world, "record/"),
}
ENDINGS: dict[str, Callable[[World], Any]] = {
    "v1, all others of one's own": lambda world: done(world.lisa.post("/api/v1/me/sessions/revoke-all")),
    "v1, a tenant": lambda world: done(
        world.super_admin.post(f"/api/v1/tenants/{world.springfield.handle}/sessions/revoke-all", {"reason": "x"})
    ),
    "v1, one": lambda world: done(world.super_admin.post(f"{V1}/{world.lisa.session_id}/revoke", {"reason": "x"})),
    "panel, all others": lambda world: done(world.lisa.delete(PANEL)),
    "panel, one": lambda world: done(world.lisa.delete(f"{PANEL}/{world.signed_in(world.lisa.user).session_id}")),
    "edge": lambda world: done(
        with_session_key(world.super_admin.user, world).delete(f"{EDGE}/{world.lisa.session_id}")
    ),
    "admin tokens, all": lambda world: done(by_key().post(REVOKE)),
    "a policy": lambda world: set_session_policy(world.springfield, actor=SYSTEM, max_sessions=1),
    "the clock": lambda world: operations.expire(actor=SYSTEM),
    "the sweep": lambda world: operations.sweep(),
}


@pytest.mark.proof
@cells("act", LISTS | ENDINGS)
def test_list_or_revocation_is_fast_with_planner_statistics_of_zero_rows(act: str, world: World):
    others(world)
    for _ in range(3):
        world.signed_in(world.lisa.user)
    analysed_when_empty()
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST}'")
    (LISTS | ENDINGS)[act](world)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # next, the foreign keys of all these rows are checked


def test_users_live_sessions_are_found_by_the_user_index(world: World):
    """Rolled back rows make indexes grow, so that an index of all sessions looks as cheap as a user's."""
    ada = world.ada
    kept = transaction.savepoint()
    create_sessions(ada, 15_000)
    transaction.savepoint_rollback(kept)
    others(world)
    colleague = User.objects.get(email="7@north.example")
    analysed_when_empty()
    with CaptureQueriesContext(connection) as list_response:
        assert users_with_live_session([ada.user.pk, colleague.pk]) == {ada.user.pk}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {list_response.captured_queries[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: ((user_id >= accounts_user.id) AND (user_id <= accounts_user.id))" in plan, plan
