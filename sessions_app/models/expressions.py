"""SQL expressions over the columns of a session. Whether it is live is decided by the view `session_state`."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import BigIntegerField, Case, DateTimeField, F, Func, IntegerField, Q, UUIDField, Value, When
from django.db.models.functions import Coalesce, Least, Now

from accounts.models import Role

CLOCK_SKEW = timedelta(minutes=5)


class RequiredRevision(Func):
    """The lowest revision that is still valid. Arguments: whether the session is an administrator's, and the floors."""

    function = "required_revision"
    output_field = BigIntegerField()


class TimesOutAt(Func):
    """When a session times out. Arguments: its absolute end, its last activity and its idle limit."""

    function = "times_out_at"
    output_field = DateTimeField()


def times_out_at(seen_at: Any = None) -> TimesOutAt:
    return TimesOutAt("expires_at", seen_at or F("last_activity_at"), "idle_limit")


def next_due_at() -> Case:
    """`due_at` after a touch. It moves only if it gains a tenth of the idle limit, to spare its index most touches."""
    later = times_out_at(seen_at=Now())
    return Case(When(due_at__lt=later - F("idle_limit") / 10, then=later), default=F("due_at"))


def allowed_lifetime(by_policy: Any, administers: Q, of_administrators: int | None = None) -> Least:
    """The allowed lifetime in seconds: the policies' limit, and for administrators the installation's own as well."""
    limit = settings.ADMIN_SESSION_LIFETIME if of_administrators is None else of_administrators
    return Least(
        by_policy, Case(When(administers, then=Value(limit))), output_field=IntegerField()
    )  # LEAST passes over nulls


def opened_as_admin() -> Q:
    return ~Q(role=Role.USER)


def address_changed() -> Q:
    """Whether a session was last used from another address than it was opened from. A partial index holds these."""
    return Q(last_ip_address__isnull=False) & ~Q(last_ip_address=F("ip_address"))


class FirstIdAt(Func):
    """The lowest possible UUIDv7 of a moment."""

    template = "(lpad(to_hex((extract(epoch FROM %(expressions)s) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid"
    output_field = UUIDField()


def min_id_at(moment: Any) -> FirstIdAt:
    """The lowest id of a session opened at a moment or later. The margin allows for clocks that differ."""
    since = Coalesce(moment, Value("1970-01-02T00:00:00+00:00", output_field=DateTimeField())) - CLOCK_SKEW
    return FirstIdAt(since, output_field=UUIDField())


def max_id_at(moment: Any) -> FirstIdAt:
    """An id above that of every session opened by a moment. The margin allows for clocks that differ."""
    return FirstIdAt(moment + CLOCK_SKEW, output_field=UUIDField())
