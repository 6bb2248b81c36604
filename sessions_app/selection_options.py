"""Parse the options of a selection, as commands and forms have them."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import Application, User
from core.access import Principal, Tier
from core.networks import Network
from sessions_app import devices, durations
from sessions_app.lookup import find_application, find_partner, find_sessions, find_tenant, find_user
from sessions_app.models import RevocationScope, Session
from sessions_app.scopes import owner_filter, revocable_targets

Scopes = dict[RevocationScope, UUID | None]


class InvalidSelection(ValueError):
    """Options are missing, malformed or contradict each other."""


def parse_options(options: Mapping[str, Any], requested_by: Principal | None) -> dict[str, Any]:
    """Return the fields of a selection."""
    empty = sorted(name for name, value in options.items() if value in ("", []))
    if empty:
        raise InvalidSelection(f"--{empty[0].replace('_', '-')} is empty; give it a value or leave it out")
    viewer = Viewer(requested_by)
    scopes, owner_ids = _scopes(options, viewer)
    sessions = find_sessions(options["session"] or [], viewer.choices(RevocationScope.SESSION))
    if not scopes and not sessions:
        raise InvalidSelection(
            "Name a scope: --session, --user, --tenant, --partner, --application or --admins; or --all with "
            "filters such as --ip, to revoke whatever matches them"
        )
    if not owner_ids and len({session.tenant_id for session in sessions}) == 1:
        owner_ids = {"tenant_id": sessions[0].tenant_id, "partner_id": sessions[0].partner_id}
    session_ids = tuple(session.pk for session in sessions)
    return {"scopes": scopes, "session_ids": session_ids, **_attributes(options), **owner_ids}


@dataclass(frozen=True, slots=True)
class Viewer:
    """What a requester can name. Commands have no requester, and can name everything."""

    principal: Principal | None

    def choices(self, scope: RevocationScope) -> Any:
        """Return the rows among which names of this kind are looked up; None for all there are."""
        if self.principal is None:
            return None
        match scope:
            case RevocationScope.APPLICATION:
                return Application.objects.visible_to(self.principal).not_deleted()
            case RevocationScope.USER:
                return User.objects.visible_to(self.principal).not_deleted()
            case RevocationScope.SESSION:
                return Session.objects.visible_to(self.principal)
            case _:
                return revocable_targets(scope, self.principal)

    @property
    def owner_ids(self) -> dict[str, Any]:
        """The requester's own tenant and partner, which own whatever they revoke."""
        if self.principal is None or self.principal.tier is Tier.SUPER:
            return {}
        return {"partner_id": self.principal.partner_id} | owner_filter(self.principal)

    def restrict(self, scopes: Scopes) -> Scopes:
        """Narrow scopes that are wider than the requester's own tenant or partner, or may be, down to that."""
        if self.principal is None or self.principal.tier is Tier.SUPER:
            return scopes
        narrow = {RevocationScope.PARTNER, RevocationScope.TENANT, RevocationScope.USER}
        if narrow & scopes.keys() or self._manages(scopes.get(RevocationScope.APPLICATION), self.principal):
            return scopes
        [(name, own_id)] = owner_filter(self.principal).items()
        others = {scope: target_id for scope, target_id in scopes.items() if scope is not RevocationScope.PLATFORM}
        return others | {RevocationScope(name.removesuffix("_id")): own_id}

    def _manages(self, application_id: UUID | None, principal: Principal) -> bool:
        if application_id is None:
            return False
        return revocable_targets(RevocationScope.APPLICATION, principal).filter(pk=application_id).exists()


def _scopes(options: Mapping[str, Any], viewer: Viewer) -> tuple[Scopes, dict[str, Any]]:
    """Return the scopes, and the tenant and partner that own the revocation, as far as there is one."""
    scopes: Scopes = {}
    owner_ids = viewer.owner_ids
    if options["application"] is not None:
        application = find_application(options["application"], viewer.choices(RevocationScope.APPLICATION))
        scopes[RevocationScope.APPLICATION] = application.pk
        partner_id = application.tenant.partner_id if application.tenant else application.partner_id
        owner_ids = owner_ids or {"tenant_id": application.tenant_id, "partner_id": partner_id}
    if options["partner"] is not None:
        owner_ids = {"partner_id": find_partner(options["partner"], viewer.choices(RevocationScope.PARTNER)).pk}
        scopes[RevocationScope.PARTNER] = owner_ids["partner_id"]
    tenant = None
    if options["tenant"] is not None:
        tenant = find_tenant(options["tenant"], viewer.choices(RevocationScope.TENANT))
    if options["user"] is not None:
        user = find_user(options["user"], tenant, viewer.choices(RevocationScope.USER))
        tenant = user.tenant
        scopes[RevocationScope.USER] = user.pk
    elif tenant:
        scopes[RevocationScope.TENANT] = tenant.pk
    if tenant:
        owner_ids = {"tenant_id": tenant.pk, "partner_id": tenant.partner_id}
    if options["admins"]:
        scopes[RevocationScope.ADMINS] = None
    if options["all"]:
        if scopes or options["session"] is not None:
            raise InvalidSelection(
                "--all means every session; it can be combined with filters, but not with another scope"
            )
        scopes[RevocationScope.PLATFORM] = None
    return viewer.restrict(scopes) if scopes else scopes, owner_ids


def _attributes(options: Mapping[str, Any]) -> dict[str, Any]:
    attributes: dict[str, Any] = {"user_agent": options["user_agent"] or ""}
    if options["ip"] is not None:
        attributes["network"] = _network(options["ip"])
    if options["device"] is not None:
        attributes["device_type"] = _device(options["device"])
    if options["country"] is not None:
        attributes["country"] = _country(options["country"])
    lengths = {name: options[name] for name in ("older_than", "idle_for") if options[name] is not None}
    return attributes | {name: durations.read(text) for name, text in lengths.items()}


def _network(text: str) -> Network:
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError as error:
        raise InvalidSelection(f"{text!r} is not a valid IP address or CIDR") from error
    if interface.ip != interface.network.network_address:
        raise InvalidSelection(f"{text} has host bits set; use {interface.network}")
    mapped = getattr(interface.ip, "ipv4_mapped", None)
    return ipaddress.ip_network(mapped) if mapped and interface.network.num_addresses == 1 else interface.network


def _device(text: str) -> str:
    if text not in devices.KINDS:
        raise InvalidSelection(f"{text!r} is not a device type; use one of: {', '.join(devices.KINDS)}")
    return text


def _country(text: str) -> str:
    if len(text) != 2 or not (text.isascii() and text.isalpha()):
        raise InvalidSelection(f"{text!r} is not a country code; use two letters, such as SE")
    return text.upper()
