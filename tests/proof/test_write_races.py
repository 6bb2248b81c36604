"""Limits, versions and idempotency keys hold under concurrency, without deadlocks."""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.db.models.functions import Now

from accounts import operations as accounts
from accounts.models import User
from audit import idempotency
from core.models import ConcurrentChange, VersionMismatch
from sessions_app.models import Session
from sessions_app.operations import expiry
from tenancy import operations as tenancy
from tenancy.models import Partner, Tenant
from tests.proof.browsers import at_once
from tests.proof.mutations import mutated
from tests.proof.test_client_limit_races import LOCKED, UNLOCKED
from tests.world import SYSTEM, World

MAX_CONCURRENT, ALLOWED = 12, 3


def outcome(act: Callable[[], Any]) -> str:
    """What became of it: `done`, or which refusal."""
    try:
        act()
    except (tenancy.LimitReached, ConcurrentChange, OperationalError, VersionMismatch, idempotency.KeyTaken) as refusal:
        return type(refusal).__name__
    finally:
        connection.close()
    return "done"


def outcomes(*acts: Callable[[], Any]) -> Counter[str]:
    return Counter(at_once(*(lambda act=act: outcome(act) for act in acts)))


def new_tenants(partner: Partner) -> Counter[str]:
    def make() -> None:
        slug = f"east-{secrets.token_hex(4)}"
        tenancy.create_tenant(actor=SYSTEM, partner=partner, name="East", slug=slug)

    Partner.objects.filter(pk=partner.pk).update(max_tenants=ALLOWED)
    Tenant.objects.filter(partner=partner, kind="CUSTOMER").update(deleted_at="2026-01-01T00:00:00Z")
    return outcomes(*[make] * MAX_CONCURRENT)


def new_users(tenant: Tenant) -> Counter[str]:
    def make() -> None:
        accounts.create_user(actor=SYSTEM, tenant=tenant, email=f"{secrets.token_hex(4)}@north.example")

    Partner.objects.filter(pk=tenant.partner_id).update(max_users_per_tenant=ALLOWED)
    User.objects.filter(tenant=tenant).update(deleted_at="2026-01-01T00:00:00Z")
    return outcomes(*[make] * MAX_CONCURRENT)


def changes_of_one_version(tenant: Tenant) -> Counter[str]:
    version = frozenset([Tenant.objects.get(pk=tenant.pk).version])

    def rename() -> None:
        tenancy.change(Tenant.objects.get(pk=tenant.pk), actor=SYSTEM, versions=version, name=secrets.token_hex(4))

    return outcomes(*[rename] * MAX_CONCURRENT)


def same_requests() -> tuple[int, set[str]]:
    """How often it was done, and the different answers there were."""
    done: list[str] = []
    key = secrets.token_hex(8)

    def act() -> idempotency.Answer:
        done.append(secrets.token_hex(8))
        time.sleep(0.02)
        return idempotency.Answer(201, {}, done[-1])

    def ask() -> str:
        try:
            return idempotency.run_once(SYSTEM, key, "POST /things", act)[0].body
        finally:
            connection.close()

    told = set(at_once(*[ask] * MAX_CONCURRENT))
    return len(done), told


EXACTLY = {"done": ALLOWED, "LimitReached": MAX_CONCURRENT - ALLOWED}


def test_concurrent_creations_stay_within_the_tenant_limit(committed_world: World, claim):
    promise = claim(f"times {MAX_CONCURRENT} tenants were made at once where {ALLOWED} may", full=100, reduced=3)
    for _ in range(promise.asked):
        assert new_tenants(committed_world.acme) == EXACTLY
    promise.saw(promise.asked)


@pytest.mark.proof
def test_broken_build_counting_tenants_without_the_lock_is_caught(committed_world: World, claim):
    promise = claim("control, counts tenants without the lock: too many", full=1, reduced=1)
    with mutated(tenancy.create_tenant, "lock(partner, actor=actor)", "partner"):
        made = max(new_tenants(committed_world.acme)["done"] for _ in range(5))
    promise.saw(made - ALLOWED)
    assert made > ALLOWED


