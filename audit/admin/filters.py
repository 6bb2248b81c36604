"""The filter form of the audit log: v1's filters under an operator's names."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from audit.actions import Action, Result
from audit.api.v1.filters import EntryFilters, labelled
from audit.models import AuditEntry
from core.ids import Prefix, decode_id

MAX_LENGTH = 320
TEXTS = {
    "actor": ("Actor", "e-mail or usr_…"),
    "resource": ("Target", "usr_…, tnt_…, app_…"),
    "tenant": ("Tenant", "tnt_…"),
}
DAYS = {"since": "From (UTC)", "until": "To (UTC)"}
CHOICES: dict[str, tuple[str, Any]] = {"action": ("Action", Action), "result": ("Result", Result)}
SEARCH = "q"
NAMES = (*TEXTS, *CHOICES, *DAYS, SEARCH)


class AuditFilterForm:
    """`indexed` applies the filters that have an index, and `matching` the others. With an `error`, nothing matches."""

    def __init__(self, data: QueryDict) -> None:
        values = {name: data.get(name, "").replace("\0", "").strip()[:MAX_LENGTH] for name in NAMES}
        self.values = {name: text for name, text in values.items() if text}
        self.error = ""
        self._indexed = self._terms()
        self._unindexed = {name: self.values[name] for name in CHOICES if name in self.values}
        for terms in (self._indexed, self._unindexed):
            errors = EntryFilters(terms, queryset=AuditEntry.objects.none()).form.errors
            self.error = self.error or next((f"{name}: {' '.join(map(str, errors[name]))}." for name in errors), "")

    def indexed(self, rows: Any) -> Any:
        # A search matches whole values only, which have an index: the log is too long to scan for parts of them.
        if self.error:
            return rows.none()
        text = self.values.get(SEARCH, "")
        exact = labelled(text) | Q(actor_id=text) | Q(resource_id=text) | Q(action=text)
        return EntryFilters(self._indexed, queryset=rows.filter(exact) if text else rows).qs

    def matching(self, rows: Any) -> Any:
        return rows.none() if self.error else EntryFilters(self._unindexed, queryset=rows).qs

    @property
    def is_searching(self) -> bool:
        """Return whether a filter without an index is set, so that entries have to be scanned."""
        return bool(self._unindexed) and not self.error

    @property
    def is_filtered(self) -> bool:
        return bool(self.values)

    @property
    def fields(self) -> list[dict[str, Any]]:
        """Return the form's fields with their current values."""
        choices: list[dict[str, Any]] = [
            {"name": name, "label": label, "choices": [("", "any"), *((each.value, each.value) for each in kinds)]}
            for name, (label, kinds) in CHOICES.items()
        ]
        texts: list[dict[str, Any]] = [
            {"name": name, "label": label, "hint": hint} for name, (label, hint) in TEXTS.items()
        ]
        days: list[dict[str, Any]] = [{"name": name, "label": label, "type": "date"} for name, label in DAYS.items()]
        return [{**each, "value": self.values.get(each["name"], "")} for each in (*choices, *texts, *days)]

    def _terms(self) -> dict[str, str]:
        terms = {}
        if actor := self.values.get("actor"):
            terms["actor_email" if "@" in actor else "actor_id"] = actor
        if resource := self.values.get("resource"):
            terms["resource_id"] = resource
        if tenant := self.values.get("tenant"):
            terms["tenant_id"] = tenant
            if decode_id(Prefix.TENANT, tenant) is None:
                self.error = f"{TEXTS['tenant'][0]}: {tenant} is not an ID. The tenant's page shows it: tnt_…"
        if since := self._day("since"):
            terms["start_time"] = f"{since}T00:00:00Z"
        if until := self._day("until", ending=True):
            terms["end_time"] = f"{until}T00:00:00Z"
        return terms

    def _day(self, name: str, *, ending: bool = False) -> date | None:
        """Return a date, or with `ending` the day after it, so that the date itself is included."""
        text = self.values.get(name)
        try:
            return date.fromisoformat(text) + timedelta(days=int(ending)) if text else None
        except (ValueError, OverflowError):
            self.error = f"{DAYS[name]}: {text} is not a date. Enter it as 2026-01-31."
            return None
