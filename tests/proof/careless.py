"""The product with the usual mistakes made in it on purpose: what finds nothing wrong here would find nothing anywhere.

Served instead of config.wsgi:application; each patch is one mistake, and the test that must catch it is beside it.
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
from tests.proof.mistakes import mistaken  # noqa: E402

PAUSE = 0.05  # seconds between looking and acting: as long as a busy machine may well take
_remembered: dict[str, Any] = {}
_principal_of = authentication.principal_of


def remembering(credential: str, origin: Any) -> Any:
    """A positive cache in front of the session check: test_revoked_is_refused."""
    if credential not in _remembered:
        _remembered[credential] = _principal_of(credential, origin)
    return _remembered[credential]


def looked_up(token: RefreshToken) -> tuple[Session | None, list[bytes]]:
    """The row without its lock: test_refresh_races."""
    live = SessionState.objects.live().filter(pk=token.session_id)
    return Session.objects.filter(pk__in=live.values("pk")).first(), []


def rotated(session: Session, token: RefreshToken, *_: Any) -> RefreshToken | None:
    """A successor out of thin air, and the whole row saved over whatever happened to it since: test_refresh_races."""
    if token.digest != bytes(session.refresh_digest or b""):
        return None
    time.sleep(PAUSE)
    successor = RefreshToken.new(session.pk)
    session.refresh_digest = successor.digest
    session.save()
    return successor


def look_first(email: str, *_: Any) -> throttle.Charge:
    """Reading how many failures there were, then adding one to it: test_one_time_and_limits."""
    account = throttle._bucket("account", email)
    row, _ = SignInThrottle.objects.get_or_create(pk=account.key)
    if row.failures >= account.limit:
        raise throttle.Throttled(60)
    time.sleep(PAUSE)
    SignInThrottle.objects.filter(pk=row.pk).update(failures=row.failures + 1)
    return throttle.Charge(account=account, address=None, pair=None)


def read_then_used(user: Any, totp_code: str | None, recovery_code: str | None) -> bool:
    """Whether the code is still unused, and only then away with it: test_one_time_and_limits."""
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


def by_counting(self: Position, rows: Any, _: int) -> Any:
    """A cursor that is a page's number in disguise: test_lists_under_way."""
    return rows.order_by(*self.order.by).values("pk")[self.seen : self.seen + self.per_page + 1]


def room_without_a_lock(circumstances: sign_ins.Circumstances, user: Any, actor: Any) -> None:
    """How many there are was read a while ago, and nobody was kept from adding to them: test_limits_at_once."""
    time.sleep(PAUSE)
    make_room(circumstances, user, actor)


make_room = sign_ins._make_room
for module, name, mistake in [
    (Position, "ids", by_counting),
    (sign_ins, "_make_room", room_without_a_lock),
    (authentication, "principal_of", remembering),
    (token_refresh, "_live_and_locked", looked_up),
    (token_refresh, "_rotate", rotated),
    (throttle, "charge", look_first),
]:
    patch.object(module, name, mistake).start()
patch("accounts.operations.sign_in.second_factor_holds", read_then_used).start()
for_good = [
    mistaken(sign_ins.open, "User.objects.filter(pk=user.pk).update(last_login_at=Now())", "None"),
    # Looking whether it is a ring while somebody else closes it: test_nesting_races.
    mistaken(groups.nest, "lock(parent, actor=actor)", "None"),
]
for each in for_good:
    each.__enter__()
