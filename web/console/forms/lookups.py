"""What a form can refer to: found by its name, among what the operator may choose from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import Group, User
from core.access import Principal, Tier
from core.ids import Prefix, decode_id
from tenancy.models import Partner, Tenant

MAX_OPTIONS, MAX_MATCHES = 50, 20


class AmbiguousName(Exception):
    """A name that nothing has, or several have, or something only nearly. `matches` are those to choose from."""

    def __init__(self, message: str, matches: list[tuple[str, str]]) -> None:
        super().__init__(message)
        self.matches = matches


@dataclass(frozen=True, slots=True)
class Kind:
    """`exact` are the columns whose text names one row, `searched` those that are searched for a part of it."""

    label: str
    since: Tier  # the lowest tier that has more than one to choose from
    rows: Callable[[Principal], Any]
    exact: Sequence[str]
    searched: Sequence[str]
    describe: Callable[[Any], str]
    hint: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """What one field may refer to: of a kind, and of one tenant if that is settled already."""

    prefix: Prefix
    principal: Principal
    tenant_id: UUID | None = None
    is_writable_only: bool = False
    excluded: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def kind(self) -> Kind:
        return KINDS[self.prefix]

    @property
    def rows(self) -> Any:
        rows = self.kind.rows(self.principal).exclude(pk__in=self.excluded)
        rows = rows.writable_by(self.principal) if self.is_writable_only else rows
        return rows.filter(tenant=self.tenant_id) if self.tenant_id else rows

    def options(self) -> list[tuple[str, str]]:
        """The newest: the name to type for each, and its description."""
        return [(self.name_of(each), self.kind.describe(each)) for each in self.rows.order_by("-pk")[:MAX_OPTIONS]]

    def name_of(self, instance: Any) -> str:
        return str(getattr(instance, self.kind.exact[0]))

    def name_for(self, handle: str) -> str:
        """The name to type for an id; the id itself, if it is none of these."""
        instance = self.rows.filter(pk=decode_id(self.prefix, handle)).first()
        return self.name_of(instance) if instance else handle

    def resolve(self, text: str) -> str:
        """The id that a text means. One that is typed as an id is left for the serializer to judge."""
        if decode_id(self.prefix, text):
            return text
        condition = Q()
        for column in self.kind.exact:
            condition |= Q(**{column: text.lower() if column in ("email", "slug") else text})
        rows = list(self.rows.filter(condition).order_by("-pk")[:MAX_MATCHES])
        if len(rows) == 1:
            return str(rows[0].handle)
        if rows:
            raise AmbiguousName(f"Several match {text}. Choose one of them.", self._describe(rows))
        similar = self._similar(text)
        advice = " Choose one of the similar names, or type another." if similar else ""
        raise AmbiguousName(f"No {self.kind.label} “{text}” found.{advice}", self._describe(similar))

    def _similar(self, text: str) -> list[Any]:
        condition = Q()
        for column in self.kind.searched:
            condition |= Q(**{f"{column}__icontains": text})
        return list(self.rows.filter(condition).order_by("-pk")[:MAX_MATCHES])

    def _describe(self, rows: Sequence[Any]) -> list[tuple[str, str]]:
        return [(each.handle, f"{self.name_of(each)} · {self.kind.describe(each)}") for each in rows]


KINDS: dict[Prefix, Kind] = {
    Prefix.PARTNER: Kind(
        "partner",
        Tier.SUPER,
        lambda me: Partner.objects.visible_to(me).not_deleted(),
        ("slug", "name"),
        ("slug", "name"),
        lambda partner: partner.name,
        "Type a name, a slug or an ID.",
    ),
    Prefix.TENANT: Kind(
        "tenant",
        Tier.PARTNER,
        lambda me: (
            Tenant.objects.visible_to(me).not_deleted().filter(partner__deleted_at=None).select_related("partner")
        ),
        ("slug", "name"),
        ("slug", "name"),
        lambda tenant: f"{tenant.name}, {tenant.partner.name}",
        "Type a name, a slug or an ID.",
    ),
    Prefix.USER: Kind(
        "user",
        Tier.TENANT,
        lambda me: User.objects.visible_to(me).in_existing_tenant().select_related("tenant"),
        ("email",),
        ("email", "display_name", "first_name", "last_name"),
        lambda user: f"{user.name}, {user.tenant.name}" if user.name != user.email else user.tenant.name,
        "Type an e-mail address or an ID.",
    ),
    Prefix.GROUP: Kind(
        "group",
        Tier.TENANT,
        lambda me: Group.objects.visible_to(me).in_existing_tenant().select_related("tenant"),
        ("name",),
        ("name", "description"),
        lambda group: group.tenant.name,
        "Type a name or an ID.",
    ),
}
