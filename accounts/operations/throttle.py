"""Throttling of password guesses that nobody can use to lock an account out.

Every attempt is charged before it is verified, so fifty concurrent ones count as well. Attempts from an address that
the account has signed in from are charged to a bucket of that pair alone, which no failure from elsewhere reaches.
"""

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import SignInThrottle
from audit.actions import Action
from audit.operations import record
from core.access import Principal
from core.crypto import digest

# A charge on a blocked bucket changes no row and returns none. Waits double from the first one up to the longest, and
# start small again once a window has passed since the last of them ended.
_CHARGE = """
INSERT INTO accounts_signinthrottle AS bucket (key, failures, window_began_at) VALUES (%(key)s, 1, now())
ON CONFLICT (key) DO UPDATE SET
  failures = CASE WHEN {still_counts} THEN bucket.failures + 1 ELSE 1 END,
  window_began_at = CASE WHEN {still_counts} THEN bucket.window_began_at ELSE now() END,
  blocked_until = CASE
    WHEN {still_counts} AND bucket.failures + 1 >= %(limit)s
    THEN now() + interval '1 second' * least(%(longest)s, %(first)s * 2 ^ least(bucket.failures + 1 - %(limit)s, 20))
  END
WHERE bucket.blocked_until IS NULL OR bucket.blocked_until <= now()
RETURNING failures
""".format(still_counts="greatest(bucket.window_began_at, bucket.blocked_until) > now() - %(window)s")
_WAIT = "SELECT extract(epoch FROM blocked_until - now()) FROM accounts_signinthrottle WHERE key = %s"
# Only an open bucket is charged: if it is blocked now, then by the charge that is refunded.
_REFUND = """
UPDATE accounts_signinthrottle SET failures = greatest(failures - 1, 0), blocked_until = NULL WHERE key = %(key)s
"""
_KNOW = """
INSERT INTO accounts_signinthrottle (key, failures, known_at) VALUES (%(key)s, 0, now())
ON CONFLICT (key) DO UPDATE SET failures = 0, blocked_until = NULL, known_at = now()
"""
_FAMILY = 16  # bytes; half a key


class Throttled(Exception):
    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many failed sign-ins; try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Bucket:
    key: bytes
    limit: int

    def refund(self) -> None:
        _run(_REFUND, key=self.key)


@dataclass(frozen=True, slots=True)
class Charge:
    """The buckets that an attempt was charged to. They are refunded if it was no failure."""

    account: Bucket
    address: Bucket | None
    pair: Bucket | None

    def refund(self) -> None:
        """Refund an attempt that neither failed nor succeeded."""
        for bucket in filter(None, (self.account, self.address)):
            bucket.refund()

    def clear(self) -> None:
        """Refund an attempt that succeeded: the account knows its address from now on.

        Other failures stay counted. Otherwise the owner of the same e-mail address in another tenant could clear them.
        """
        self.refund()
        if self.pair:
            _run(_KNOW, key=self.pair.key)


@transaction.atomic
def charge(email: str, address: str | None, user_id: UUID | None) -> Charge:
    """Count one attempt, or raise Throttled without counting it."""
    account = _bucket("account", email)
    pair = (
        _pair_bucket(account, f"{user_id} {_network(address)}") if address else None
    )  # for unknown accounts too, so that the time tells nothing
    if pair and SignInThrottle.objects.filter(pk=pair.key, known_at__isnull=False).exists():
        _charge(pair)
        return Charge(account=pair, address=None, pair=pair)
    whole_address = charge_address(address)
    _charge(account)
    return Charge(account=account, address=whole_address, pair=pair)


def charge_address(address: str | None) -> Bucket | None:
    """Count one attempt against its address alone, so that nobody can block its target."""
    if address is None:
        return None
    bucket = _bucket("address", _network(address), settings.SIGN_IN_FAILURES_PER_ADDRESS)
    _charge(bucket)
    return bucket


def unlock(email: str, *, actor: Principal) -> None:
    """Clear the failures of an account, including those from addresses that it knows."""
    family = _bucket("account", email).key[:_FAMILY]
    buckets = SignInThrottle.objects.filter(key__range=(family, family + b"\xff" * _FAMILY))
    buckets.update(failures=0, blocked_until=None)
    record(Action.SIGN_IN_UNLOCKED, actor=actor, changes={"email": email})


def purge() -> int:
    """Delete buckets that no longer delay anybody, and known addresses that have not been used for a year."""
    window_start = Now() - timedelta(seconds=max(settings.SIGN_IN_WINDOW, settings.PANEL_RATE_WINDOW))
    quiet = Q(window_began_at=None) | Q(window_began_at__lt=window_start)
    unknown = Q(known_at=None) | Q(known_at__lt=Now() - timedelta(days=365))
    waiting = Q(blocked_until__gt=window_start)
    stale = SignInThrottle.objects.filter(quiet, unknown).exclude(waiting).select_for_update(skip_locked=True)
    deleted, _ = SignInThrottle.objects.filter(pk__in=stale.values("pk")).delete()
    return deleted


def _bucket(kind: str, name: str, limit: int | None = None) -> Bucket:
    return Bucket(digest(f"{kind}:{name}"), limit or settings.SIGN_IN_FAILURES_PER_ACCOUNT)


def _pair_bucket(account: Bucket, name: str) -> Bucket:
    """Return a bucket of an account and an address. Its key begins like the account's, so that `unlock` finds it."""
    return Bucket(account.key[:_FAMILY] + digest(f"pair:{name}")[:_FAMILY], account.limit)


def _charge(bucket: Bucket) -> None:
    parameters: dict[str, Any] = {
        "key": bucket.key,
        "limit": bucket.limit,
        "window": timedelta(seconds=settings.SIGN_IN_WINDOW),
        "first": settings.SIGN_IN_FIRST_WAIT,
        "longest": settings.SIGN_IN_LONGEST_WAIT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CHARGE, parameters)
        if cursor.fetchone() is None:
            cursor.execute(_WAIT, [bucket.key])
            wait = (cursor.fetchone() or [None])[0]
            raise Throttled(max(1, math.ceil(wait or 1)))


def _run(sql: str, **parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def _network(address: str | None) -> str:
    """Return the address, or for IPv6 its /64, which belongs to one customer as a whole."""
    if address is None:
        return ""
    parsed = ipaddress.ip_address(address)
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
