"""What v1's lists of sessions and of revocations can be asked for."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q, TextChoices

from accounts.models import User
from core.api.filters import (
    IN_TIME,
    BooleanFilter,
    ChoiceFilter,
    DateTimeFilter,
    FilterSet,
    IdFilter,
    NetworkFilter,
    TextFilter,
)
from core.ids import Prefix
from sessions_app import devices
from sessions_app.models import Reach, SessionApplication, SessionStateQuerySet, State

SEARCHED = ("user_agent", "browser", "os")
SEARCHED_OF_USER = ("email", "display_name", "first_name", "last_name")
_USERS_OF = {"tenant_id": "tenant", "partner_id": "tenant__partner", "user_id": "pk"}


class Standing(TextChoices):
    """What became of a session, in v1's words."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


STANDINGS = {State.LIVE: Standing.ACTIVE, State.EXPIRED: Standing.EXPIRED, State.REVOKED: Standing.REVOKED}
STATES = {standing: state for state, standing in STANDINGS.items()}


class UserSessionFilters(FilterSet):
    ordering_fields = {**IN_TIME, "last_activity_at": ("last_activity_at", "id")}

    application_id = IdFilter(
        Prefix.APPLICATION,
        method="for_application",
        label="Only sessions that were started for this application or used it.",
    )
    search = TextFilter(
        method="mentioning",
        label="Text that is part of the e-mail address, name, user agent, browser or operating system, or the "
        "beginning of the IP address.",
    )
    ip_address = NetworkFilter(
        "ip_address", label="Only sessions from this IP address or network, such as 192.0.2.0/24."
    )
    device_type = ChoiceFilter(
        devices.DeviceType, method="on_device", label="Only sessions on this kind of device, judged by the user agent."
    )
    created_after = DateTimeFilter("created_at", "gte", label="Sessions that started at or after this time.")
    created_before = DateTimeFilter("created_at", "lt", label="Sessions that started before this time (exclusive).")
    last_activity_after = DateTimeFilter("last_activity_at", "gte", label="Sessions last used at or after this time.")
    last_activity_before = DateTimeFilter(
        "last_activity_at", "lt", label="Sessions last used before this time (exclusive)."
    )
    status = ChoiceFilter(
        Standing,
        method="in_any_state",
        label="Only sessions with this status. `active_only=true` equals `status=active`.",
    )
    active_only = BooleanFilter(
        default=True,
        method="in_any_state",
        label="Only active sessions, whose next request is accepted. The default, unless `status` is given.",
    )

    ground: dict[str, UUID | None] = {}  # the tenant, partner or user that all the rows are of, if there is one

    @classmethod
    def applied(
        cls, rows: SessionStateQuerySet, form: Iterable[tuple[str, Any]], **ground: UUID | None
    ) -> SessionStateQuerySet:
        """The rows that fit values which have been read from a query before, or stand-ins for them."""
        filters = cls({}, queryset=rows)
        filters.ground = ground
        filters.form.cleaned_data |= dict(form)
        return filters.filter_queryset(rows)

    def filter_queryset(self, queryset: SessionStateQuerySet) -> SessionStateQuerySet:
        place = self.whole_place
        user_id = place.pop("user_id", None) or self.form.cleaned_data.get("user_id")
        if user_id and self.states == {State.LIVE}:
            return super().filter_queryset(queryset.live())  # few enough to look at each
        tenant_id = place.get("tenant_id") if self.is_plain else None  # else, its rows are read by many at once
        for state in self.states:
            queryset = queryset.in_state(state, tenant_id=tenant_id)
        if State.LIVE in self.states:
            queryset = queryset.opened_since_last_scope_revocation(**place)
        return super().filter_queryset(queryset)

    @property
    def whole_place(self) -> dict[str, UUID | None]:
        return {**self.ground, **self.place}

    @property
    def place(self) -> dict[str, UUID]:
        said = self.form.cleaned_data
        return {name: said[name] for name in ("tenant_id", "partner_id") if said.get(name)}

    @property
    def states(self) -> set[State]:
        """Those it must be in, all of them: nobody says so, and it must be live."""
        status, active_only = (self.form.cleaned_data[name] for name in ("status", "active_only"))
        asked = {STATES[status]} if status else set()
        return asked | {State.LIVE} if active_only or (active_only is None and not status) else asked

    @property
    def is_plain(self) -> bool:
        """All the live ones of a tenant, of a partner, or of everybody: those are counted as they come and go."""
        said = {name for name, value in self.form.cleaned_data.items() if value not in (None, "")}
        of_what = said - {"status", "active_only"}
        return self.states == {State.LIVE} and (not of_what or of_what in ({"tenant_id"}, {"partner_id"}))

    def in_any_state(self, rows: SessionStateQuerySet, name: str, value: Any) -> SessionStateQuerySet:
        return rows  # the two words are one question, and `states` has the answer

    def for_application(self, rows: SessionStateQuerySet, name: str, value: Any) -> SessionStateQuerySet:
        reached = SessionApplication.objects.filter(application=value).values("session")
        return rows.filter(Q(application=value) | Q(pk__in=reached))

    def on_device(self, rows: SessionStateQuerySet, name: str, value: str) -> SessionStateQuerySet:
        return rows.filter(device_type__in=devices.recorded_as(value))

    def mentioning(self, rows: SessionStateQuerySet, name: str, value: str) -> SessionStateQuerySet:
        """Each user is looked at once, and not once for each of their sessions."""
        users = User.objects.filter(**{_USERS_OF[name]: pk for name, pk in self.whole_place.items() if pk})
        theirs = Q(user__in=users.filter(_any_contains(SEARCHED_OF_USER, value)).values("pk"))
        return rows.filter(Q(ip_address__startswith=value) | _any_contains(SEARCHED, value) | theirs)


