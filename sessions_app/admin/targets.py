"""What revocations cover, by name: a tenant's, a partner's or an application's, or the e-mail address of a user."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, F, OuterRef, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from accounts.models import Application, User
from core.access import Principal, Tier
from core.api.components import Link
from core.ids import Prefix, encode_id
from sessions_app.models import RevocationScope, Session
from tenancy.models import Partner, Tenant


@dataclass(frozen=True, slots=True)
class TargetKind:
    """A model that revocations have as their target. `code` is unique, `name` is not."""

    model: Any
    page: str
    name: str
    code: str = ""

    def names(self, pk: Any) -> Any:
        """Return the name of one row, with its code in parentheses, as a query."""
        name: Any = F(self.name)
        if self.code:  # which staff tenants have none of
            with_code = Concat(self.name, Value(" ("), self.code, Value(")"), output_field=TextField())
            name = Case(When(**{self.code: None}, then=name), default=with_code, output_field=TextField())
        return self.model.objects.filter(pk=pk).order_by().values_list(Cast(name, TextField()), flat=True)


KINDS = {
    RevocationScope.APPLICATION: TargetKind(Application, "accounts_application", "name", "client_id"),
    RevocationScope.PARTNER: TargetKind(Partner, "tenancy_partner", "name", "slug"),
    RevocationScope.SESSION: TargetKind(Session, "sessions_app_session", "user__email"),
    RevocationScope.TENANT: TargetKind(Tenant, "tenancy_tenant", "name", "slug"),
    RevocationScope.USER: TargetKind(User, "accounts_user", "email"),
}


def target_name() -> Case:
    """Return the name of a revocation's target as an expression, so that a list of them takes no more queries."""
    cases = [When(reach=scope, then=Subquery(kind.names(OuterRef("target_id")))) for scope, kind in KINDS.items()]
    return Case(*cases, output_field=TextField())


def find_name(scope: RevocationScope, target_id: UUID) -> str:
    return KINDS[scope].names(target_id).first() or handle_of(scope, target_id)


def handle_of(scope: RevocationScope, target_id: UUID) -> str:
    return encode_id(Prefix[scope.name], target_id)


def target_link(scope: RevocationScope, target_id: UUID, name: str, principal: Principal) -> Link | str:
    """Link to the target's page. Only super admins have pages of partners."""
    if scope is RevocationScope.PARTNER and principal.tier is not Tier.SUPER:
        return name
    return Link(name, reverse(f"admin:{KINDS[scope].page}_change", args=[handle_of(scope, target_id)]))
