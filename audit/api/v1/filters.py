"""Filters of the audit log."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from audit.actions import Action, ResourceType, Result
from core.api.filters import ChoiceFilter, DateTimeFilter, FilterSet, IdFilter, NetworkFilter, TextFilter
from core.ids import Prefix, first_at

MAX_CLOCK_SKEW = 60_000  # milliseconds, far more than between an entry's time and its id


class EntryFilters(FilterSet):
    tenant_id = IdFilter(Prefix.TENANT, "tenant_id", label="Only entries that concern this tenant.")
    partner_id = IdFilter(Prefix.PARTNER, "partner_id", label="Only entries that concern this partner.")
    actor_id = TextFilter(
        "actor_id",
        max_length=128,
        label="Only entries of this actor: a user's ID, a client ID or the name of a command.",
    )
    actor_email = TextFilter(
        method="by_email", max_length=320, label="Only entries of the actor who had this e-mail address at that time."
    )
    action = ChoiceFilter(Action, "action", label="Only this action, such as `session.revoked`.")
    resource_type = ChoiceFilter(ResourceType, "resource_type", label="Only entries about this kind of resource.")
    resource_id = TextFilter("resource_id", max_length=128, label="Only entries about the resource with this ID.")
    result = ChoiceFilter(Result, "result", label="Only entries with this result.")
    ip_address = NetworkFilter(
        "ip_address", label="Only entries from this IP address or network, such as 192.0.2.0/24."
    )
    start_time = DateTimeFilter(method="since", label="Entries at or after this time.")
    end_time = DateTimeFilter(method="before", label="Entries before this time (exclusive).")

    def by_email(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(labelled(value))

    def since(self, rows: Any, name: str, value: datetime) -> Any:
        return rows.filter(created_at__gte=value, pk__gte=first_at(_milliseconds(value) - MAX_CLOCK_SKEW))

    def before(self, rows: Any, name: str, value: datetime) -> Any:
        return rows.filter(created_at__lt=value, pk__lt=first_at(_milliseconds(value) + MAX_CLOCK_SKEW))

    @property
    def is_plain(self) -> bool:
        """Return whether no filter is set."""
        return all(value in (None, "") for value in self.form.cleaned_data.values())


def labelled(text: str) -> Q:
    """Match entries by their actor's label. E-mail addresses are stored in lower case, other labels unchanged."""
    return Q(actor_label__in=[text, text.lower()])


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