def _any_contains(columns: Iterable[str], text: str) -> Q:
    return reduce(or_, (Q(**{f"{column}__icontains": text}) for column in columns))


class TenantSessionFilters(UserSessionFilters):
    user_id = IdFilter(Prefix.USER, "user", label="Only sessions of this user.")


class SessionFilters(TenantSessionFilters):
    tenant_id = IdFilter(Prefix.TENANT, "tenant", label="Only sessions of this tenant's users.")
    partner_id = IdFilter(
        Prefix.PARTNER, "partner", label="Only sessions of this partner's staff and of its tenants' users."
    )


class StatisticsFilters(FilterSet):
    ordering_fields = {}

    tenant_id = IdFilter(Prefix.TENANT, "tenant", label="Count only this tenant.")
    partner_id = IdFilter(Prefix.PARTNER, "partner", label="Count only this partner and its tenants.")


class RevocationScope(TextChoices):
    """How much a revocation ended, in v1's words."""

    ADMINS = "admins"
    AGENT = "agent"  # of the contract's words: agents have no sessions, so no revocation is of one
    APPLICATION = "application"
    FILTER = "filter"
    PARTNER = "partner"
    PLATFORM = "platform"
    SESSION = "session"
    TENANT = "tenant"
    USER = "user"

    @property
    def reach(self) -> str:
        return Reach.SELECTION if self is RevocationScope.FILTER else self.value

    @classmethod
    def of(cls, reach: Reach) -> "RevocationScope":
        return cls.FILTER if reach is Reach.SELECTION else cls(reach)


class RevocationFilters(FilterSet):
    scope = ChoiceFilter(RevocationScope, method="of_scope", label="Only revocations of this scope.")
    tenant_id = IdFilter(Prefix.TENANT, "tenant_id", label="Only revocations that concern this tenant.")
    partner_id = IdFilter(Prefix.PARTNER, "partner_id", label="Only revocations that concern this partner.")
    created_after = DateTimeFilter("created_at", "gte", label="Revocations at or after this time.")
    created_before = DateTimeFilter("created_at", "lt", label="Revocations before this time (exclusive).")

    def of_scope(self, rows: Any, name: str, value: RevocationScope) -> Any:
        return rows.filter(reach=value.reach)
