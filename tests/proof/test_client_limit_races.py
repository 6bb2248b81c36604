"""Limits on applications and on an agent's requests hold under concurrency."""

import time
from collections import Counter
from functools import partial
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts import operations as accounts
from accounts.models import Agent, AgentMinute, Application
from accounts.operations.rate_limit import RateLimited, count_request
from core.access import Origin
from tenancy.models import Partner
from tenancy.operations import LimitReached, enforce_limit
from tests.proof.browsers import at_once, browsers
from tests.proof.mutations import mutated
from tests.servers import Servers
from tests.world import SYSTEM, World

MAX_CONCURRENT, ALLOWED, PAUSE = 20, 10, 0.02
AGENTS, APPLICATIONS = "/api/v1/admin/agents", "/api/v1/admin/applications"
LOCKED = """locked = lock_tenant_for_create(tenant, actor=actor)
    if locked.is_staff:
        return
    partner = Partner.objects.select_for_update(no_key=True)"""
UNLOCKED = """locked = tenant
    partner = Partner.objects"""


def limited(world: World) -> None:
    Partner.objects.filter(pk=world.acme.pk).update(max_applications_per_tenant=ALLOWED)


def applications_of(world: World) -> int:
    return Application.objects.not_deleted().filter(tenant=world.north).count()


def create(world: World) -> bool:
    kind, scope = Application.Type.SPA, Application.Scope.TENANT
    try:
        accounts.create_application(actor=SYSTEM, name="x", application_type=kind, scope=scope, tenant=world.north)
    except LimitReached:
        return False
    finally:
        connection.close()
    return True


def test_concurrent_creations_stay_within_the_application_limit(busy_servers: Servers, committed_world: World, claim):
    promise = claim(f"times {MAX_CONCURRENT} made an application at once where {ALLOWED} may be", full=50, reduced=2)
    token, body = committed_world.north_admin.token, {"name": "x", "application_type": "SPA", "scope": "TENANT"}
    limited(committed_world)
    with browsers(busy_servers.urls, MAX_CONCURRENT) as callers:
        for _ in range(promise.asked):
            answers = at_once(*(partial(each.ask, "POST", APPLICATIONS, body, token) for each in callers))
            assert Counter(answer.status for answer in answers) == {201: ALLOWED, 409: MAX_CONCURRENT - ALLOWED}
            assert applications_of(committed_world) == ALLOWED
            Application.objects.filter(tenant=committed_world.north).update(deleted_at=timezone.now())
    promise.saw(promise.asked, f"{ALLOWED} each time")


@pytest.mark.proof
def test_broken_build_counting_applications_without_the_lock_is_caught(committed_world: World, claim):
    promise = claim("control, counts without the lock: applications too many", full=1, reduced=1)
    limited(committed_world)
    with mutated(enforce_limit, LOCKED, UNLOCKED):
        at_once(*[partial(create, committed_world)] * MAX_CONCURRENT)
    promise.saw(applications_of(committed_world) - ALLOWED)
    assert applications_of(committed_world) - ALLOWED >= promise.asked


def agent_of(world: World) -> tuple[Agent, str]:
    return accounts.create_agent(
        actor=SYSTEM,
        tenant=world.north,
        owner_user=world.ada.user,
        name="x",
        allowed_scopes=["admin:read"],
        rate_limit_rpm=ALLOWED,
    )


def early_in_a_minute() -> None:
    """All of it within one minute of the clock."""
    if timezone.now().second >= 54:
        time.sleep(61 - timezone.now().second)


def test_concurrent_requests_stay_within_the_agents_rate_limit(busy_servers: Servers, committed_world: World, claim):
    promise = claim(
        f"times {MAX_CONCURRENT} requests of an agent at once where {ALLOWED} may be, two processes", full=50, reduced=2
    )
    with browsers(busy_servers.urls, MAX_CONCURRENT) as callers:
        for _ in range(promise.asked):
            agent, secret = agent_of(committed_world)
            token = accounts.issue_token(agent.client_id, secret, None, origin=Origin()).access_token
            early_in_a_minute()
            answers = at_once(*(partial(each.ask, "GET", AGENTS, None, token) for each in callers))
            assert Counter(answer.status for answer in answers) == {200: ALLOWED, 429: MAX_CONCURRENT - ALLOWED}
            assert AgentMinute.objects.get(agent=agent).requests == ALLOWED
    promise.saw(promise.asked, f"{ALLOWED} each time")


def look_first(agent_id: UUID, limit: int) -> None:
    minute, _ = AgentMinute.objects.get_or_create(agent_id=agent_id)
    if minute.requests >= limit:
        raise RateLimited(1)
    time.sleep(PAUSE)
    AgentMinute.objects.filter(agent_id=agent_id).update(requests=F("requests") + 1)


def let_in(count: object, agent_id: UUID) -> bool:
    assert callable(count)
    try:
        count(agent_id, ALLOWED)
    except RateLimited:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.proof
def test_broken_build_reading_the_count_first_is_caught(committed_world: World, claim):
    promise = claim("control, looks before it counts: requests too many", full=1, reduced=1)
    seen = {}
    for count in (count_request, look_first):
        agent, _ = agent_of(committed_world)
        early_in_a_minute()
        seen[count] = sum(at_once(*[partial(let_in, count, agent.pk)] * MAX_CONCURRENT))
    promise.saw(seen[look_first] - ALLOWED)
    assert seen[count_request] == ALLOWED
    assert seen[look_first] - ALLOWED >= promise.asked
