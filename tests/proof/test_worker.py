"""The worker, run as in production, sweeps revocations by itself."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, Session
from tests.servers import environment
from tests.world import SYSTEM, World

START, PROMPTLY = 30, 10  # seconds: a worker that is busy when it is notified polls five seconds later


@pytest.fixture
def worker(committed_world: World) -> Iterator[subprocess.Popen]:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")  # what other tests left behind
    process = subprocess.Popen(
        [sys.executable, "manage.py", "procrastinate", "worker"],
        cwd=settings.BASE_DIR,
        env=environment(settings.DATABASES["default"]),
    )
    yield process
    process.terminate()
    process.wait(timeout=20)


def seconds_until_swept(world: World, patience: float) -> float:
    caller = world.signed_in(world.person("ada", world.north))
    assert caller.session
    revocation = operations.revoke_scope(
        RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="to be swept"
    ).revocation
    assert revocation
    began = time.monotonic()
    while not Revocation.objects.filter(pk=revocation.pk, swept_at__isnull=False).exists():
        assert time.monotonic() < began + patience, "nobody swept"
        time.sleep(0.02)
    assert Session.objects.get(pk=caller.session.pk).revocation == revocation
    return time.monotonic() - began


def test_worker_sweeps_revocations_by_itself(worker: subprocess.Popen, committed_world: World, claim):
    promise = claim("revocations of a tenant, swept by the worker on its own", full=50, reduced=3)
    seconds_until_swept(committed_world, patience=START)
    slowest = max(seconds_until_swept(committed_world, patience=PROMPTLY) for _ in range(promise.asked))
    promise.saw(promise.asked, f"the slowest in {slowest:.2f} s")
