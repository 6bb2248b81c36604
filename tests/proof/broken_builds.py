"""The product with common mistakes planted on purpose: a proof that passes here would prove nothing.
// Served instead of config.wsgi:application. Each docstring names the test that must catch the mistake.
"""

import os
import time
from typing import Any
from unittest.mock import patch

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from accounts.models import RecoveryCode, SignInThrottle, TotpDevice  # noqa: E402 - the apps must be ready
from accounts.operations import groups, second_factor, throttle  # noqa: E402
from core.crypto import digest  # noqa: E402
from core.cursors import Position  # noqa: E402
from sessions_app.api import authentication  # noqa: E402
from sessions_app.models import Session, SessionState  # noqa: E402
from sessions_app.operations import sign_ins, token_refresh  # noqa: E402
from sessions_app.refresh_tokens import RefreshToken  # noqa: E402
from tests.proof.mutations import mutated  # noqa: E402

PAUSE = 0.05  # seconds between the check and the act, as on a busy machine
_remembered: dict[authentication.Credential, Any] = {}
_holder_of = authentication.holder_of


def cached_principal(credential: authentication.Credential, origin: Any) -> Any:
    """Cache accepted credentials in front of the session check: test_revoked_session."""
    if credential not in _remembered:
        _remembered[credential] = _holder_of(credential, origin)
    return _remembered[credential]


def read_without_lock(token: RefreshToken) -> tuple[Session | None, list[bytes]]:
    """Read the row without its lock: test_refresh_races."""
    live = SessionState.objects.live().filter(pk=token.session_id)
    return Session.objects.filter(pk__in=live.values("pk")).first(), []


def rotate_without_check(session: Session, token: RefreshToken, *_: Any) -> RefreshToken | None:
    """Derive no successor, and save the whole row over concurrent changes: test_refresh_races."""
    if token.digest != bytes(session.refresh_digest or b""):
        return None
    time.sleep(PAUSE)
    successor = RefreshToken.new(session.pk)
    session.refresh_digest = successor.digest
    session.save()
    return successor


def read_then_charge(email: str, *_: Any) -> throttle.Charge:
    """Read the number of failures, and add one later: test_code_and_password_races."""
    account = throttle._bucket("account", email)
    row, _ = SignInThrottle.objects.get_or_create(pk=account.key)
    if row.failures >= account.limit:
        raise throttle.Throttled(60)
    time.sleep(PAUSE)
    SignInThrottle.objects.filter(pk=row.pk).update(failures=row.failures + 1)
    return throttle.Charge(account=account, address=None, pair=None)


def check_then_use(user: Any, totp_code: str | None, recovery_code: str | None) -> bool:
    """Check that the code is unused, and delete it later: test_code_and_password_races."""
    if totp_code:
        step = int(time.time()) // second_factor.STEP_SECONDS
        unused = TotpDevice.objects.filter(user=user, last_step__lte=step).exists()
        time.sleep(PAUSE)
        TotpDevice.objects.filter(user=user).update(last_step=step + 1)
        return unused
    code = RecoveryCode.objects.filter(user=user, digest=digest(second_factor.bare(recovery_code or "")))
    unused = code.exists()
    time.sleep(PAUSE)
    code.delete()
    return unused


def page_by_offset(self: Position, rows: Any, _: int) -> Any:
    """Page by offset behind a cursor: test_cursor_walks."""
    return rows.order_by(*self.order.ordering).values("pk")[self.seen : self.seen + self.per_page + 1]


def make_room_without_lock(context: sign_ins.SignInContext, user: Any, actor: Any) -> None:
    """Count sessions without a lock before opening one: test_session_limit_races."""
    time.sleep(PAUSE)
    enforce_session_limit(context, user, actor)


enforce_session_limit = sign_ins._enforce_session_limit
for module, name, replacement in [
    (Position, "ids", page_by_offset),
    (sign_ins, "_enforce_session_limit", make_room_without_lock),
    (authentication, "holder_of", cached_principal),
    (token_refresh, "_lock_live_session", read_without_lock),
    (token_refresh, "_rotate", rotate_without_check),
    (throttle, "charge", read_then_charge),
]:
    patch.object(module, name, replacement).start()
patch("accounts.operations.sign_in.verify_second_factor", check_then_use).start()
permanent = [
    mutated(sign_ins.open, "User.objects.filter(pk=user.pk).update(last_login_at=Now())", "None"),
    # Check for a cycle without a lock: test_nesting_races.
    mutated(groups.nest, "lock(parent, actor=actor)", "None"),
]
for each in permanent:
    each.__enter__()
