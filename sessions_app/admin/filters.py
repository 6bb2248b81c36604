"""The filter form of the session list, which also selects the sessions of a revocation or an export."""

from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from core.access import Principal, Tier
from core.api.components import Link
from core.ids import Prefix, decode_id
from sessions_app.admin.targets import find_name, target_link
from sessions_app.devices import KINDS
from sessions_app.models import RevocationScope, SessionState, SessionStateQuerySet, State
from sessions_app.scopes import owner_filter
from sessions_app.selection import Selection

# By name: the label and the placeholder.
SCOPE_FIELDS = {
    "user": ("User", "e-mail or usr_…"),
    "tenant": ("Tenant", "slug or tnt_…"),
    "partner": ("Partner", "slug or prt_…"),
    "application": ("Application", "client ID or app_…"),
}
ATTRIBUTE_FIELDS = {
    "ip": ("IP address or network", "192.0.2.0/24"),
    "device": ("Device", ""),
    "country": ("Country", "SE"),
    "user_agent": ("User agent contains", "Firefox/128"),
    "older_than": ("Signed in longer ago than", "30m, 12h, 7d"),
    "idle_for": ("Not used for", "30m, 12h, 7d"),
}
FIELDS = SCOPE_FIELDS | ATTRIBUTE_FIELDS
STATES = {State.LIVE: "active", State.EXPIRED: "expired", State.REVOKED: "revoked", State.ANY: "any"}
STATES_BY_LABEL = {label: state for state, label in STATES.items()}
MAX_LENGTH = 200
MAX_SELECTED = 100  # a page has fifty; the audit log lists up to a hundred ids
SCAN_LIMIT = 20_000


