"""The forms that there are: each does what one of v1's actions does, with the fields of that action's serializer."""

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
from core.api.serializers import ResourceInput
from core.humanize import label_of
from core.ids import Prefix
from core.models import defaults_of
from sessions_app.models import RevocationScope
from tenancy.models import Partner, Tenant
from web.console.forms.form import Form, Parts, fields_of, widget_of
from web.console.forms.lookups import KINDS, Lookup
from web.console.forms.widgets import Widget
from web.console.resources import RESOURCES, is_allowed

Choices = Callable[[Principal, Any], list[str]]


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """`policy` is v1's action that does the same: its permission holds here as well.

    Fields of `excluded` have an action of their own. A change of those of `revokes` ends the sessions of a scope.
    `choices` narrows a field to what the operator may choose. The nested fields depend on the `variant`.
    """

    model: type[Model]
    name: str  # in the URL
    label: str
    policy: str
    success_message: str
    serializer_class: type[ResourceInput]
    excluded: frozenset[str] = frozenset()
    revokes: Mapping[str, RevocationScope] = field(default_factory=dict)
    choices: Mapping[str, Choices] = field(default_factory=dict)
    variant: str = ""
    is_writable_only: bool = False  # whether what a field refers to must be the operator's to change

    @property
    def title(self) -> str:
        return self.label.removesuffix("…")

    @property
    def is_update(self) -> bool:
        return self.policy == "update"

    @property
    def has_instance(self) -> bool:
        return self.policy != "create"

    def is_allowed(self, principal: Principal) -> bool:
        return is_allowed(self.model, self.policy, principal)

    @property
    def variants(self) -> list[str]:
        return list(CONFIGS) if self.variant else []

    def parts(self, variant: str) -> Parts:
        return {"config": CONFIGS[variant]} if self.variant else {}

    def form(self, principal: Principal, instance: Any, variant: str = "") -> Form:
        fields = fields_of(self.serializer_class, self.parts(variant))
        fixed = {self.variant: variant} if self.variant and not self.is_update else {}
        widgets = [self._widget(name, each, principal, instance) for name, each in fields if name not in fixed]
        if not self.is_update:  # what it is and whose it is come first
            widgets.sort(key=lambda widget: (not widget.is_required, widget.kind != "reference"))
        initial = self.serializer_class(instance).data if self.is_update else None
        return Form(widgets, initial, defaults=defaults_of(self.model), fixed=fixed)

    def _widget(self, name: str, source: serializers.Field, principal: Principal, instance: Any) -> Widget:
        widget = widget_of(name, source, is_new=not self.is_update)
        widget.has_own_action = name in self.excluded
        widget.is_visible = not widget.has_own_action
        if isinstance(source, IdField):
            widget.is_visible = principal.tier >= KINDS[source.prefix].since
            widget.lookup = self._lookup(source.prefix, principal, instance)
        if name in self.choices:
            widget.choices = [(choice, label_of(choice)) for choice in self.choices[name](principal, instance)]
        return widget

    def _lookup(self, prefix: Prefix, principal: Principal, instance: Any) -> Lookup:
        is_of_tenant = instance is not None and prefix in (Prefix.USER, Prefix.GROUP)
        is_group = isinstance(instance, Group) and prefix is Prefix.GROUP
        excluded = frozenset([instance.pk]) if is_group else frozenset()
        tenant_id = instance.tenant_id if is_of_tenant else None
        return Lookup(prefix, principal, tenant_id, self.is_writable_only, excluded)


def _roles(principal: Principal, user: Any) -> list[str]:
    """The roles that the operator may give; to a user who exists, those that fit their tenant."""
    grantable = [str(role) for role in grantable_by(principal)]
    if user is None:
        return grantable
    if user.tenant.is_staff:
        return [user.role]
    return [str(role) for role in (Role.USER, Role.TENANT_ADMIN) if role in grantable or role == user.role]


def _scopes(principal: Principal, application: Any) -> list[str]:
    scopes = {Tier.SUPER: [*ApplicationScope], Tier.PARTNER: [ApplicationScope.PARTNER, ApplicationScope.TENANT]}
    return [str(scope) for scope in scopes.get(principal.tier, [ApplicationScope.TENANT])]


def _create_and_update(
    model: type[Model], name: str, *, revokes: Mapping[str, RevocationScope] | None = None, **options: Any
) -> list[FormDefinition]:
    """Both forms of a resource. Its status is changed by actions of its own."""
    view = RESOURCES[model]
    return [
        FormDefinition(
            model,
            "new",
            f"New {name}",
            "create",
            f"{name.capitalize()} created.",
            view.create_serializer_class,
            **options,
        ),
        FormDefinition(
            model,
            "edit",
            "Edit…",
            "update",
            "Changes saved.",
            view.update_serializer_class,
            excluded=frozenset({"status"}),
            revokes=revokes or {},
            **options,
        ),
    ]


_GROUP_FORMS = [
    FormDefinition(Group, "add-member", "Add member…", "add_member", "Member added.", NewMember, is_writable_only=True),
    FormDefinition(Group, "nest", "Nest a group…", "nest", "Group nested.", NewNesting, is_writable_only=True),
]
FORMS: dict[type[Model], list[FormDefinition]] = {
    Partner: _create_and_update(Partner, "partner"),
    Tenant: _create_and_update(Tenant, "tenant", revokes={"partner_id": RevocationScope.TENANT}),
    User: _create_and_update(
        User, "user", revokes={"email": RevocationScope.USER, "role": RevocationScope.USER}, choices={"role": _roles}
    ),
    Group: [*_create_and_update(Group, "group"), *_GROUP_FORMS],
    Application: _create_and_update(Application, "application", choices={"scope": _scopes}),
    IdentityProvider: _create_and_update(IdentityProvider, "identity provider", variant="provider_type"),
    Agent: _create_and_update(Agent, "agent"),
}


def variant_of(definition: FormDefinition, instance: Any, chosen: str) -> str:
    """The variant of the instance, or the one that was chosen for a new one; empty, if there is no such variant."""
    variant = str(getattr(instance, definition.variant)) if instance and definition.variant else chosen
    return variant if variant in definition.variants else ""
