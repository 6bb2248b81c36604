"""The filters and orderings of v1's lists of sessions and revocations."""

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
from sessions_app.models import RevocationScope, SessionApplication, SessionStateQuerySet, State

SEARCHED = ("user_agent", "browser", "os")
SEARCHED_OF_USER = ("email", "display_name", "first_name", "last_name")
_USERS_OF = {"tenant_id": "tenant", "partner_id": "tenant__partner", "user_id": "pk"}


class SessionStatus(TextChoices):
    """The status of a session, as v1's responses and filters name it."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


SESSION_STATUSES = {
    State.LIVE: SessionStatus.ACTIVE,
    State.EXPIRED: SessionStatus.EXPIRED,
    State.REVOKED: SessionStatus.REVOKED,
}
STATES = {status: state for state, status in SESSION_STATUSES.items()}


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
        SessionStatus,
        method="in_any_state",
        label="Only sessions with this status. `active_only=true` equals `status=active`.",
    )
    active_only = BooleanFilter(
        default=True,
        method="in_any_state",
        label="Only active sessions, whose next request is accepted. The default, unless `status` is given.",
    )

    owner_ids: dict[str, UUID | None] = {}  # the tenant, partner or user that owns all the rows, if there is one

    @classmethod
    def applied(
        cls, rows: SessionStateQuerySet, form: Iterable[tuple[str, Any]], **owner_ids: UUID | None
    ) -> SessionStateQuerySet:
        """Filter rows by values that have been validated before, or by placeholders for them."""
        filters = cls({}, queryset=rows)
        filters.owner_ids = owner_ids
        filters.form.cleaned_data |= dict(form)
        return filters.filter_queryset(rows)

    def filter_queryset(self, queryset: SessionStateQuerySet) -> SessionStateQuerySet:
        owner_ids = self.all_owner_ids
        user_id = owner_ids.pop("user_id", None) or self.form.cleaned_data.get("user_id")
        if user_id and self.states == {State.LIVE}:
            return super().filter_queryset(queryset.live())  # few enough to check each one
        tenant_id = owner_ids.get("tenant_id") if self.is_plain else None  # otherwise the plan reads many rows at once
        for state in self.states:
            queryset = queryset.in_state(state, tenant_id=tenant_id)
        if State.LIVE in self.states:
            queryset = queryset.opened_since_last_scope_revocation(**owner_ids)
        return super().filter_queryset(queryset)

    @property
    def all_owner_ids(self) -> dict[str, UUID | None]:
        return {**self.owner_ids, **self.filtered_owner_ids}

    @property
    def filtered_owner_ids(self) -> dict[str, UUID]:
        values = self.form.cleaned_data
        return {name: values[name] for name in ("tenant_id", "partner_id") if values.get(name)}

    @property
    def states(self) -> set[State]:
        """The states that a session must all be in. By default, it must be live."""
        status, active_only = (self.form.cleaned_data[name] for name in ("status", "active_only"))
        states = {STATES[status]} if status else set()
        return states | {State.LIVE} if active_only or (active_only is None and not status) else states

    @property
    def is_plain(self) -> bool:
        """Whether all live sessions of a tenant, a partner or everybody are listed, whose number the counters hold."""
        names = {name for name, value in self.form.cleaned_data.items() if value not in (None, "")}
        owners = names - {"status", "active_only"}
        return self.states == {State.LIVE} and (not owners or owners in ({"tenant_id"}, {"partner_id"}))

    def in_any_state(self, rows: SessionStateQuerySet, name: str, value: Any) -> SessionStateQuerySet:
        return rows  # `status` and `active_only` are applied together, by `states`

    def for_application(self, rows: SessionStateQuerySet, name: str, value: Any) -> SessionStateQuerySet:
        uses = SessionApplication.objects.filter(application=value).values("session")
        return rows.filter(Q(application=value) | Q(pk__in=uses))

    def on_device(self, rows: SessionStateQuerySet, name: str, value: str) -> SessionStateQuerySet:
        return rows.filter(device_type__in=devices.recorded_as(value))

    def mentioning(self, rows: SessionStateQuerySet, name: str, value: str) -> SessionStateQuerySet:
        """Search sessions and users separately, so that each user is read once and not once per session."""
        users = User.objects.filter(**{_USERS_OF[name]: pk for name, pk in self.all_owner_ids.items() if pk})
        of_users = Q(user__in=users.filter(_any_contains(SEARCHED_OF_USER, value)).values("pk"))
        return rows.filter(Q(ip_address__startswith=value) | _any_contains(SEARCHED, value) | of_users)


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


class WireScope(TextChoices):
    """The scope of a revocation, as v1's responses and filters name it."""

    ADMINS = "admins"
    AGENT = "agent"  # in the contract, but never used: agents have no sessions
    APPLICATION = "application"
    FILTER = "filter"
    PARTNER = "partner"
    PLATFORM = "platform"
    SESSION = "session"
    TENANT = "tenant"
    USER = "user"

    @property
    def stored(self) -> str:
        return RevocationScope.SELECTION if self is WireScope.FILTER else self.value

    @classmethod
    def of(cls, scope: RevocationScope) -> "WireScope":
        return cls.FILTER if scope is RevocationScope.SELECTION else cls(scope)


class RevocationFilters(FilterSet):
    scope = ChoiceFilter(WireScope, method="of_scope", label="Only revocations of this scope.")
    tenant_id = IdFilter(Prefix.TENANT, "tenant_id", label="Only revocations that concern this tenant.")
    partner_id = IdFilter(Prefix.PARTNER, "partner_id", label="Only revocations that concern this partner.")
    created_after = DateTimeFilter("created_at", "gte", label="Revocations at or after this time.")
    created_before = DateTimeFilter("created_at", "lt", label="Revocations before this time (exclusive).")

    def of_scope(self, rows: Any, name: str, value: WireScope) -> Any:
        return rows.filter(reach=value.stored)
