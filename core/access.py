"""Principals, their tiers and scopes, and the query sets that these narrow. No tables and no HTTP here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID, uuid4

from django.db import models

from core.ids import Prefix, encode_id


class Tier(IntEnum):
    """The level of a principal. A higher tier may do all that a lower one may, within its own tenants."""

    NONE = 0
    USER = 1
    TENANT = 2
    PARTNER = 3
    SUPER = 4


class Scope(StrEnum):
    """The administrative rights that a service or an agent can be granted. Neither implies the other."""

    ADMIN_READ = "admin:read"
    ADMIN_WRITE = "admin:write"


class ActorType(StrEnum):
    ADMIN_KEY = "admin_key"
    AGENT = "agent"
    ANONYMOUS = "anonymous"
    API_KEY = "api_key"
    PLATFORM = "platform"
    SYSTEM = "system"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as sessions and audit entries record it."""

    ip_address: str | None = None
    user_agent: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, with their current rights. Built by an authenticator or by `system`, never from a token's claims.

    `delegate` is a client that acts for a user, limited by its `scopes`. `session_until` is when the session expires
    if it is not used again.
    """

    type: ActorType
    id: str
    label: str
    tier: Tier
    user_id: UUID | None = None
    tenant_id: UUID | None = None
    partner_id: UUID | None = None
    session_id: UUID | None = None
    session_until: datetime | None = None
    scopes: frozenset[Scope] = frozenset()
    delegate: str = ""
    origin: Origin = field(default_factory=Origin)

    @classmethod
    def system(cls, name: str) -> Self:
        """Build the principal of a command or a job. It sees everything, as does anyone with database access."""
        return cls(type=ActorType.SYSTEM, id=f"system:{name}", label=name, tier=Tier.SUPER)

    @classmethod
    def by_admin_key(cls, origin: Origin) -> Self:
        """Build the principal of ADMIN_KEY, which the operators share."""
        return cls(type=ActorType.ADMIN_KEY, id="admin_key", label="ADMIN_KEY", tier=Tier.SUPER, origin=origin)

    @classmethod
    def anonymous(cls, origin: Origin, label: str = "") -> Self:
        return cls(type=ActorType.ANONYMOUS, id="", label=label, tier=Tier.NONE, origin=origin)

    @classmethod
    def user(cls, row: Mapping[str, Any], *, origin: Origin, session_id: UUID | None, type: ActorType) -> Self:  # noqa: A002 - the field's own name
        """Build a user's principal from the columns that authenticators read, with `until` if there is a session."""
        return cls(
            type=type,
            id=encode_id(Prefix.USER, row["user_id"]),
            label=row["email"],
            tier=Tier(row["tier"]),
            user_id=row["user_id"],
            tenant_id=row["tenant_id"],
            partner_id=row["partner_id"],
            session_id=session_id,
            session_until=row.get("until"),
            origin=origin,
        )

    @classmethod
    def agent(
        cls, client_id: str, tenant_id: UUID, partner_id: UUID | None, scopes: frozenset[Scope], *, origin: Origin
    ) -> Self:
        """Build an agent's principal. It has its tenant's tier if it has any administrative scope."""
        return cls(
            type=ActorType.AGENT,
            id=client_id,
            label=client_id,
            tier=Tier.TENANT if scopes else Tier.NONE,
            tenant_id=tenant_id,
            partner_id=partner_id,
            scopes=scopes,
            origin=origin,
        )

    @property
    def stand_in(self) -> Self:
        """A principal that represents all callers of this kind while a query is compiled.

        Its ids are placeholders. The query may depend on everything else in it.
        """
        placeholders = {
            name: value for value, name in zip(_STAND_INS, _IDS, strict=True) if getattr(self, name) is not None
        }
        delegate = "a client" if self.delegate else ""
        return replace(self, **placeholders, label="", session_until=None, delegate=delegate, origin=Origin())

    @property
    def ids(self) -> tuple[Any, ...]:
        """The values for the placeholders of `stand_in`."""
        return (self.user_id, self.tenant_id, self.partner_id, self.session_id, self.id)

    @property
    def is_machine(self) -> bool:
        """Whether there is no user, and so no account or sessions of the caller's own."""
        return self.type in (ActorType.AGENT, ActorType.PLATFORM)

    @property
    def is_scoped(self) -> bool:
        """Whether scopes limit the caller, besides the tier."""
        return self.is_machine or bool(self.delegate)


_IDS = ("user_id", "tenant_id", "partner_id", "session_id", "id")
_STAND_INS: tuple[Any, ...] = (
    *(uuid4() for _ in range(4)),
    f"a caller's id {uuid4()}",
)  # random, so no request can contain them
PRINCIPAL_TYPES: Mapping[Any, str] = dict(zip(_STAND_INS, ("uuid", "uuid", "uuid", "uuid", "text"), strict=True))

M = TypeVar("M", bound=models.Model)
Q = TypeVar("Q", bound=models.QuerySet[Any])


def unfiltered(rows: Q) -> Q:
    """Return all rows of the same query set class, without any filter."""
    return type(rows)(rows.model)


def count_of(rows: models.QuerySet[Any]) -> models.Subquery:
    """Return the number of rows as an expression for another query."""
    return models.Subquery(
        rows.order_by().values(n=models.Func("pk", function="COUNT", output_field=models.IntegerField()))
    )


class ScopedQuerySet(models.QuerySet[M]):
    """Rows that belong to a tenant. The paths are the lookups of the tenant and of its partner."""

    tenant_path: ClassVar[str] = "tenant"
    partner_path: ClassVar[str] = "tenant__partner"

    def visible_to(self, principal: Principal) -> Self:
        """Keep the rows that the principal may see. All others answer as if they did not exist."""
        match principal.tier:
            case Tier.SUPER:
                return self.all()
            case Tier.PARTNER if principal.partner_id is not None:
                return self.filter(**{self.partner_path: principal.partner_id})
            case Tier.TENANT if principal.tenant_id is not None:
                return self.filter(**{self.tenant_path: principal.tenant_id})
            case _:
                return self.none()

    def writable_by(self, principal: Principal) -> Self:
        """Keep the rows that the principal may change: by default, all that they may see."""
        return self.visible_to(principal)
