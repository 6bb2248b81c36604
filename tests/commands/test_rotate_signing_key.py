"""The rotate_signing_key command."""

import re
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.keyring import ring
from accounts.models import SigningKey
from audit.models import AuditEntry
from tests.cells import cells
from tests.world import World


@pytest.fixture(autouse=True)
def ring_of_its_own(world: World) -> Iterator[None]:
    yield
    ring.clear()


def rotate(*options: str) -> str:
    out = StringIO()
    call_command("rotate_signing_key", *options, stdout=out)
    return out.getvalue()


@cells("options", [(), ("--now",)])
def test_prints_the_key_id_and_its_start_time(options):
    said = rotate(*options)
    newest = SigningKey.objects.latest("created_at")
    match = re.fullmatch(r"Key (\w{26}) signs tokens from (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC\.\n", said)
    assert match
    assert match.groups() == (newest.kid, f"{newest.signs_from:%Y-%m-%d %H:%M:%S}")


@cells(("options", "at_once"), [((), False), (("--now",), True)])
def test_writes_audit_entry(options, at_once):
    rotate(*options)
    kid = SigningKey.objects.latest("created_at").kid
    entry = AuditEntry.objects.get(action="signing_key.rotated", changes__kid=kid)
    assert (entry.actor_id, entry.changes) == ("system:rotate_signing_key", {"kid": kid, "at_once": at_once})


def test_one_key_without_an_end_remains():
    for _ in range(3):
        rotate()
    assert SigningKey.objects.filter(verifies_until=None).count() == 1