class SessionFilterForm:
    """A filter as it was submitted. `selection` is what it selects, or None, with the reason in `error`."""

    def __init__(self, data: QueryDict, principal: Principal) -> None:
        self.principal = principal
        texts = {name: data.get(name, "").replace("\0", "\ufffd").strip()[:MAX_LENGTH] for name in FIELDS}
        self.values = {name: text for name, text in texts.items() if text}
        self.is_admins_only = data.get("admins") == "on"
        self.has_checkboxes = "session" in data
        self.is_everything = data.get("all") == "on"
        self.handles = [handle for handle in data.getlist("session")[:MAX_SELECTED] if handle]
        self._state = data.get("state", "")[:MAX_LENGTH]
        self.state = STATES_BY_LABEL.get(self._state, State.LIVE)
        self.error = ""

    @cached_property
    def selection(self) -> Selection | None:
        if self._state and self._state not in STATES_BY_LABEL:
            self.error = f"Unknown state {self._state}. Use one of: {', '.join(STATES.values())}."
            return None
        if self.has_checkboxes and not self.handles:
            self.error = "Select at least one session."
            return None
        has_scope = self.is_admins_only or bool(SCOPE_FIELDS.keys() & self.values.keys()) or bool(self.handles)
        options: dict[str, Any] = {name: self.values.get(name) for name in FIELDS}
        options |= {"admins": self.is_admins_only, "all": not has_scope, "session": self._writable_handles or None}
        if self.handles and not self._writable_handles:
            self.error = "You do not have permission to revoke these sessions."
            return None
        try:
            return Selection.from_options(options, self.principal)
        except ValueError as error:
            self.error = f"{error}."
            return None

    @cached_property
    def _writable_handles(self) -> list[str]:
        """The selected sessions that the operator may revoke; any others are skipped."""
        ids = [pk for handle in self.handles if (pk := decode_id(Prefix.SESSION, handle))]
        rows = SessionState.objects.writable_by(self.principal).filter(pk__in=ids) if ids else []
        return [each.handle for each in rows]

    def rows(self) -> SessionStateQuerySet:
        """Return the matching sessions that the operator can see."""
        return self._rows(self.selection) if self.selection else SessionState.objects.none()

    def scan_boundary(self, after: UUID | None) -> UUID | None:
        """Return the id at which a page stops scanning for what no index holds; None for the end of the list."""
        if self.selection is None:
            return None
        indexed = replace(self.selection.without_filters, older_than=self.selection.older_than)  # ids hold the time
        rows = indexed.matching().visible_to(self.principal)
        if self.state is State.LIVE:
            indexed, rows = replace(indexed, network=self.selection.network), self._rows(indexed)
        if self.selection == indexed and self.state in (State.LIVE, State.ANY):
            return None
        ids = (rows.filter(pk__lt=after) if after else rows).order_by("-pk").values_list("pk", flat=True)
        return ids[SCAN_LIMIT : SCAN_LIMIT + 1].first()

    def _rows(self, selection: Selection) -> SessionStateQuerySet:
        rows = selection.matching().visible_to(self.principal)
        tenant_id = self.whole_scope[1] if self.whole_scope and self.whole_scope[0] is RevocationScope.TENANT else None
        rows = rows.in_state(self.state, tenant_id=tenant_id)
        return rows.opened_since_last_scope_revocation(**self._owner_ids) if self.state is State.LIVE else rows

    @property
    def whole_scope(self) -> tuple[RevocationScope, Any] | None:
        """The scope whose live sessions are all selected, if there is one."""
        return self.selection.whole_scope if self.selection and self.state is State.LIVE else None

    @property
    def _owner_ids(self) -> dict[str, Any]:
        scopes = self.selection.scopes if self.selection else {}
        owners = (RevocationScope.TENANT, RevocationScope.PARTNER)
        return {**owner_filter(self.principal), **{f"{each}_id": scopes[each] for each in owners if scopes.get(each)}}

    @property
    def is_filtered(self) -> bool:
        return bool(self.values) or self.is_admins_only or self.state is not State.LIVE

    @property
    def is_explicit(self) -> bool:
        """Whether anything was selected. Revoking everything takes `all=on`, so that a truncated URL never does."""
        return bool(self.values) or self.is_admins_only or bool(self.handles) or self.is_everything

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The names and values of this selection, for another form."""
        pairs = [*self.values.items(), *(("session", handle) for handle in self.handles)]
        pairs += [("admins", "on")] if self.is_admins_only else []
        return pairs or [("all", "on")]

    @property
    def query(self) -> str:
        """This selection as a query string, for a link."""
        return urlencode(self.pairs)

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The fields with their current values, for the template."""
        fields: list[dict[str, Any]] = [
            {"name": name, "label": label, "hint": hint, "value": self.values.get(name, "")}
            for name, (label, hint) in FIELDS.items()
        ]
        for each in fields:
            if each["name"] == "device":
                each["choices"] = [("", "any"), *((kind, kind) for kind in KINDS)]
        labels = [(label, label) for label in STATES_BY_LABEL]
        return [*fields, {"name": "state", "label": "State", "value": STATES[self.state], "choices": labels}]

    @cached_property
    def targets(self) -> dict[str, Link | str]:
        """The names of what the selection's scopes are, linked to their pages, by the scope."""
        scopes = self.selection.scopes if self.selection else {}
        return {
            str(scope): target_link(scope, target_id, find_name(scope, target_id), self.principal)
            for scope, target_id in scopes.items()
            if target_id
        }

    @property
    def summary(self) -> list[tuple[str, Link | str]]:
        """The selection as labels and values, for people."""
        values = {**self.values, **self.targets}
        rows = [(FIELDS[name][0], values[name]) for name in FIELDS if name in values]
        if self.is_admins_only:
            rows.append(("Users", "administrators only"))
        if self.handles:
            rows.append(("Selected", f"{len(self._writable_handles)} on the list"))
        if not rows:
            is_super = self.principal.tier is Tier.SUPER
            rows = [("Scope", "All sessions on the platform" if is_super else "All sessions you may revoke")]
        return rows
