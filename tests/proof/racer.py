"""A process that performs actions, one line of JSON each, and returns what it observed.
// Run as `python -m tests.proof.racer`. Times are the database's, so that two racers can be compared.
"""

import json
import sys
import time
from typing import Any
from unittest.mock import patch
from uuid import UUID

import django

django.setup()

from django.db import connection  # noqa: E402 - the apps must be ready

from accounts import operations as accounts  # noqa: E402
from accounts.operations import sign_in as proving  # noqa: E402
from core.access import Origin, Principal  # noqa: E402
from sessions_app import operations  # noqa: E402
from sessions_app.models import Revocation, RevocationScope, Session, SessionState  # noqa: E402
from sessions_app.operations import scope_revocation, sweeps  # noqa: E402
from tests.proof.load import run_random_load  # noqa: E402
from tests.proof.races import microseconds  # noqa: E402

SYSTEM = Principal.system("proof")
_raise_floor = scope_revocation._raise_floor


def sign_in(email: str, tenant: str, after: float, thinking: float) -> dict[str, Any]:
    """A whole sign-in, but for the password's hash: in its place there is a wait of a length we choose."""

    def considered(*_: Any) -> bool:
        seen["read"] = now()
        time.sleep(thinking)
        return True

    time.sleep(after)
    seen: dict[str, Any] = {"began": now()}
    with patch.object(proving, "password_matches", considered):
        try:
            made = operations.sign_in(accounts.Credentials(email, "", tenant), origin=Origin("192.0.2.20"))
        except operations.RevokedDuringSignIn:
            return seen | {"answered": now(), "session": None, "token": None}
    return seen | {"answered": now(), "session": made.session.handle, "token": made.access_token}


def revoke(
    reach: str, target: str | None, after: float, build: str = "floors", spare: str | None = None
) -> dict[str, Any]:
    time.sleep(after)
    began = now()
    waiting = scope_revocation.lock_scope_exclusive if build in CAREFUL else wait_for_nobody
    with (
        patch.object(scope_revocation, "_raise_floor", BUILDS[build]),
        patch.object(scope_revocation, "lock_scope_exclusive", waiting),
    ):
        ended = operations.revoke_scope(
            RevocationScope(reach), _id(target), actor=SYSTEM, reason="a race", except_session_id=_id(spare)
        )
    assert ended.revocation
    return {"began": began, "answered": now(), "revocation": str(ended.revocation.pk), "count": ended.count}


def wait_for_nobody(reach: RevocationScope, target_id: UUID | None) -> None:
    """Without the lock that lets sign-ins under way finish first."""


def only_update(reach: RevocationScope, target_id: UUID | None, number: int, **_: Any) -> None:
    """The obvious way to end sessions, and the wrong one: whoever signs in meanwhile is not among the rows."""
    rows = SessionState.objects.live().in_scope(reach, target_id)
    scope_revocation.mark_revoked(list(rows.values_list("pk", flat=True)), Revocation.objects.get(number=number))


def leave_it_to_a_cut_off(reach: RevocationScope, target_id: UUID | None, number: int, **_: Any) -> None:
    """The other obvious way: what was opened before the revocation's now() is over. Whoever judges adds that rule."""


def spare_blindly(reach: RevocationScope, target_id: UUID | None, number: int, **_: Any) -> None:
    """Re-stamping what is to be spared without asking whether it still lives."""
    _raise_floor(reach, target_id, number)
    Session.objects.in_scope(reach, target_id).filter(revoked_at=None).update(revision=number)


def sweep(batch: int) -> dict[str, Any]:
    with patch.object(sweeps, "BATCH", batch):
        return {"swept": operations.sweep()}


def now() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {microseconds('clock_timestamp()')}")
        return cursor.fetchone()[0]


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


BUILDS = {
    "floors": _raise_floor,
    "only updates": only_update,
    "now() cut-off": leave_it_to_a_cut_off,
    "spares blindly": spare_blindly,
}
CAREFUL = {"floors", "spares blindly"}
ACTS = {"sign_in": sign_in, "revoke": revoke, "sweep": sweep, "load": run_random_load}


def main() -> None:
    for line in sys.stdin:
        answers = [ACTS[each.pop("act")](**each) for each in json.loads(line)]
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
