"""What an operator asks for, on the list of sessions and when ending them: the same words, the same selection."""

from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from core.access import Principal
from core.ids import Prefix, decode_id
from sessions_app.authority import owner_filter
from sessions_app.devices import KINDS
from sessions_app.models import Reach, SessionState, SessionStateQuerySet, State
from sessions_app.selection import Selection

# Each with what it is called, and what to write there.
BELONGING = {
    "user": ("User", "e-mail or usr_…"),
    "tenant": ("Tenant", "slug or tnt_…"),
    "partner": ("Partner", "slug or prt_…"),
    "application": ("Application", "client ID or app_…"),
}
LOOKING = {
    "ip": ("IP address or network", "192.0.2.0/24"),
    "device": ("Device", ""),
    "country": ("Country", "SE"),
    "user_agent": ("User agent contains", "Firefox/128"),
    "older_than": ("Signed in longer ago than", "30m, 12h, 7d"),
    "idle_for": ("Not used for", "30m, 12h, 7d"),
}
STATES = {State.LIVE: "active", State.EXPIRED: "expired", State.REVOKED: "revoked", State.ANY: "any"}
LONGEST, MOST_NAMED = 200, 100  # a page has fifty; a hundred names are still written on record one by one
LOOKED_AT = 20_000


class Asked:
    """`selection` is what was meant, or None with an `error` that says why nobody can tell."""

    def __init__(self, said: QueryDict, principal: Principal) -> None:
        self.principal = principal
        written = {
            name: said.get(name, "").replace("\0", "\ufffd").strip()[:LONGEST] for name in (*BELONGING, *LOOKING)
        }
        self.said = {name: text for name, text in written.items() if text}
        self.is_of_administrators = said.get("admins") == "on"
        self.is_picking = "session" in said
        self.is_everything = said.get("all") == "on"
        self.handles = [handle for handle in said.getlist("session")[:MOST_NAMED] if handle]
        self._state = said.get("state", "")[:LONGEST]
        self.state = State(self._state) if self._state in STATES else State.LIVE
        self.error = ""

    @cached_property
    def selection(self) -> Selection | None:
        if self._state and self._state not in STATES:
            self.error = f"Unknown state {self._state}. Use one of: {', '.join(STATES)}."
            return None
        if self.is_picking and not self.handles:
            self.error = "Select at least one session."
            return None
        scoped = self.is_of_administrators or bool(BELONGING.keys() & self.said.keys()) or bool(self.handles)
        named: dict[str, Any] = {name: self.said.get(name) for name in (*BELONGING, *LOOKING)}
        named |= {"admins": self.is_of_administrators, "all": not scoped, "session": self._theirs or None}
        if self.handles and not self._theirs:
            self.error = "You do not have permission to revoke these sessions."
            return None
        try:
            return Selection.of(named, self.principal)
        except ValueError as error:
            self.error = f"{error}."
            return None

    @cached_property
    def _theirs(self) -> list[str]:
        """Of the sessions that were picked, those that are theirs to end; what else was named, is passed over."""
        ids = [pk for handle in self.handles if (pk := decode_id(Prefix.SESSION, handle))]
        rows = SessionState.objects.writable_by(self.principal).filter(pk__in=ids) if ids else []
        return [each.handle for each in rows]

    def rows(self) -> SessionStateQuerySet:
        """What the list shows: all that they see of what was meant, in the state that was asked for."""
        return self._shown(self.selection) if self.selection else SessionState.objects.none()

    def looked_through_to(self, after: UUID | None) -> UUID | None:
        """Where a page stops looking for what no index knows; None for the end."""
        if self.selection is None:
            return None
        known = replace(self.selection.at_large, older_than=self.selection.older_than)  # an id tells its time
        rows = known.matching().visible_to(self.principal)
        if self.state is State.LIVE:
            known, rows = replace(known, network=self.selection.network), self._shown(known)
        if self.selection == known and self.state in (State.LIVE, State.ANY):
            return None
        ids = (rows.filter(pk__lt=after) if after else rows).order_by("-pk").values_list("pk", flat=True)
        return ids[LOOKED_AT : LOOKED_AT + 1].first()

    def _shown(self, selection: Selection) -> SessionStateQuerySet:
        rows = selection.matching().visible_to(self.principal)
        tenant_id = self.whole[1] if self.whole and self.whole[0] is Reach.TENANT else None
        rows = rows.in_state(self.state, tenant_id=tenant_id)
        return rows.opened_since_last_scope_revocation(**self._place) if self.state is State.LIVE else rows

    @property
    def whole(self) -> tuple[Reach, Any] | None:
        """The one thing all of whose live sessions were asked for."""
        is_plain = self.selection is not None and self.state is State.LIVE
        return self.selection.scope if is_plain and self.selection else None

    @property
    def _place(self) -> dict[str, Any]:
        scopes = self.selection.scopes if self.selection else {}
        named = {f"{reach}_id": scopes[reach] for reach in (Reach.TENANT, Reach.PARTNER) if scopes.get(reach)}
        return {**owner_filter(self.principal), **named}

    @property
    def is_filtered(self) -> bool:
        return bool(self.said) or self.is_of_administrators or self.state is not State.LIVE

    @property
    def is_explicit(self) -> bool:
        """For an act it takes a word to mean everything: an address that was cut short says nothing."""
        return bool(self.said) or self.is_of_administrators or bool(self.handles) or self.is_everything

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same again, for an act's form."""
        said = [*self.said.items(), *(("session", handle) for handle in self.handles)]
        said += [("admins", "on")] if self.is_of_administrators else []
        return said or [("all", "on")]

    @property
    def query(self) -> str:
        """And for a link to it."""
        return urlencode(self.pairs)

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The form, as it was filled in."""
        shown: list[dict[str, Any]] = [
            {"name": name, "label": label, "hint": hint, "value": self.said.get(name, "")}
            for name, (label, hint) in (BELONGING | LOOKING).items()
        ]
        for each in shown:
            if each["name"] == "device":
                each["choices"] = [("", "any"), *((kind, kind) for kind in KINDS)]
        states = [(str(state), words) for state, words in STATES.items()]
        return [*shown, {"name": "state", "label": "State", "value": str(self.state), "choices": states}]

    @property
    def in_words(self) -> list[tuple[str, str]]:
        labels = {name: label for name, (label, _) in (BELONGING | LOOKING).items()}
        told = [(labels[name], text) for name, text in self.said.items()]
        if self.is_of_administrators:
            told.append(("Users", "administrators only"))
        if self.handles:
            told.append(("Selected", f"{len(self._theirs)} on the list"))
        return told or [("Sessions", "all that you can revoke")]
