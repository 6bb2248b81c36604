"""Which sessions an operator means: what they belong to, and what they look like. All that is said must hold."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import F, Q, Value
from django.db.models.functions import Now

from accounts.models import Application, User
from core.access import Principal, Tier
from core.ids import Prefix, encode_id
from core.networks import IsWithin, Network
from sessions_app import devices, durations
from sessions_app.authority import owner_filter, revocable_targets
from sessions_app.lookup import application_named, find_tenant, partner_named, sessions_named, user_named
from sessions_app.models import Reach, Session, SessionState, SessionStateQuerySet
from sessions_app.models.expressions import address_changed, max_id_at

_PREFIXES = {
    Reach.APPLICATION: Prefix.APPLICATION,
    Reach.PARTNER: Prefix.PARTNER,
    Reach.TENANT: Prefix.TENANT,
    Reach.USER: Prefix.USER,
}


class InvalidSelection(ValueError):
    """Too little was said, or two things that contradict each other."""


@dataclass(frozen=True, slots=True)
class Selection:
    scopes: Mapping[Reach, UUID | None]
    session_ids: tuple[UUID, ...] = ()
    network: Network | None = None
    device_type: str = ""
    country: str = ""
    user_agent: str = ""
    older_than: timedelta | None = None
    idle_for: timedelta | None = None
    tenant_id: UUID | None = None
    partner_id: UUID | None = None
    asked_by: Principal | None = None

    @classmethod
    def of(cls, named: Mapping[str, Any], asked_by: Principal | None = None) -> Self:
        """From options as they were written. What is None was not said; what is empty was, and means nothing.

        Of what `asked_by` cannot see nothing is ever selected; to commands there is no such limit.
        """
        empty = sorted(name for name, value in named.items() if value in ("", []))
        if empty:
            raise InvalidSelection(f"--{empty[0].replace('_', '-')} is empty; give it a value or leave it out")
        eye = Viewer(asked_by)
        scopes, place = _scopes(named, eye)
        sessions = sessions_named(named["session"] or [], eye.sees(Reach.SESSION))
        if not scopes and not sessions:
            raise InvalidSelection(
                "Name a scope: --session, --user, --tenant, --partner, --application or --admins; or --all with "
                "filters such as --ip, to revoke whatever matches them"
            )
        if not place and len({session.tenant_id for session in sessions}) == 1:
            place = {"tenant_id": sessions[0].tenant_id, "partner_id": sessions[0].partner_id}
        ids = tuple(session.pk for session in sessions)
        return cls(scopes, ids, **_looks(named), **place, asked_by=asked_by)

    @property
    def scope(self) -> tuple[Reach, UUID | None] | None:
        """The one scope that this is all of, if it is; a floor ends that in an instant."""
        is_scope = self.as_json().keys() == set(self.scopes) and len(self.scopes) == 1
        return next(iter(self.scopes.items())) if is_scope else None

    @property
    def at_large(self) -> Self:
        """All of what it is within, whatever it looks like."""
        looks: dict[str, Any] = {"network": None, "older_than": None, "idle_for": None}
        return replace(self, **looks, device_type="", country="", user_agent="")

    @property
    def is_endable(self) -> bool:
        """Whether a scope that it is all of is theirs to end at once. Of anything else they end what they may."""
        if self.scope is None or self.asked_by is None or self.scope[0] in (Reach.PLATFORM, Reach.ADMINS):
            return True  # who names nothing narrower than these is confined to what is their own, or everything is
        reach, target_id = self.scope
        return revocable_targets(reach, self.asked_by).filter(pk=target_id).exists()

    def sessions(self, as_of: Any = None) -> SessionStateQuerySet:
        """Those of `matching` that are to be ended."""
        rows = self.matching(as_of)
        return rows if self.asked_by is None else rows.writable_by(self.asked_by)

    def matching(self, as_of: Any = None) -> SessionStateQuerySet:
        """Ended ones too. `as_of` is the moment that ages are measured at, now unless an act began before."""
        moment = Now() if as_of is None else Value(as_of)
        rows = SessionState.objects.filter(self._looks(moment))
        for reach, target_id in self.scopes.items():
            rows = rows.within(reach, target_id)
        return rows.filter(pk__in=self.session_ids) if self.session_ids else rows

    def _looks(self, moment: Any) -> Q:
        looks = Q(created_at__lte=moment)
        if self.network:
            network = str(self.network)
            was_seen_there = address_changed() & Q(IsWithin(F("last_ip_address"), Value(network)))
            looks &= Q(IsWithin(F("ip_address"), Value(network))) | was_seen_there
        if self.older_than is not None:
            before = moment - self.older_than
            looks &= Q(created_at__lt=before, pk__lt=max_id_at(before))
        if self.idle_for is not None:
            looks &= Q(last_activity_at__lt=moment - self.idle_for)
        if self.user_agent:
            looks &= Q(user_agent__icontains=self.user_agent)
        if self.device_type:
            looks &= Q(device_type__in=devices.recorded_as(self.device_type))
        return looks & Q(country=self.country) if self.country else looks

    def as_json(self) -> dict[str, Any]:
        """For people to read, and the same for the same selection however it was written."""
        said: dict[str, Any] = {str(reach): self._handle(reach) for reach in sorted(self.scopes)}
        said |= {"sessions": [encode_id(Prefix.SESSION, pk) for pk in self.session_ids]}
        said |= {"ip": str(self.network or ""), "device": self.device_type, "country": self.country}
        said |= {"user_agent": self.user_agent.lower()}
        lengths = {"older_than": self.older_than, "idle_for": self.idle_for}
        said |= {name: durations.show(length) for name, length in lengths.items() if length is not None}
        return {name: value for name, value in said.items() if value}

    def _handle(self, reach: Reach) -> str | bool:
        target_id = self.scopes[reach]
        return True if target_id is None else encode_id(_PREFIXES[reach], target_id)


@dataclass(frozen=True, slots=True)
class Viewer:
    """What whoever asks can see, and what all that they can see lies in. Nobody in particular sees everything."""

    asked_by: Principal | None

    def sees(self, reach: Reach) -> Any:
        """Of what they can name; None for all there is."""
        if self.asked_by is None:
            return None
        match reach:
            case Reach.APPLICATION:
                return Application.objects.visible_to(self.asked_by).not_deleted()
            case Reach.USER:
                return User.objects.visible_to(self.asked_by).not_deleted()
            case Reach.SESSION:
                return Session.objects.visible_to(self.asked_by)
            case _:
                return revocable_targets(reach, self.asked_by)

    @property
    def place(self) -> dict[str, Any]:
        """Whose business it is, whatever they name: their own."""
        if self.asked_by is None or self.asked_by.tier is Tier.SUPER:
            return {}
        return {"partner_id": self.asked_by.partner_id} | owner_filter(self.asked_by)

    def confined(self, scopes: dict[Reach, UUID | None]) -> dict[Reach, UUID | None]:
        """The same, within their own ground, where what is named reaches further or may."""
        if self.asked_by is None or self.asked_by.tier is Tier.SUPER:
            return scopes
        if {Reach.PARTNER, Reach.TENANT, Reach.USER} & scopes.keys() or self._runs(scopes.get(Reach.APPLICATION)):
            return scopes
        [(name, own)] = owner_filter(self.asked_by).items()
        narrower = {reach: target_id for reach, target_id in scopes.items() if reach is not Reach.PLATFORM}
        return narrower | {Reach(name.removesuffix("_id")): own}

    def _runs(self, application_id: UUID | None) -> bool:
        assert self.asked_by is not None  # noqa: S101 - only asked where there is somebody
        return (
            bool(application_id)
            and revocable_targets(Reach.APPLICATION, self.asked_by).filter(pk=application_id).exists()
        )


def _scopes(named: Mapping[str, Any], eye: Viewer) -> tuple[dict[Reach, UUID | None], dict[str, Any]]:
    """What is to be within, and whose business that is: the tenant's and the partner's, as far as there is one."""
    scopes: dict[Reach, UUID | None] = {}
    place = eye.place
    if named["application"] is not None:
        application = application_named(named["application"], eye.sees(Reach.APPLICATION))
        scopes[Reach.APPLICATION] = application.pk
        partner_id = application.tenant.partner_id if application.tenant else application.partner_id
        place = place or {"tenant_id": application.tenant_id, "partner_id": partner_id}
    if named["partner"] is not None:
        place = {"partner_id": partner_named(named["partner"], eye.sees(Reach.PARTNER)).pk}
        scopes[Reach.PARTNER] = place["partner_id"]
    is_named = named["tenant"] is not None
    tenant = find_tenant(named["tenant"], eye.sees(Reach.TENANT)) if is_named else None
    if named["user"] is not None:
        user = user_named(named["user"], tenant, eye.sees(Reach.USER))
        tenant = user.tenant
        scopes[Reach.USER] = user.pk
    elif tenant:
        scopes[Reach.TENANT] = tenant.pk
    if tenant:
        place = {"tenant_id": tenant.pk, "partner_id": tenant.partner_id}
    if named["admins"]:
        scopes[Reach.ADMINS] = None
    if named["all"]:
        if scopes or named["session"] is not None:
            raise InvalidSelection(
                "--all means every session; it can be combined with filters, but not with another scope"
            )
        scopes[Reach.PLATFORM] = None
    return eye.confined(scopes) if scopes else scopes, place


def _looks(named: Mapping[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {"user_agent": named["user_agent"] or ""}
    if named["ip"] is not None:
        read["network"] = _network(named["ip"])
    if named["device"] is not None:
        read["device_type"] = _device(named["device"])
    if named["country"] is not None:
        read["country"] = _country(named["country"])
    lengths = {name: named[name] for name in ("older_than", "idle_for") if named[name] is not None}
    return read | {name: durations.read(text) for name, text in lengths.items()}


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
