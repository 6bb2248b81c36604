"""Who is asking, and how far they see. Touches no table and knows no HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID, uuid4

from django.db import models

from core.ids import Prefix, encode_id


class Tier(IntEnum):
    """How far up somebody stands. A higher tier may do what a lower one may, within its own reach."""

    NONE = 0
    USER = 1
    TENANT = 2
    PARTNER = 3
    SUPER = 4


class Scope(StrEnum):
    """What a machine may be granted of an administrator's rights. Neither implies the other."""

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
    """Where a request came from, for the session's row and the audit's."""

    ip_address: str | None = None
    user_agent: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as the database knows it now. Built by an authenticator or by `system`, never from claims.

    `delegate` is the client that acts for a person, with their rights as far as its `scopes` go. `session_until` is
    when their session ends, if nobody comes by meanwhile.
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
        """A command or a job. It sees everything: whoever may run it has the database already."""
        return cls(type=ActorType.SYSTEM, id=f"system:{name}", label=name, tier=Tier.SUPER)

    @classmethod
    def by_admin_key(cls, origin: Origin) -> Self:
        """Whoever has the key that the operator keeps in the environment; nobody knows which of them it is."""
        return cls(type=ActorType.ADMIN_KEY, id="admin_key", label="ADMIN_KEY", tier=Tier.SUPER, origin=origin)

    @classmethod
    def anonymous(cls, origin: Origin, label: str = "") -> Self:
        return cls(type=ActorType.ANONYMOUS, id="", label=label, tier=Tier.NONE, origin=origin)

    @classmethod
    def user(cls, row: Mapping[str, Any], *, origin: Origin, session_id: UUID | None, type: ActorType) -> Self:  # noqa: A002 - the field's own name
        """From the columns that every authenticator reads of a user: id, email, tier, tenant and partner; of a session,
        how long it lasts as well."""
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
        """It reaches as far as its tenant, if it may administer anything at all."""
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
        """Whoever stands for all callers of this kind while a query is compiled. Queries may depend on everything that
        is left in it, and find stand-ins where the ids were."""
        told = {name: value for value, name in zip(_STAND_INS, _IDS, strict=True) if getattr(self, name) is not None}
        delegate = "a client" if self.delegate else ""
        return replace(self, **told, label="", session_until=None, delegate=delegate, origin=Origin())

    @property
    def ids(self) -> tuple[Any, ...]:
        """What goes where `stand_in` has stand-ins."""
        return (self.user_id, self.tenant_id, self.partner_id, self.session_id, self.id)

    @property
    def is_machine(self) -> bool:
        """Nobody's: there is no person whose account and sessions it could speak of."""
        return self.type in (ActorType.AGENT, ActorType.PLATFORM)

    @property
    def is_scoped(self) -> bool:
        """Its scopes decide what it may do, beside the tier."""
        return self.is_machine or bool(self.delegate)


_IDS = ("user_id", "tenant_id", "partner_id", "session_id", "id")
_STAND_INS: tuple[Any, ...] = (*(uuid4() for _ in range(4)), f"a caller's id {uuid4()}")  # which nobody can send
PRINCIPAL_TYPES: Mapping[Any, str] = dict(zip(_STAND_INS, ("uuid", "uuid", "uuid", "uuid", "text"), strict=True))

M = TypeVar("M", bound=models.Model)
Q = TypeVar("Q", bound=models.QuerySet[Any])


def unfiltered(rows: Q) -> Q:
    """All there is of what these rows are some of."""
    return type(rows)(rows.model)


def count_of(rows: models.QuerySet[Any]) -> models.Subquery:
    """How many rows there are, for use inside another query."""
    return models.Subquery(
        rows.order_by().values(n=models.Func("pk", function="COUNT", output_field=models.IntegerField()))
    )


class ScopedQuerySet(models.QuerySet[M]):
    """Rows that belong to a tenant. The paths lead from the row to it and to its partner."""

    tenant_path: ClassVar[str] = "tenant"
    partner_path: ClassVar[str] = "tenant__partner"

    def visible_to(self, principal: Principal) -> Self:
        """What the caller may know of. Everything else does not exist for them."""
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
        """What of it they may change. The same, where the product does not say otherwise."""
        return self.visible_to(principal)
