"""What an operator asks of the record: v1's own filters, in a form's words."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from audit.actions import Action, Result
from audit.api.v1.filters import EntryFilters, labelled
from audit.models import AuditEntry
from core.ids import Prefix, decode_id

LONGEST = 320
TEXTS = {
    "actor": ("Actor", "e-mail or usr_…"),
    "resource": ("Target", "usr_…, tnt_…, app_…"),
    "tenant": ("Tenant", "tnt_…"),
}
DAYS = {"since": "From (UTC)", "until": "To (UTC)"}
WORDS: dict[str, tuple[str, Any]] = {"action": ("Action", Action), "result": ("Result", Result)}
SEARCH = "q"
NAMES = (*TEXTS, *WORDS, *DAYS, SEARCH)


class AuditFilterForm:
    """`ground` is what an index tells, `picked` what is left of that. With an `error`, neither is anything."""

    def __init__(self, said: QueryDict) -> None:
        written = {name: said.get(name, "").replace("\0", "").strip()[:LONGEST] for name in NAMES}
        self.said = {name: text for name, text in written.items() if text}
        self.error = ""
        self._within = self._terms()
        self._words = {name: self.said[name] for name in WORDS if name in self.said}
        for terms in (self._within, self._words):
            errors = EntryFilters(terms, queryset=AuditEntry.objects.none()).form.errors
            self.error = self.error or next((f"{name}: {' '.join(map(str, errors[name]))}." for name in errors), "")

    def ground(self, rows: Any) -> Any:
        """The word that is searched for is an exact one, which an index knows: the record is too long to be leafed
        through."""
        if self.error:
            return rows.none()
        word = self.said.get(SEARCH, "")
        exact = labelled(word) | Q(actor_id=word) | Q(resource_id=word) | Q(action=word)
        return EntryFilters(self._within, queryset=rows.filter(exact) if word else rows).qs

    def picked(self, rows: Any) -> Any:
        return rows.none() if self.error else EntryFilters(self._words, queryset=rows).qs

    @property
    def is_searching(self) -> bool:
        """For something that no index tells."""
        return bool(self._words) and not self.error

    @property
    def is_filtered(self) -> bool:
        return bool(self.said)

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The form, as it was filled in."""
        words: list[dict[str, Any]] = [
            {"name": name, "label": label, "choices": [("", "any"), *((each.value, each.value) for each in kinds)]}
            for name, (label, kinds) in WORDS.items()
        ]
        texts: list[dict[str, Any]] = [
            {"name": name, "label": label, "hint": hint} for name, (label, hint) in TEXTS.items()
        ]
        days: list[dict[str, Any]] = [{"name": name, "label": label, "type": "date"} for name, label in DAYS.items()]
        return [{**each, "value": self.said.get(each["name"], "")} for each in (*words, *texts, *days)]

    def _terms(self) -> dict[str, str]:
        terms = {}
        if actor := self.said.get("actor"):
            terms["actor_email" if "@" in actor else "actor_id"] = actor
        if resource := self.said.get("resource"):
            terms["resource_id"] = resource
        if tenant := self.said.get("tenant"):
            terms["tenant_id"] = tenant
            if decode_id(Prefix.TENANT, tenant) is None:
                self.error = f"{TEXTS['tenant'][0]}: {tenant} is not an ID. The tenant's page shows it: tnt_…"
        if since := self._day("since"):
            terms["start_time"] = f"{since}T00:00:00Z"
        if until := self._day("until", ending=True):
            terms["end_time"] = f"{until}T00:00:00Z"
        return terms

    def _day(self, name: str, *, ending: bool = False) -> date | None:
        """The day, or the one after: until the end of it."""
        text = self.said.get(name)
        try:
            return date.fromisoformat(text) + timedelta(days=int(ending)) if text else None
        except (ValueError, OverflowError):
            self.error = f"{DAYS[name]}: {text} is not a date. Enter it as 2026-01-31."
            return None
