"""The model of sessions in plain Python, without SQL, revisions and counters: acts end sessions one by one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Role
from sessions_app.models import RevocationScope, State

IDLE, EXPIRED = "idle", "expired"
TIGHTENED = "session policy tightened"
POLICY = ("session_lifetime", "idle_timeout", "max_sessions", "when_full")


@dataclass(eq=False)
class Owner:
    """The platform, a partner, a tenant, a user or an application."""

    name: str
    reach: RevocationScope
    above: "Owner | None" = None
    role: str = ""
    is_suspended: bool = False
    is_deleted: bool = False
    policy: dict[str, Any] = field(default_factory=dict)

    @property
    def chain(self) -> "Iterator[Owner]":
        yield self
        if self.above:
            yield from self.above.chain

    @property
    def is_active(self) -> bool:
        return not any(each.is_suspended or each.is_deleted for each in self.chain)

    def strictest(self, policy: str) -> Any:
        return min((each.policy[policy] for each in self.chain if each.policy.get(policy) is not None), default=None)


@dataclass(eq=False)
class SignInModel:
    """A verified sign-in that has no session yet."""

    user: Owner
    application: Owner | None
    role: str
    is_revoked: bool = False

    def is_within(self, reach: RevocationScope, target: Owner | None) -> bool:
        match reach:
            case RevocationScope.PLATFORM:
                return True
            case RevocationScope.ADMINS:
                return self.role != "user"
            case RevocationScope.APPLICATION:
                return self.application is target
            case _:
                return target in self.user.chain


@dataclass(frozen=True, slots=True)
class EndingModel:
    reason: str
    at: datetime
    is_by_clock: bool = False


@dataclass(eq=False, kw_only=True)
class SessionModel(SignInModel):
    """A session."""

    pk: UUID
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    idle_limit: timedelta
    device: str
    ended: EndingModel | None = None  # by an act
    written: EndingModel | None = None  # as the row is marked
    has_pending_user_revocation: bool = False

    @property
    def times_out_at(self) -> datetime:
        return min(self.expires_at, self.seen_at + self.idle_limit)

    def state(self, now: datetime) -> State:
        if self.written:
            return State.EXPIRED if self.written.is_by_clock else State.REVOKED
        if self.ended:
            return State.REVOKED
        return State.EXPIRED if self.times_out_at <= now else State.LIVE

    def mark_expired(self) -> None:
        self.written = EndingModel(
            EXPIRED if self.expires_at <= self.times_out_at else IDLE, self.times_out_at, is_by_clock=True
        )


def limits(user: Owner, role: str) -> tuple[timedelta, timedelta]:
    """Return the lifetime of a session, at most a day for an administrator, and its idle timeout."""
    lifetime, idle = (timedelta(seconds=user.strictest(policy)) for policy in POLICY[:2])
    return lifetime if role == Role.USER else min(lifetime, timedelta(days=1)), idle


class Model:
    """All sessions, at the time `now`."""

    def __init__(self, now: datetime, owners: Iterable[Owner]) -> None:
        self.now = now
        self.owners = {owner.name: owner for owner in owners}
        self.sessions: dict[UUID, SessionModel] = {}
        self.sign_ins: list[SignInModel] = []

    def live(self, which: Callable[[SessionModel], bool] = lambda _: True) -> list[SessionModel]:
        """Return live sessions, oldest first."""
        return [each for each in self.sorted_sessions(which) if each.state(self.now) is State.LIVE]

    def sorted_sessions(self, which: Callable[[SessionModel], bool]) -> list[SessionModel]:
        return sorted(filter(which, self.sessions.values()), key=lambda session: session.pk)

    def timed_out(self, which: Callable[[SessionModel], bool] = lambda _: True) -> list[SessionModel]:
        """Return sessions that have timed out and are not marked yet."""
        return [
            each for each in self.sorted_sessions(which) if not each.written and each.state(self.now) is State.EXPIRED
        ]

    def of_user(self, user: Owner) -> list[SessionModel]:
        return self.live(lambda session: session.user is user)

    def evictions_for(self, user: Owner) -> int | None:
        """Return how many sessions a new one evicts; None if the policy refuses it."""
        most = user.strictest("max_sessions")
        too_many = len(self.of_user(user)) + 1 - most if most else 0
        return None if too_many > 0 and user.strictest("when_full") == "deny" else max(too_many, 0)

    def open(self, proof: SignInModel, pk: UUID, device: str) -> None:
        user = proof.user
        for each in self.of_user(user)[: self.evictions_for(user)]:
            self._end(each, "session limit reached, replaced by a newer session")
        lifetime, idle = limits(user, proof.role)
        self.sessions[pk] = SessionModel(
            user=user,
            application=proof.application,
            role=proof.role,
            pk=pk,
            opened_at=self.now,
            seen_at=self.now,
            expires_at=self.now + lifetime,
            idle_limit=idle,
            device=device,
        )

    def end(self, sessions: Iterable[SessionModel], reason: str) -> list[SessionModel]:
        """Revoke individual sessions. Idle ones among them are marked as expired."""
        live = self.live(set(sessions).__contains__)
        for each in live:
            self._end(each, reason)
        for each in self.timed_out(set(sessions).__contains__):
            if each.expires_at > self.now and not each.has_pending_user_revocation:
                each.mark_expired()
        return live

    def end_all(
        self, reach: RevocationScope, target: Owner | None, reason: str, spare: SessionModel | None = None
    ) -> list[SessionModel]:
        """Revoke every session in a scope, and sign-ins in progress. The sweep marks the rows later."""
        live = self.live(lambda session: session.is_within(reach, target) and session is not spare)
        for each in self.timed_out(lambda session: session.is_within(reach, target)):
            each.has_pending_user_revocation |= reach is RevocationScope.USER
            if reach is not RevocationScope.USER:
                each.mark_expired()
        for each in live:
            each.ended = EndingModel(reason, self.now)
            each.written = each.ended if reach is RevocationScope.USER else None
        for proof in self.sign_ins:
            proof.is_revoked |= proof.is_within(reach, target)
        return live

    def sweep(self) -> None:
        for each in self.sessions.values():
            each.written = each.written or each.ended

    def expire(self) -> int:
        over = self.timed_out()
        for each in over:
            each.mark_expired()
        return len(over)

    def purge(self, older_than: timedelta) -> int:
        old = [each.pk for each in self.sessions.values() if each.written and each.written.at < self.now - older_than]
        for pk in old:
            del self.sessions[pk]
        return len(old)

    def apply_policy(self, owner: Owner) -> int:
        """Apply the current policy to live sessions."""
        ended = 0
        for each in self.live(lambda session: owner in session.user.chain):
            lifetime, idle = limits(each.user, each.role)
            if min(each.opened_at + lifetime, each.seen_at + idle) <= self.now:
                ended += len(self.end([each], TIGHTENED))
            else:
                each.expires_at = min(each.expires_at, each.opened_at + lifetime)
                each.idle_limit = min(each.idle_limit, idle)
        too_many = [each for user in self.users(owner) for each in self._too_many(user)]
        return ended + len(self.end(too_many, TIGHTENED))

    def users(self, owner: Owner) -> list[Owner]:
        return [each for each in self.owners.values() if each.reach is RevocationScope.USER and owner in each.chain]

    def _too_many(self, user: Owner) -> list[SessionModel]:
        most = user.strictest("max_sessions")
        return self.of_user(user)[:-most] if most else []

    def _end(self, session: SessionModel, reason: str) -> None:
        session.ended = session.written = EndingModel(reason, self.now)
