"""Who the tests are about, by name: `ada` is a user of north, `north_admin` runs it, `acme_partner` owns it."""

import json
import pickle
import secrets
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client

from accounts import operations as accounts
from accounts.models import Application, Role, User
from core.access import Origin, Scope
from core.ids import Prefix, encode_id
from sessions_app import operations
from sessions_app.models import Session
from sessions_app.operations.sign_ins import OpenedSession, access_token
from tenancy.models import Partner, Tenant
from tests import copied_sign_ins
from tests.factories import PASSWORD, SYSTEM, ApplicationFactory, PartnerFactory, TenantFactory, UserFactory

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


@dataclass
class Caller:
    """Somebody at a client, who has signed in, or not."""

    token: str | None = None
    session: Session | None = None
    refresh_token: str | None = None
    key: str = ""
    http: Client = field(default_factory=Client)

    def request(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= extra.pop("headers", {})
        data = b"" if body is None else json.dumps(body).encode()
        content_type = extra.pop("content_type", "application/json" if body is not None else "")
        return self.http.generic(method, path, data, content_type=content_type, headers=headers, **extra)

    def get(self, path: str, **extra: Any) -> Any:
        return self.request("GET", path, **extra)

    def post(self, path: str, body: Any = None, **extra: Any) -> Any:
        return self.request("POST", path, body, **extra)

    def delete(self, path: str, body: Any = None, **extra: Any) -> Any:
        return self.request("DELETE", path, body, **extra)

    def copy(self) -> "Caller":
        """The same credentials at another client."""
        session = pickle.loads(pickle.dumps(self.session))
        return Caller(self.token, session, self.refresh_token, self.key)

    @property
    def session_id(self) -> str:
        assert self.session is not None
        return self.session.handle

    @property
    def user(self) -> User:
        assert self.session is not None
        return self.session.user


def _caller_of(opened: OpenedSession) -> Caller:
    return Caller(access_token(opened.session), opened.session, str(opened.refresh_token), str(opened.key))


@cache
def _tenants(suffix: str, database: str) -> bytes:
    """The tenants of a world in a database, looked up once: what tests change of them is rolled back."""
    names = [f"{name}{suffix}" for name in ("north", "south", "springfield")]
    tenants = {each.slug: each for each in Tenant.objects.select_related("partner").filter(slug__in=names)}
    return pickle.dumps([tenants[name] for name in names])


class World:
    """Acme with its tenants north and south, Globex with springfield, and an operator above them all."""

    def __init__(self, suffix: str = "") -> None:
        self.suffix = suffix
        self.north, self.south, self.springfield = pickle.loads(_tenants(suffix, connection.settings_dict["NAME"]))
        self.acme, self.globex = self.north.partner, self.springfield.partner

    @classmethod
    def commit(cls, suffix: str = "") -> "World":
        """Make the partners and tenants, to be looked up from then on."""
        for partner, tenants in (("acme", ("north", "south")), ("globex", ("springfield",))):
            made = PartnerFactory(name=partner.title(), slug=f"{partner}{suffix}")
            for name in tenants:
                TenantFactory(partner=made, name=name, slug=f"{name}{suffix}")
        return cls(suffix)

    @classmethod
    def unique(cls) -> "World":
        return cls.commit(f"-{secrets.token_hex(4)}")

    def copy(self) -> "World":
        """As it was committed, with those who have signed in to this one."""
        fresh = World(self.suffix)
        vars(fresh).update({name: value.copy() for name, value in vars(self).items() if isinstance(value, Caller)})
        return fresh

    def tenant(self, partner: Partner, name: str, **fields: Any) -> Tenant:
        return TenantFactory(partner=partner, name=name, slug=f"{name}{self.suffix}", **fields)

    def person(self, name: str, tenant: Tenant, role: Role = Role.USER) -> User:
        """The user of that name, created if need be."""
        email = self._email(name, tenant)
        user = User.objects.filter(tenant=tenant, email=email).first()
        return user or UserFactory(tenant=tenant, email=email, role=role)

    def _email(self, name: str, tenant: Tenant) -> str:
        return f"{name}@{tenant.slug or f'staff{self.suffix}'}.example"

    def signed_in(self, user: User, **origin: Any) -> Caller:
        """A session opened as a sign-in opens it, without the wait for the password's hash."""
        return _caller_of(self._open(user, **origin))

    def _open(self, user: User, **origin: Any) -> OpenedSession:
        return operations.open(self.proof(user, **origin), actor=SYSTEM, with_key=True)

    def proof(self, user: User, **origin: Any) -> accounts.VerifiedSignIn:
        candidate = accounts.find_account(accounts.Credentials(user.email, PASSWORD, user.tenant.slug))
        assert candidate is not None
        where = Origin(**{"ip_address": "192.0.2.10", "user_agent": CHROME, "request_id": "test"} | origin)
        return accounts.VerifiedSignIn(candidate, "password", where)

    def service(self, *scopes: Scope) -> Caller:
        """A platform token of a GLOBAL SERVICE application that is allowed `scopes`."""
        name = f"service-{'-'.join(scopes).replace(':', '-')}{self.suffix}"
        self.make_service(name, list(scopes))
        token = accounts.issue_token(name, f"{name}-secret", None, origin=Origin())
        return Caller(token.access_token)

    def make_service(self, name: str, scopes: list[Scope]) -> Application:
        existing = Application.objects.filter(client_id=name).first()
        return existing or ApplicationFactory(
            name=name,
            application_type=Application.Type.SERVICE,
            client_id=name,
            allowed_scopes=list(scopes),
            secret=f"{name}-secret",
        )

    @cached_property
    def nobody(self) -> Caller:
        return Caller()

    @cached_property
    def ada(self) -> Caller:
        return self._caller("ada", self.north)

    @cached_property
    def alan(self) -> Caller:
        return self._caller("alan", self.north)

    @cached_property
    def katherine(self) -> Caller:
        return self._caller("katherine", self.south)

    @cached_property
    def lisa(self) -> Caller:
        return self._caller("lisa", self.springfield)

    @cached_property
    def north_admin(self) -> Caller:
        return self._caller("admin", self.north, Role.TENANT_ADMIN)

    @cached_property
    def springfield_admin(self) -> Caller:
        return self._caller("admin", self.springfield, Role.TENANT_ADMIN)

    @cached_property
    def acme_partner(self) -> Caller:
        return self._caller("partner", self.staff_of(self.acme), Role.PARTNER_ADMIN)

    @cached_property
    def globex_partner(self) -> Caller:
        return self._caller("boss", self.staff_of(self.globex), Role.PARTNER_ADMIN)

    @cached_property
    def super_admin(self) -> Caller:
        staff = Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
        return self._caller("super", staff, Role.SUPER_ADMIN)

    def _caller(self, name: str, tenant: Tenant, role: Role = Role.USER) -> Caller:
        """Somebody who has just signed in: as a copy of an earlier sign-in where nothing has changed since."""
        opened = copied_sign_ins.copied(self._email(name, tenant), actor=SYSTEM)
        if opened is None:
            opened = self._open(self.person(name, tenant, role))
            copied_sign_ins.remember(opened)
        return _caller_of(opened)

    @staticmethod
    def staff_of(partner: Partner) -> Tenant:
        return Tenant.objects.get(partner=partner, kind=Tenant.Kind.PARTNER_STAFF)


def some_id(prefix: Prefix) -> str:
    """Well formed, and nobody's."""
    return encode_id(prefix, UUID(int=(0x0190 << 112) | secrets.randbits(100)))
