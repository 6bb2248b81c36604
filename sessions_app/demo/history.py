"""The demo's sessions: signed in over the last weeks, most of them live, with the audit entries they left."""

import random
from datetime import datetime, timedelta
from operator import attrgetter, itemgetter
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import Application, Role, TotpDevice, User
from accounts.operations.sign_in import as_principal
from audit.actions import Action, Result
from audit.operations import record
from core.access import Origin
from core.ids import uuid7
from core.timestamps import milliseconds
from sessions_app import devices
from sessions_app.demo.origins import NETWORKS, USER_AGENTS, location_of
from sessions_app.demo.people import People
from sessions_app.models import AuthMethod, Revocation, RevocationScope, Session, SessionApplication
from sessions_app.operations.revocation import REASON_BY_ADMIN, REASON_BY_USER

SIGNED_OUT = "signed out"
REASONS = [SIGNED_OUT, REASON_BY_USER, REASON_BY_ADMIN]
SESSIONS_PER_USER = 15
ADMIN_ORIGIN = Origin("10.20.0.7", USER_AGENTS[3])


class History:
    """Collects the rows of everybody's sessions, and writes them at once."""

    def __init__(self, dice: random.Random, applications: list[Application], people: People) -> None:
        self.dice, self.applications, self.now = dice, applications, timezone.now()
        self.admin = people["super@curfew.example"]
        self.with_mfa = set(TotpDevice.objects.filter(user__in=people.values()).values_list("user_id", flat=True))
        self.entries: list[dict[str, Any]] = []
        self.sessions: list[Session] = []
        self.revocations: list[Revocation] = []
        self.used_applications: list[SessionApplication] = []
        for user in people.values():
            self._add_user(user)

    def _add_user(self, user: User) -> None:
        user_agents = self.dice.sample(USER_AGENTS, 3)
        addresses = [(network, network.format(self.dice.randint(2, 250))) for network in self.dice.sample(NETWORKS, 3)]
        for _ in range(SESSIONS_PER_USER):
            created_at = self.now - timedelta(minutes=self.dice.expovariate(1 / (60 * 24 * 6)))
            session = self._session(user, created_at, self.dice.choice(user_agents), *self.dice.choice(addresses))
            self._add_session(session)

    def _session(self, user: User, created_at: datetime, user_agent: str, network: str, address: str) -> Session:
        device, location = devices.describe(user_agent), location_of(network, address)
        lifetime = timedelta(days=14) if user.role == Role.USER else timedelta(seconds=settings.ADMIN_SESSION_LIFETIME)
        expires_at = created_at + lifetime
        last_activity_at = created_at + (min(self.now, expires_at) - created_at) * self.dice.random() ** 0.3
        return Session(
            id=uuid7(milliseconds(created_at)),
            user=user,
            tenant=user.tenant,
            partner_id=user.tenant.partner_id,
            role=user.role,
            auth_method=AuthMethod.MFA if user.pk in self.with_mfa else AuthMethod.PASSWORD,
            ip_address=address,
            last_ip_address=address,
            user_agent=user_agent,
            browser=device.browser,
            os=device.os,
            device_type=device.device_type,
            location=location.name,
            country=location.country,
            created_at=created_at,
            last_activity_at=last_activity_at,
            expires_at=expires_at,
            idle_limit=timedelta(days=7),
            due_at=min(last_activity_at + timedelta(days=7), expires_at),
            revision=0,
        )

    def _add_session(self, session: Session) -> None:
        user, origin = session.user, Origin(session.ip_address, session.user_agent)
        self.sessions.append(session)
        if self.dice.random() < 0.08:
            just_before = session.created_at - timedelta(seconds=self.dice.randint(5, 40))
            refused = {"result": Result.FAILURE, "changes": {"reason": "wrong password"}}
            self._add_entry(Action.SIGNED_IN, user, origin, just_before, resource=user, **refused)
        changes = {"auth_method": session.auth_method}
        self._add_entry(Action.SIGNED_IN, user, origin, session.created_at, resource=session, changes=changes)
        self._use_applications(session)
        if self.dice.random() < 0.15:
            self._end(session, origin)

    def _use_applications(self, session: Session) -> None:
        usable = [each for each in self.applications if each.tenant_id in (None, session.tenant_id)]
        for application in self.dice.sample(usable, self.dice.randint(0, 3)):
            self.used_applications.append(
                SessionApplication(session=session, application=application, accessed_at=session.last_activity_at)
            )

    def _end(self, session: Session, origin: Origin) -> None:
        """At the session's last activity: by its user, or by an administrator."""
        reason, at = self.dice.choice(REASONS), session.last_activity_at
        actor, origin = (self.admin, ADMIN_ORIGIN) if reason == REASON_BY_ADMIN else (session.user, origin)
        revocation = Revocation(
            id=uuid7(milliseconds(at)),
            reach=RevocationScope.SESSION,
            target_id=session.pk,
            reason=reason,
            actor_id=actor.handle,
            actor_label=actor.email,
            tenant_id=session.tenant_id,
            partner_id=session.partner_id,
            revoked_count=1,
            swept_count=1,
            created_at=at,
            swept_at=at,
        )
        self.revocations.append(revocation)
        session.revocation, session.revoked_at, session.due_at = revocation, at, None
        session.revoked_by, session.revoke_reason = revocation.actor_id, revocation.reason
        if reason == SIGNED_OUT:
            self._add_entry(Action.SIGNED_OUT, actor, origin, at, resource=session)
        else:
            changes = {"reason": reason, "revoked_count": 1, "sessions": [session.handle]}
            self._add_entry(Action.SESSION_REVOKED, actor, origin, at, resource=session, changes=changes)

    def _add_entry(self, action: Action, user: User, origin: Origin, at: datetime, **fields: Any) -> None:
        self.entries.append({"action": action, "actor": as_principal(user, origin), "at": at, **fields})

    def write(self) -> None:
        by_age = sorted(self.sessions, key=attrgetter("created_at"))
        for newest in {each.user_id: each for each in by_age if not each.revoked_at}.values():
            newest.is_newest = True
        Revocation.objects.bulk_create(self.revocations)
        Session.objects.bulk_create(self.sessions)
        SessionApplication.objects.bulk_create(self.used_applications)
        last = Session.objects.filter(user=OuterRef("pk")).newest_first().values("created_at")[:1]
        User.objects.filter(pk__in={each.user_id for each in self.sessions}).update(last_login_at=Subquery(last))
        for entry in sorted(self.entries, key=itemgetter("at")):
            record(**entry)
