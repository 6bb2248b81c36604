"""A small world to try things in: two partners, three tenants, and a few hundred sessions with a past."""

import random
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts import operations as accounts
from accounts.models import Application, Role, User
from accounts.operations.sign_in import as_principal
from audit.actions import Action, Result
from audit.operations import record
from core.access import Origin, Principal, Scope
from core.ids import uuid7
from core.timestamps import milliseconds
from sessions_app import devices
from sessions_app.models import AuthMethod, Reach, Revocation, Session, SessionApplication
from sessions_app.operations.revocation import REASON_BY_ADMIN, REASON_BY_USER
from tenancy.models import Partner, Tenant
from tenancy.operations import create_partner, create_tenant

PASSWORD = "curfew-demo"  # noqa: S105 - printed for everybody to use, on a database that nobody else reaches
PEOPLE = {
    "north": ["Ada Lovelace", "Alan Turing", "Grace Hopper", "Edsger Dijkstra", "Barbara Liskov"],
    "south": ["Katherine Johnson", "Claude Shannon", "Radia Perlman", "Donald Knuth", "Hedy Lamarr"],
    "springfield": ["Lisa Simpson", "Ned Flanders", "Edna Krabappel", "Apu Nahasapeemapetilon", "Selma Bouvier"],
}
USER_AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
    " Mobile Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1",
]
# Ranges set aside for documentation (RFC 5737, RFC 3849) and private ones: nobody's real address.
NETWORKS = ["192.0.2.{}", "198.51.100.{}", "203.0.113.{}", "10.20.0.{}", "192.168.1.{}", "2001:db8::{}"]
DESK = Origin("10.20.0.7", USER_AGENTS[3])
SIGNED_OUT = "signed out"
REASONS = [SIGNED_OUT, REASON_BY_USER, REASON_BY_ADMIN]
SESSIONS_PER_PERSON = 15


@transaction.atomic
def load() -> bool:
    """Make it, once. False when it is already there."""
    if Partner.objects.filter(slug="acme").exists():
        return False
    actor = Principal.system("load_demo")
    services = _applications(actor)
    people = [*_operators(actor), *_partners(actor)]
    past = Past(random.Random(1707), services, people[0])  # noqa: S311 - believable, not secret
    for person in people:
        past.of(person)
    past.write()
    return True


def _operators(actor: Principal) -> list[User]:
    staff = Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
    return [_person(actor, staff, "super@curfew.example", "Sam Super", Role.SUPER_ADMIN)]


def _partners(actor: Principal) -> list[User]:
    people = []
    for partner_name, tenants in (("Acme", ["north", "south"]), ("Globex", ["springfield"])):
        partner = create_partner(actor=actor, name=partner_name, slug=partner_name.lower())
        staff = Tenant.objects.get(partner=partner, kind=Tenant.Kind.PARTNER_STAFF)
        email = f"partner@{partner.slug}.example"
        people.append(_person(actor, staff, email, f"Pat {partner_name}", Role.PARTNER_ADMIN))
        for slug in tenants:
            people += _tenant(actor, partner, slug)
    return people


def _tenant(actor: Principal, partner: Partner, slug: str) -> list[User]:
    tenant = create_tenant(actor=actor, partner=partner, name=slug.capitalize(), slug=slug)
    admin = _person(actor, tenant, f"admin@{slug}.example", f"{slug.capitalize()} Admin", Role.TENANT_ADMIN)
    users = [
        _person(actor, tenant, f"{name.split()[0].lower()}@{slug}.example", name, Role.USER) for name in PEOPLE[slug]
    ]
    return [admin, *users]


def _person(actor: Principal, tenant: Tenant, email: str, name: str, role: Role) -> User:
    first_name, _, last_name = name.partition(" ")
    return accounts.create_user(
        actor=actor,
        tenant=tenant,
        email=email,
        password=PASSWORD,
        role=role,
        first_name=first_name,
        last_name=last_name,
    )


def _applications(actor: Principal) -> list[Application]:
    """The platform's own service, and what people sign in to. Only the latter are reached in sessions."""
    accounts.create_application(
        actor=actor,
        name="Demo service",
        application_type=Application.Type.SERVICE,
        scope=Application.Scope.GLOBAL,
        client_id="demo-service",
        allowed_scopes=list(Scope),
        secret="demo-service-secret",  # noqa: S106 - printed for everybody to use
    )
    return [
        accounts.create_application(
            actor=actor,
            name=name,
            application_type=Application.Type.WEB,
            scope=Application.Scope.GLOBAL,
            client_id=name.lower().replace(" ", "-"),
        )[0]
        for name in ("Mail", "Files", "Time sheets")
    ]


