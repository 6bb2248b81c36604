"""The data of the bench: a partner with a tenant of each size, and an operator who can see all of them."""

import random
import secrets
from dataclasses import dataclass
from uuid import UUID

from accounts import operations as accounts
from accounts.models import Role
from bench.populations import Population, ended_for
from bench.progress import row_progress
from bench.session_loader import bulk_load
from core.access import Origin, Principal
from core.ids import Prefix, encode_id
from sessions_app import operations
from sessions_app.models import Session
from sessions_app.operations.sign_ins import access_token
from tenancy import operations as tenancy
from tenancy.models import Partner, Tenant

SYSTEM = Principal.system("bench")
PASSWORD = secrets.token_urlsafe()


@dataclass
class World:
    operator: Session
    tenants: dict[int, Tenant]
    second_tenant: Tenant  # as large as the big one, and unchanged until the end

    @classmethod
    def create(cls, sizes: list[int], big: int) -> "World":
        """Create a tenant of each size, the second big one, and one whose sessions are all due to be purged."""
        staff = Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
        operator = sign_in_new_user(staff, "operator@bench.example", Role.SUPER_ADMIN)
        partner = tenancy.create_partner(actor=SYSTEM, name="Bench", slug="bench")
        *tenants, second, purgeable = (create_tenant(partner, number) for number in range(len(sizes) + 2))
        rng = random.Random(1707)  # noqa: S311 - realistic, not secret
        live = sum(sizes) + big
        with bulk_load(operator) as loader, row_progress(live + ended_for(live) + big) as on_progress:
            loader.load(purgeable, Population.past_retention(rng, big), on_progress)
            for tenant, size in zip([*tenants, second], [*sizes, big], strict=True):
                loader.load(tenant, Population.with_live(rng, size), on_progress)
        return cls(operator, dict(zip(sizes, tenants, strict=True)), second)

    def path(self, size: int, rest: str = "") -> str:
        return f"/api/v1/tenants/{self.tenants[size].handle}/sessions{rest}"

    def tokens(self, size: int, count: int) -> list[str]:
        return self.tokens_of(self.tenants[size], count)

    def tokens_of(self, tenant: Tenant, count: int) -> list[str]:
        """Return access tokens of sessions that are spread evenly over the tenant's history."""
        live = Session.objects.filter(tenant=tenant, revoked_at=None)
        sample = live.order_by("refresh_digest").select_related("user__tenant")[:count]
        return [access_token(session) for session in sample]

    def revoke_sessions_since(self, start: UUID) -> None:
        """Revoke what was opened since then, so that each tenant has as many live sessions as were loaded."""
        newer = Session.objects.filter(tenant__in=self.tenants.values(), pk__gte=start, revoked_at=None)
        operations.revoke(newer, actor=SYSTEM, reason="measured")

    def operator_token(self) -> str:
        return access_token(self.operator)


def sign_in_new_user(tenant: Tenant, email: str, role: Role = Role.USER) -> Session:
    accounts.create_user(actor=SYSTEM, tenant=tenant, email=email, password=PASSWORD, role=role)
    return sign_in(tenant, email)


def sign_in(tenant: Tenant, email: str) -> Session:
    credentials = accounts.Credentials(email, PASSWORD, tenant.slug or encode_id(Prefix.TENANT, tenant.pk))
    return operations.sign_in(credentials, origin=Origin("192.0.2.1")).session


def create_tenant(partner: Partner, number: int) -> Tenant:
    return tenancy.create_tenant(actor=SYSTEM, partner=partner, name=f"Tenant {number}", slug=f"bench-{number}")
