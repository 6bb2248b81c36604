"""What a form can point at: found by what people call it, within what its reader may choose from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import Group, User
from core.access import Principal, Tier
from core.ids import Prefix, decode_id
from tenancy.models import Partner, Tenant

OFFERED, FOUND = 50, 20


class AmbiguousName(Exception):
    """Nothing is called so, or several are, or something only nearly. `matches` are those to choose from."""

    def __init__(self, words: str, matches: list[tuple[str, str]]) -> None:
        super().__init__(words)
        self.words, self.matches = words, matches


@dataclass(frozen=True, slots=True)
class Kind:
    """`exact` are columns whose text names one; `about` says which it is, to somebody who reads."""

    noun: str
    since: Tier  # whoever has more than one to choose from
    rows: Callable[[Principal], Any]
    exact: Sequence[str]
    searched: Sequence[str]
    about: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Lookup:
    """What one field may be given: of a kind, and of one tenant if that is settled already."""

    prefix: Prefix
    me: Principal
    tenant_id: UUID | None = None
    writable: bool = False
    but: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def kind(self) -> Kind:
        return KINDS[self.prefix]

    @property
    def rows(self) -> Any:
        rows = self.kind.rows(self.me).exclude(pk__in=self.but)
        rows = rows.writable_by(self.me) if self.writable else rows
        return rows.filter(tenant=self.tenant_id) if self.tenant_id else rows

    def offered(self) -> list[tuple[str, str]]:
        """The newest: what to write for each, and which it is."""
        return [(self.name_of(each), self.kind.about(each)) for each in self.rows.order_by("-pk")[:OFFERED]]

    def name_of(self, thing: Any) -> str:
        return str(getattr(thing, self.kind.exact[0]))

    def named(self, handle: str) -> str:
        """What to write for it; its id, if it is none of these."""
        found = self.rows.filter(pk=decode_id(self.prefix, handle)).first()
        return self.name_of(found) if found else handle

    def handle_of(self, text: str) -> str:
        """An id is left for v1 to judge, whosever it is."""
        if decode_id(self.prefix, text):
            return text
        exact = Q()
        for column in self.kind.exact:
            exact |= Q(**{column: text.lower() if column in ("email", "slug") else text})
        found = list(self.rows.filter(exact).order_by("-pk")[:FOUND])
        if len(found) == 1:
            return str(found[0].handle)
        if found:
            raise AmbiguousName(f"Several match {text}. Choose one of them.", self._told(found))
        near = self._near(text)
        onward = " Choose one of the similar names, or type another." if near else ""
        raise AmbiguousName(f"No {self.kind.noun} “{text}” found.{onward}", self._told(near))

    def _near(self, text: str) -> list[Any]:
        like = Q()
        for column in self.kind.searched:
            like |= Q(**{f"{column}__icontains": text})
        return list(self.rows.filter(like).order_by("-pk")[:FOUND])

    def _told(self, rows: Sequence[Any]) -> list[tuple[str, str]]:
        return [(each.handle, f"{self.name_of(each)} · {self.kind.about(each)}") for each in rows]


KINDS: dict[Prefix, Kind] = {
    Prefix.PARTNER: Kind(
        "partner",
        Tier.SUPER,
        lambda me: Partner.objects.visible_to(me).not_deleted(),
        ("slug", "name"),
        ("slug", "name"),
        lambda partner: partner.name,
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
    ),
    Prefix.USER: Kind(
        "user",
        Tier.TENANT,
        lambda me: User.objects.visible_to(me).in_existing_tenant().select_related("tenant"),
        ("email",),
        ("email", "display_name", "first_name", "last_name"),
        lambda user: f"{user.name}, {user.tenant.name}" if user.name != user.email else user.tenant.name,
    ),
    Prefix.GROUP: Kind(
        "group",
        Tier.TENANT,
        lambda me: Group.objects.visible_to(me).in_existing_tenant().select_related("tenant"),
        ("name",),
        ("name", "description"),
        lambda group: group.tenant.name,
    ),
}
