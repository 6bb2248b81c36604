"""The sessions that an operator selected: by scope, by id and by filters, all of which must match."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import F, Q, Value
from django.db.models.functions import Now

from core.access import Principal
from core.ids import Prefix, encode_id
from core.networks import IsWithin, Network
from sessions_app import devices, durations
from sessions_app.models import RevocationScope, SessionState, SessionStateQuerySet
from sessions_app.models.expressions import address_changed, max_id_at
from sessions_app.scopes import revocable_targets
from sessions_app.selection_options import parse_options

_PREFIXES = {
    RevocationScope.APPLICATION: Prefix.APPLICATION,
    RevocationScope.PARTNER: Prefix.PARTNER,
    RevocationScope.TENANT: Prefix.TENANT,
    RevocationScope.USER: Prefix.USER,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Scopes, ids and filters. `tenant_id` and `partner_id` own the revocation that is made of it."""

    scopes: Mapping[RevocationScope, UUID | None]
    session_ids: tuple[UUID, ...] = ()
    network: Network | None = None
    device_type: str = ""
    country: str = ""
    user_agent: str = ""
    older_than: timedelta | None = None
    idle_for: timedelta | None = None
    tenant_id: UUID | None = None
    partner_id: UUID | None = None
    requested_by: Principal | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any], requested_by: Principal | None = None) -> Self:
        """Build a selection from a command's options or a form's fields, or raise ValueError.

        An option that is None was not given; an empty one is an error. Nothing is selected that `requested_by` cannot
        see; commands pass None and see everything.
        """
        return cls(**parse_options(options, requested_by), requested_by=requested_by)

    @property
    def whole_scope(self) -> tuple[RevocationScope, UUID | None] | None:
        """The scope that this selects all of, if there is one. Raising its floor revokes it at once."""
        is_scope = self.as_json().keys() == set(self.scopes) and len(self.scopes) == 1
        return next(iter(self.scopes.items())) if is_scope else None

    @property
    def without_filters(self) -> Self:
        """The same scopes and ids, whatever the sessions look like."""
        filters: dict[str, Any] = {"network": None, "older_than": None, "idle_for": None}
        return replace(self, **filters, device_type="", country="", user_agent="")

    @property
    def may_revoke_scope(self) -> bool:
        """Whether the requester may revoke the whole scope. Any other selection skips what they may not revoke."""
        if self.whole_scope is None or self.requested_by is None:
            return True
        scope, target_id = self.whole_scope
        if scope in (RevocationScope.PLATFORM, RevocationScope.ADMINS):
            return True  # only super admins select these whole; anybody else is restricted to a narrower scope
        return revocable_targets(scope, self.requested_by).filter(pk=target_id).exists()

    def sessions(self, as_of: Any = None) -> SessionStateQuerySet:
        """Return the matching sessions that the requester may revoke."""
        rows = self.matching(as_of)
        return rows if self.requested_by is None else rows.writable_by(self.requested_by)

    def matching(self, as_of: Any = None) -> SessionStateQuerySet:
        """Return the matching sessions, ended ones too. Ages are measured at `as_of`, or now."""
        moment = Now() if as_of is None else Value(as_of)
        rows = SessionState.objects.filter(self._attribute_filter(moment))
        for scope, target_id in self.scopes.items():
            rows = rows.in_scope(scope, target_id)
        return rows.filter(pk__in=self.session_ids) if self.session_ids else rows

    def _attribute_filter(self, moment: Any) -> Q:
        condition = Q(created_at__lte=moment)
        if self.network:
            network = str(self.network)
            was_seen_there = address_changed() & Q(IsWithin(F("last_ip_address"), Value(network)))
            condition &= Q(IsWithin(F("ip_address"), Value(network))) | was_seen_there
        if self.older_than is not None:
            before = moment - self.older_than
            condition &= Q(created_at__lt=before, pk__lt=max_id_at(before))
        if self.idle_for is not None:
            condition &= Q(last_activity_at__lt=moment - self.idle_for)
        if self.user_agent:
            condition &= Q(user_agent__icontains=self.user_agent)
        if self.device_type:
            condition &= Q(device_type__in=devices.recorded_as(self.device_type))
        return condition & Q(country=self.country) if self.country else condition

    def as_json(self) -> dict[str, Any]:
        """Describe the selection for the audit log. Equal selections are described alike, however they were typed."""
        described: dict[str, Any] = {str(scope): self._target(scope) for scope in sorted(self.scopes)}
        described |= {"sessions": [encode_id(Prefix.SESSION, pk) for pk in self.session_ids]}
        described |= {"ip": str(self.network or ""), "device": self.device_type, "country": self.country}
        described |= {"user_agent": self.user_agent.lower()}
        lengths = {"older_than": self.older_than, "idle_for": self.idle_for}
        described |= {name: durations.show(length) for name, length in lengths.items() if length is not None}
        return {name: value for name, value in described.items() if value}

    def _target(self, scope: RevocationScope) -> str | bool:
        target_id = self.scopes[scope]
        return True if target_id is None else encode_id(_PREFIXES[scope], target_id)
