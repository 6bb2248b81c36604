"""People with a session, and what their requests carry."""

from dataclasses import dataclass

from accounts import operations as accounts
from accounts.models import Role, User
from bench.world import PASSWORD, SYSTEM
from core.access import Origin
from core.ids import Prefix, encode_id
from sessions_app import operations
from sessions_app.api import cookies
from sessions_app.models import Session
from sessions_app.operations.sign_ins import access_token
from tenancy.models import Tenant

ORIGIN = Origin("192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0")


@dataclass(frozen=True)
class Visitor:
    session: Session
    refresh_token: str
    key: str

    @property
    def bearer(self) -> str:
        """A token lasts ten minutes and a bench longer: it is made when it is needed."""
        return f"Authorization: Bearer {access_token(self.session)}"

    @property
    def cookie(self) -> str:
        return f"Cookie: {cookies.name()}={self.key}"


def visitor(user: User) -> Visitor:
    """Signed in as the product signs people in, without the wait for the password's hash."""
    where = user.tenant.slug or encode_id(Prefix.TENANT, user.tenant_id)
    candidate = accounts.find_account(accounts.Credentials(user.email, PASSWORD, where))
    assert candidate, f"{user.email} cannot sign in"
    opened = operations.open(accounts.VerifiedSignIn(candidate, "password", ORIGIN), actor=SYSTEM, with_key=True)
    return Visitor(opened.session, str(opened.refresh_token), str(opened.key))


def made(tenant: Tenant, email: str, role: Role = Role.USER) -> User:
    return accounts.create_user(actor=SYSTEM, tenant=tenant, email=email, password=PASSWORD, role=role)
