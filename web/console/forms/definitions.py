"""Which forms there are: each asks one action of v1, and has the fields of that action's serializer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from rest_framework import serializers

from accounts.api.v1.serializers.groups import NewMember, NewNesting
from accounts.api.v1.serializers.identity_providers import CONFIGS
from accounts.models import Agent, Application, Group, IdentityProvider, Role, User
from accounts.models.applications import ApplicationScope
from accounts.models.users import grantable_by
from core.access import Principal, Tier
from core.api.fields import IdField
from core.ids import Prefix
from core.models import defaults_of
from sessions_app.models import Reach
from tenancy.models import Partner, Tenant
from web.console.api_bridge import VIEWS, may
from web.console.forms.form import Form, Parts, control_of, fields_of
from web.console.forms.lookups import KINDS, Lookup
from web.console.forms.widgets import Widget

Words = Callable[[Principal, Any], list[str]]


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """`without` are fields that acts of their own change; `ends` those whose change ends sessions, and whose.

    `narrowed` says of words which of them are the operator's to choose. What is nested depends on `variant`.
    """

    model: type[Model]
    name: str  # its place
    label: str
    action: str
    made: str  # what is said once it is done
    serializer: type[serializers.Serializer]
    without: frozenset[str] = frozenset()
    ends: Mapping[str, Reach] = field(default_factory=dict)
    narrowed: Mapping[str, Words] = field(default_factory=dict)
    variant: str = ""
    is_for_writable: bool = False  # what is named must be theirs to change

    @property
    def is_new(self) -> bool:
        return self.action != "update"

    @property
    def is_about_one(self) -> bool:
        return self.action != "create"

    def is_for(self, me: Principal) -> bool:
        return may(self.model, self.action, me)

    @property
    def variants(self) -> list[str]:
        return list(CONFIGS) if self.variant else []

    def parts(self, variant: str) -> Parts:
        return {"config": CONFIGS[variant]} if self.variant else {}

    def form(self, me: Principal, thing: Any, now: Mapping[str, Any] | None, variant: str = "") -> Form:
        fields = fields_of(self.serializer, self.parts(variant))
        is_fixed = {self.variant: variant} if self.variant and self.is_new else {}
        controls = [self._control(name, each, me, thing) for name, each in fields if name not in is_fixed]
        if self.is_new:  # what it is and whose, before what it may be as well
            controls.sort(key=lambda control: (not control.is_required, control.kind != "reference"))
        return Form(controls, now, usual=defaults_of(self.model), fixed=is_fixed)

    def _control(self, name: str, about: serializers.Field, me: Principal, thing: Any) -> Widget:
        control = control_of(name, about, is_new=self.is_new)
        control.is_elsewhere = name in self.without
        control.is_shown = not control.is_elsewhere
        if isinstance(about, IdField):
            control.is_shown = me.tier >= KINDS[about.prefix].since
            control.choice = self._choice(about.prefix, me, thing)
        if name in self.narrowed:
            control.choices = [(word, word) for word in self.narrowed[name](me, thing)]
        return control

    def _choice(self, prefix: Prefix, me: Principal, thing: Any) -> Lookup:
        is_housed = thing is not None and prefix in (Prefix.USER, Prefix.GROUP)
        but = frozenset([thing.pk]) if isinstance(thing, Group) and prefix is Prefix.GROUP else frozenset()
        return Lookup(prefix, me, thing.tenant_id if is_housed else None, self.is_for_writable, but)


def _roles(me: Principal, user: Any) -> list[str]:
    """Those that they may give; to somebody who is there, those that fit where they live."""
    given = [str(role) for role in grantable_by(me)]
    if user is None:
        return given
    if user.tenant.is_staff:
        return [user.role]
    fit = (Role.USER, Role.TENANT_ADMIN)
    return [str(role) for role in fit if role in given or role == user.role]


def _scopes(me: Principal, thing: Any) -> list[str]:
    scopes = {Tier.SUPER: [*ApplicationScope], Tier.PARTNER: [ApplicationScope.PARTNER, ApplicationScope.TENANT]}
    return [str(scope) for scope in scopes.get(me.tier, [ApplicationScope.TENANT])]


def _both(model: type[Model], noun: str, **more: Any) -> list[FormDefinition]:
    """A form to make one, and one to change it. Whether it is active, acts of their own decide."""
    create, update = VIEWS[model].create_serializer_class, VIEWS[model].update_serializer_class
    new = {name: value for name, value in more.items() if name != "ends"}
    return [
        FormDefinition(model, "new", f"New {noun}", "create", f"{noun.capitalize()} created.", create, **new),
        FormDefinition(
            model,
            "edit",
            "Edit…",
            "update",
            "Changes saved.",
            update,
            without=frozenset({"status"}),
            **more,
        ),
    ]


_INTO_GROUPS = [
    FormDefinition(Group, "add-member", "Add member…", "add_member", "Member added.", NewMember, is_for_writable=True),
    FormDefinition(Group, "nest", "Nest a group…", "nest", "Group nested.", NewNesting, is_for_writable=True),
]
FORMS: dict[type[Model], list[FormDefinition]] = {
    Partner: _both(Partner, "partner"),
    Tenant: _both(Tenant, "tenant", ends={"partner_id": Reach.TENANT}),
    User: _both(User, "user", ends={"email": Reach.USER, "role": Reach.USER}, narrowed={"role": _roles}),
    Group: [*_both(Group, "group"), *_INTO_GROUPS],
    Application: _both(Application, "application", narrowed={"scope": _scopes}),
    IdentityProvider: _both(IdentityProvider, "identity provider", variant="provider_type"),
    Agent: _both(Agent, "agent"),
}


def variant_of(plan: FormDefinition, now: Mapping[str, Any] | None, asked: str) -> str:
    """Which of its shapes a form has: what the thing is already, or what was asked for; nothing, if that is none."""
    said = str(now.get(plan.variant, "")) if now else asked
    return said if said in CONFIGS else ""
