"""Who the bench is about: one partner with a tenant of each size, and an operator who may look at all of them."""

import random
import secrets
from dataclasses import dataclass
from uuid import UUID

from accounts import operations as accounts
from accounts.models import Role
from bench.crowds import Crowd, over_beside
from bench.filling import filling
from bench.progress import counting_rows
from core.access import Origin, Principal
from core.ids import Prefix, encode_id
from sessions_app import operations
from sessions_app.models import Session
from sessions_app.operations.sign_ins import access_token
from tenancy.models import Partner, Tenant
from tenancy.operations import create_partner, create_tenant

SYSTEM = Principal.system("bench")
PASSWORD = secrets.token_urlsafe()


@dataclass
class World:
    operator: Session
    tenants: dict[int, Tenant]
    bystander: Tenant  # as large as the big one, and left alone until the end

    @classmethod
    def made(cls, sizes: list[int], big: int) -> "World":
        """A tenant of each size, the bystander, and one that has nothing but a past: `big` sessions long over."""
        staff = Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
        operator = sign_in(staff, "operator@bench.example", Role.SUPER_ADMIN)
        partner = create_partner(actor=SYSTEM, name="Bench", slug="bench")
        *tenants, bystander, deserted = (new_tenant(partner, number) for number in range(len(sizes) + 2))
        dice = random.Random(1707)  # noqa: S311 - believable, not secret
        with filling(operator) as begun, counting_rows(sum(sizes) + big + over_beside(sum(sizes) + big) + big) as told:
            begun.fill(deserted, Crowd.long_gone(dice, big), told)
            for tenant, live in zip([*tenants, bystander], [*sizes, big], strict=True):
                begun.fill(tenant, Crowd.living(dice, live), told)
        return cls(operator, dict(zip(sizes, tenants, strict=True)), bystander)

    def path(self, size: int, rest: str = "") -> str:
        return f"/api/v1/tenants/{self.tenants[size].handle}/sessions{rest}"

    def tokens(self, size: int, how_many: int) -> list[str]:
        return self.tokens_of(self.tenants[size], how_many)

    def tokens_of(self, tenant: Tenant, how_many: int) -> list[str]:
        """Of people of that tenant, from all over the time in which they signed in."""
        rows = Session.objects.filter(tenant=tenant, revoked_at=None)
        chosen = rows.order_by("refresh_digest").select_related("user__tenant")[:how_many]
        return [access_token(session) for session in chosen]

    def end_what_came_since(self, began: UUID) -> None:
        """As many are live again in each tenant as were loaded."""
        newer = Session.objects.filter(tenant__in=self.tenants.values(), pk__gte=began, revoked_at=None)
        operations.revoke(newer, actor=SYSTEM, reason="measured")

    def operators_token(self) -> str:
        return access_token(self.operator)


def sign_in(tenant: Tenant, email: str, role: Role = Role.USER) -> Session:
    accounts.create_user(actor=SYSTEM, tenant=tenant, email=email, password=PASSWORD, role=role)
    return sign_in_again(tenant, email)


def sign_in_again(tenant: Tenant, email: str) -> Session:
    where = tenant.slug or encode_id(Prefix.TENANT, tenant.pk)
    credentials = accounts.Credentials(email, PASSWORD, where)
    return operations.sign_in(credentials, origin=Origin("192.0.2.1")).session


def new_tenant(partner: Partner, number: int) -> Tenant:
    return create_tenant(actor=SYSTEM, partner=partner, name=f"Tenant {number}", slug=f"bench-{number}")
