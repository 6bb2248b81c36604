"""Users with a session, and the credentials that their requests carry."""

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
class Caller:
    session: Session
    refresh_token: str
    key: str

    @property
    def bearer(self) -> str:
        """Return a header with a new access token: one expires after ten minutes, and a bench takes longer."""
        return f"Authorization: Bearer {access_token(self.session)}"

    @property
    def cookie(self) -> str:
        return f"Cookie: {cookies.name()}={self.key}"


def open_session(user: User) -> Caller:
    """Sign the user in by the product's own operation, without the cost of verifying a password hash."""
    tenant = user.tenant.slug or encode_id(Prefix.TENANT, user.tenant_id)
    account = accounts.find_account(accounts.Credentials(user.email, PASSWORD, tenant))
    assert account, f"{user.email} cannot sign in"
    opened = operations.open(accounts.VerifiedSignIn(account, "password", ORIGIN), actor=SYSTEM, with_key=True)
    return Caller(opened.session, str(opened.refresh_token), str(opened.key))


def create_user(tenant: Tenant, email: str, role: Role = Role.USER) -> User:
    return accounts.create_user(actor=SYSTEM, tenant=tenant, email=email, password=PASSWORD, role=role)
