"""What the record can be asked for."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django_filters import FilterSet

from audit.actions import Action, ResourceType, Result
from core.filters import HandleFilter, MomentFilter, NetworkFilter, TextFilter, WordFilter
from core.ids import Prefix, first_at
from core.paging import Listing

A_MINUTE = 60_000  # milliseconds: far more than may lie between an entry's time and its id


class EntryFilters(FilterSet):
    tenant_id = HandleFilter(Prefix.TENANT, "tenant_id", label="About something of this tenant's.")
    partner_id = HandleFilter(Prefix.PARTNER, "partner_id", label="About something of this partner's.")
    actor_id = TextFilter("actor_id", max_length=128, label="By this user, agent or client, or by this command.")
    actor_email = TextFilter(method="by_email", max_length=320, label="By whoever had this e-mail.")
    action = WordFilter(Action, "action", label="Of this kind.")
    resource_type = WordFilter(ResourceType, "resource_type", label="On a thing of this kind.")
    resource_id = TextFilter("resource_id", max_length=128, label="On this very thing.")
    result = WordFilter(Result, "result", label="With this result.")
    ip_address = NetworkFilter("ip_address", label="From an address, or from a network such as 192.0.2.0/24.")
    start_time = MomentFilter(method="since", label="At this time or later.")
    end_time = MomentFilter(method="before", label="Earlier than this.")

    def by_email(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(labelled(value))

    def since(self, rows: Any, name: str, value: datetime) -> Any:
        return rows.filter(created_at__gte=value, pk__gte=first_at(_milliseconds(value) - A_MINUTE))

    def before(self, rows: Any, name: str, value: datetime) -> Any:
        return rows.filter(created_at__lt=value, pk__lt=first_at(_milliseconds(value) + A_MINUTE))

    @property
    def is_plain(self) -> bool:
        """Nothing is asked but for all there is."""
        return all(value in (None, "") for value in self.form.cleaned_data.values())


def labelled(text: str) -> Q:
    """By whoever is called so. People's addresses are kept in small letters; other labels, as they were."""
    return Q(actor_label__in=[text, text.lower()])


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


ENTRIES = Listing(EntryFilters)