def test_concurrent_creations_stay_within_the_user_limit(committed_world: World, claim):
    promise = claim(f"times {MAX_CONCURRENT} users were made at once where {ALLOWED} may", full=100, reduced=3)
    for _ in range(promise.asked):
        assert new_users(committed_world.north) == EXACTLY
    promise.saw(promise.asked)


@pytest.mark.proof
def test_broken_build_counting_users_without_the_lock_is_caught(committed_world: World, claim):
    promise = claim("control, counts users without the lock: too many", full=1, reduced=1)
    with mutated(tenancy.enforce_limit, LOCKED, UNLOCKED):
        made = max(new_users(committed_world.north)["done"] for _ in range(5))
    promise.saw(made - ALLOWED)
    assert made > ALLOWED


def test_concurrent_changes_of_one_version_succeed_once(committed_world: World, claim):
    promise = claim(f"times {MAX_CONCURRENT} changed one version at once", full=200, reduced=5)
    for _ in range(promise.asked):
        assert changes_of_one_version(committed_world.north) == {"done": 1, "VersionMismatch": MAX_CONCURRENT - 1}
    promise.saw(promise.asked, "one of them each time")


@pytest.mark.proof
def test_broken_build_checking_versions_without_the_lock_is_caught(committed_world: World, claim):
    promise = claim("control, looks at the version without the lock: changes lost", full=1, reduced=1)
    with mutated(tenancy.lock, '.select_for_update(no_key=True, of=("self",))', ""):
        done = max(changes_of_one_version(committed_world.north)["done"] for _ in range(5))
    promise.saw(done - 1)
    assert done > 1


def test_concurrent_requests_with_one_idempotency_key_run_once(committed_world: World, claim):
    promise = claim(f"times a request came {MAX_CONCURRENT} times at once", full=200, reduced=5)
    for _ in range(promise.asked):
        done, told = same_requests()
        assert (done, len(told)) == (1, 1)
    promise.saw(promise.asked, "done once, and answered alike")


@pytest.mark.proof
def test_broken_build_checking_idempotency_without_the_lock_is_caught(committed_world: World, claim):
    promise = claim("control, looks for the answer and does not hold its place: done twice", full=1, reduced=1)

    def has_no_answer(kept: Any) -> bool:
        return not idempotency.IdempotentResponse.objects.filter(actor_id=kept.actor_id, key=kept.key).exists()

    with patch.object(idempotency, "_is_first", has_no_answer):
        done = max(same_requests()[0] for _ in range(5))
    promise.saw(done - 1)
    assert done > 1


def writes_beside_endings(world: World, rounds: int) -> Counter[str]:
    """A tenant is suspended, with a session that has run out in it, while people are made in it."""
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        tenant = world.tenant(world.acme, f"busy-{secrets.token_hex(4)}")
        over = world.signed_in(world.person("grace", tenant)).session
        assert over
        Session.objects.filter(pk=over.pk).update(
            last_activity_at=F("last_activity_at") - F("idle_limit"), due_at=Now()
        )
        seen += outcomes(
            lambda tenant=tenant: tenancy.suspend(tenant, actor=SYSTEM),
            *[lambda tenant=tenant: make_somebody(tenant)] * 3,
            lambda tenant=tenant: tenancy.change(tenant, actor=SYSTEM, name=secrets.token_hex(4)),
        )
    return seen


def make_somebody(tenant: Tenant) -> None:
    accounts.create_user(actor=SYSTEM, tenant=tenant, email=f"{secrets.token_hex(4)}@busy.example")


def test_creations_concurrent_with_suspensions_do_not_deadlock(committed_world: World, claim):
    promise = claim("times people were made in a tenant while it was suspended", full=200, reduced=6)
    seen = writes_beside_endings(committed_world, promise.asked)
    promise.saw(promise.asked, f"{dict(seen)}")
    assert "OperationalError" not in seen


@pytest.mark.proof
def test_broken_build_locking_in_the_wrong_order_deadlocks(committed_world: World, claim):
    promise = claim("control, comes to the record before the tenant: circles", full=1, reduced=1)
    locking = 'list(Tenant.objects.select_for_update(no_key=True).filter(pk__in=by_tenant).order_by("pk"))'
    with mutated(expiry.expire_within, locking, "pass"):
        circles = writes_beside_endings(committed_world, 12)["OperationalError"]
    promise.saw(circles)
    assert circles >= promise.asked