class Past:
    """Sessions that were opened over the last weeks, most of them still live; and what is on record of them."""

    def __init__(self, dice: random.Random, applications: list[Application], operator: User) -> None:
        self.dice, self.applications, self.operator, self.now = dice, applications, operator, timezone.now()
        self.acts: list[dict[str, Any]] = []
        self.sessions: list[Session] = []
        self.revocations: list[Revocation] = []
        self.reached: list[SessionApplication] = []

    def of(self, user: User) -> None:
        agents = self.dice.sample(USER_AGENTS, 3)
        homes = [network.format(self.dice.randint(2, 250)) for network in self.dice.sample(NETWORKS, 3)]
        for _ in range(SESSIONS_PER_PERSON):
            opened = self.now - timedelta(minutes=self.dice.expovariate(1 / (60 * 24 * 6)))
            self._session(user, opened, self.dice.choice(agents), self.dice.choice(homes))

    def _session(self, user: User, opened: datetime, user_agent: str, address: str) -> None:
        device = devices.describe(user_agent)
        lifetime = timedelta(days=14) if user.role == Role.USER else timedelta(seconds=settings.ADMIN_SESSION_LIFETIME)
        expires_at = opened + lifetime
        seen = opened + (min(self.now, expires_at) - opened) * self.dice.random() ** 0.3
        session = Session(
            id=uuid7(int(opened.timestamp() * 1000)),
            user=user,
            tenant=user.tenant,
            partner_id=user.tenant.partner_id,
            role=user.role,
            auth_method=self.dice.choice([AuthMethod.PASSWORD, AuthMethod.PASSWORD, AuthMethod.MFA]),
            ip_address=address,
            last_ip_address=address,
            user_agent=user_agent,
            browser=device.browser,
            os=device.os,
            device_type=device.device_type,
            location=devices.locate(address),
            created_at=opened,
            last_activity_at=seen,
            expires_at=expires_at,
            idle_limit=timedelta(days=7),
            due_at=min(seen + timedelta(days=7), expires_at),
            revision=0,
        )
        self.sessions.append(session)
        origin = Origin(address, user_agent)
        if self.dice.random() < 0.08:
            before = opened - timedelta(seconds=self.dice.randint(5, 40))
            refused = {"result": Result.FAILURE, "changes": {"reason": "wrong password"}}
            self._did(Action.SIGNED_IN, user, origin, before, resource=user, **refused)
        how = {"auth_method": session.auth_method}
        self._did(Action.SIGNED_IN, user, origin, opened, resource=session, changes=how)
        for application in self.dice.sample(self.applications, self.dice.randint(0, 3)):
            self.reached.append(SessionApplication(session=session, application=application, accessed_at=seen))
        if self.dice.random() < 0.15:
            self._end(session, user, seen, origin)

    def _end(self, session: Session, user: User, at: datetime, origin: Origin) -> None:
        reason = self.dice.choice(REASONS)
        by, origin = (self.operator, DESK) if reason == REASON_BY_ADMIN else (user, origin)
        revocation = Revocation(
            id=uuid7(milliseconds(at)),
            reach=Reach.SESSION,
            target_id=session.pk,
            reason=reason,
            actor_id=by.handle,
            actor_label=by.email,
            tenant_id=user.tenant_id,
            partner_id=user.tenant.partner_id,
            revoked_count=1,
            swept_count=1,
            created_at=at,
            swept_at=at,
        )
        self.revocations.append(revocation)
        session.revocation, session.revoked_at, session.due_at = revocation, at, None
        session.revoked_by, session.revoke_reason = revocation.actor_id, revocation.reason
        if reason == SIGNED_OUT:
            self._did(Action.SIGNED_OUT, by, origin, at, resource=session)
        else:
            told = {"reason": reason, "revoked_count": 1, "sessions": [session.handle]}
            self._did(Action.SESSION_REVOKED, by, origin, at, resource=session, changes=told)

    def _did(self, action: Action, who: User, origin: Origin, at: datetime, **more: Any) -> None:
        self.acts.append({"action": action, "actor": as_principal(who, origin), "at": at, **more})

    def write(self) -> None:
        for session in {each.user_id: each for each in sorted(self.sessions, key=born) if not each.revoked_at}.values():
            session.is_newest = True
        Revocation.objects.bulk_create(self.revocations)
        Session.objects.bulk_create(self.sessions)
        SessionApplication.objects.bulk_create(self.reached)
        last = Session.objects.filter(user=OuterRef("pk")).newest_first().values("created_at")[:1]
        User.objects.filter(pk__in={each.user_id for each in self.sessions}).update(last_login_at=Subquery(last))
        for act in sorted(self.acts, key=itemgetter("at")):
            record(**act)


def born(session: Session) -> datetime:
    return session.created_at
