"""When a session is over. Everything that judges, lists or counts sessions is put together from these."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, DateTimeField, F, Func, IntegerField, Q, UUIDField, Value, When
from django.db.models.functions import Coalesce, Greatest, Least, Now

from accounts.models import Role
from accounts.models.users import is_admin
from core.records import is_up
from tenancy.models import platform, tenant_is_up

CLOCKS_APART = timedelta(minutes=5)


def floor(administers: Q, *more: Any) -> Greatest:
    """The lowest revision that is still good enough for everything above a row that has a tenant."""
    return Greatest(
        platform("min_revision"),
        Case(When(administers, then=platform("admin_min_revision")), default=Value(0)),
        Coalesce(F("tenant__partner__min_revision"), 0),
        F("tenant__min_revision"),
        *more,
    )


def signed_in_to_administer() -> Q:
    return ~Q(role=Role.USER)


def an_administrators() -> Q:
    """Of somebody who administers, or did when they signed in: losing the role revives nothing."""
    return is_admin("user__") | signed_in_to_administer()


def stands_for_its_application(revision: str) -> Q:
    return Q(application=None) | Q(application__min_revision__lte=F(revision))


def all_up() -> Q:
    """Whoever and whatever a session hangs on is active. What an application belongs to is the user's own tenant or
    partner, or the platform: judged already."""
    return is_up("user__") & tenant_is_up("tenant__") & (Q(application=None) | is_up("application__"))


def allowed_lifetime(by_policy: Any, administers: Q) -> Least:
    """In seconds: what the policies allow, and for whoever administers no more than the installation's own limit."""
    of_administrators = Case(When(administers, then=Value(settings.ADMIN_SESSION_LIFETIME)))
    return Least(by_policy, of_administrators, output_field=IntegerField())  # LEAST passes over nulls


def lapsed(at: Any = None) -> Q:
    """By the clock, now or at a moment: past its end, or idle for longer than it may."""
    moment = Now() if at is None else Value(at)
    return Q(expires_at__lte=moment) | Q(last_activity_at__lte=moment - F("idle_limit"))


def lapses_at(seen_at: Any = None) -> Least:
    return Least(F("expires_at"), (seen_at or F("last_activity_at")) + F("idle_limit"))


def due_after_a_touch() -> Case:
    """`due_at`, put off only when that gains a tenth of the idle limit: an index holds it, and touches are many."""
    later = Least(F("expires_at"), Now() + F("idle_limit"))
    return Case(When(due_at__lt=later - F("idle_limit") / 10, then=later), default=F("due_at"))


class FirstIdAt(Func):
    """The lowest UUIDv7 that can have been made at a moment."""

    template = "(lpad(to_hex((extract(epoch FROM %(expressions)s) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid"
    output_field = UUIDField()


def moved() -> Q:
    """Seen since at another address than it was opened from. Few are: an index of their own finds them."""
    return Q(last_ip_address__isnull=False) & ~Q(last_ip_address=F("ip_address"))


def first_id_since(moment: Any) -> FirstIdAt:
    """Nothing of a session's life comes before its id, but for what two clocks may differ by."""
    since = Coalesce(moment, Value("1970-01-02T00:00:00+00:00", output_field=DateTimeField())) - CLOCKS_APART
    return FirstIdAt(since, output_field=UUIDField())


def first_id_after(moment: Any) -> FirstIdAt:
    """Whatever ended by that moment had come before this id, also by a clock that is ahead."""
    return FirstIdAt(moment + CLOCKS_APART, output_field=UUIDField())
