"""What sessions are, in plain Python: no SQL, no revisions, no counters. Acts end what they name, one by one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Role
from sessions_app.models import Reach, State

IDLE, EXPIRED = "idle", "expired"
TIGHTENED = "session policy tightened"
POLICY = ("session_lifetime", "idle_timeout", "max_sessions", "when_full")


@dataclass(eq=False)
class Thing:
    """The platform, a partner, a tenant, a user or an application."""

    name: str
    reach: Reach
    above: "Thing | None" = None
    role: str = ""
    is_suspended: bool = False
    is_deleted: bool = False
    policy: dict[str, Any] = field(default_factory=dict)

    @property
    def chain(self) -> "Iterator[Thing]":
        yield self
        if self.above:
            yield from self.above.chain

    @property
    def is_active(self) -> bool:
        return not any(each.is_suspended or each.is_deleted for each in self.chain)

    def strictest(self, policy: str) -> Any:
        return min((each.policy[policy] for each in self.chain if each.policy.get(policy) is not None), default=None)


@dataclass(eq=False)
class Proof:
    """Somebody has proved who they are, and has no session yet."""

    user: Thing
    application: Thing | None
    role: str
    is_stale: bool = False

    def is_within(self, reach: Reach, target: Thing | None) -> bool:
        match reach:
            case Reach.PLATFORM:
                return True
            case Reach.ADMINS:
                return self.role != "user"
            case Reach.APPLICATION:
                return self.application is target
            case _:
                return target in self.user.chain


@dataclass(frozen=True, slots=True)
class End:
    reason: str
    at: datetime
    is_by_clock: bool = False


@dataclass(eq=False, kw_only=True)
class Stay(Proof):
    """A session."""

    pk: UUID
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    idle_limit: timedelta
    device: str
    ended: End | None = None  # by an act
    written: End | None = None  # what the row says
    is_under_its_users_end: bool = False

    @property
    def lapses_at(self) -> datetime:
        return min(self.expires_at, self.seen_at + self.idle_limit)

    def state(self, now: datetime) -> State:
        if self.written:
            return State.EXPIRED if self.written.is_by_clock else State.REVOKED
        if self.ended:
            return State.REVOKED
        return State.EXPIRED if self.lapses_at <= now else State.LIVE

    def mark_expired(self) -> None:
        self.written = End(EXPIRED if self.expires_at <= self.lapses_at else IDLE, self.lapses_at, is_by_clock=True)


def limits(user: Thing, role: str) -> tuple[timedelta, timedelta]:
    """How long a session may last, an administrator's no longer than a day, and how long it may be idle."""
    lifetime, idle = (timedelta(seconds=user.strictest(policy)) for policy in POLICY[:2])
    return lifetime if role == Role.USER else min(lifetime, timedelta(days=1)), idle


class Model:
    """Who is signed in. `now` is the time."""

    def __init__(self, now: datetime, things: Iterable[Thing]) -> None:
        self.now = now
        self.things = {thing.name: thing for thing in things}
        self.stays: dict[UUID, Stay] = {}
        self.proofs: list[Proof] = []

    def live(self, which: Callable[[Stay], bool] = lambda _: True) -> list[Stay]:
        """The oldest first."""
        return [each for each in self.among(which) if each.state(self.now) is State.LIVE]

    def among(self, which: Callable[[Stay], bool]) -> list[Stay]:
        return sorted(filter(which, self.stays.values()), key=lambda stay: stay.pk)

    def lapsed(self, which: Callable[[Stay], bool] = lambda _: True) -> list[Stay]:
        """Those that the clock has ended, and nobody has written down yet."""
        return [each for each in self.among(which) if not each.written and each.state(self.now) is State.EXPIRED]

    def of_user(self, user: Thing) -> list[Stay]:
        return self.live(lambda stay: stay.user is user)

    def room_for(self, user: Thing) -> int | None:
        """How many of the user's sessions have to make room for one more; None if it is refused."""
        most = user.strictest("max_sessions")
        too_many = len(self.of_user(user)) + 1 - most if most else 0
        return None if too_many > 0 and user.strictest("when_full") == "deny" else max(too_many, 0)

    def open(self, proof: Proof, pk: UUID, device: str) -> None:
        user = proof.user
        for each in self.of_user(user)[: self.room_for(user)]:
            self._end(each, "session limit reached, replaced by a newer session")
        lifetime, idle = limits(user, proof.role)
        self.stays[pk] = Stay(
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

    def end(self, stays: Iterable[Stay], reason: str) -> list[Stay]:
        """By name. Of what has gone idle it is written down now that it had."""
        live = self.live(set(stays).__contains__)
        for each in live:
            self._end(each, reason)
        for each in self.lapsed(set(stays).__contains__):
            if each.expires_at > self.now and not each.is_under_its_users_end:
                each.mark_expired()
        return live

    def end_all(self, reach: Reach, target: Thing | None, reason: str, spare: Stay | None = None) -> list[Stay]:
        """Everything within a reach, sign-ins under way too; what is written down of it comes with the sweep."""
        live = self.live(lambda stay: stay.is_within(reach, target) and stay is not spare)
        for each in self.lapsed(lambda stay: stay.is_within(reach, target)):
            each.is_under_its_users_end |= reach is Reach.USER
            if reach is not Reach.USER:
                each.mark_expired()
        for each in live:
            each.ended = End(reason, self.now)
            each.written = each.ended if reach is Reach.USER else None
        for proof in self.proofs:
            proof.is_stale |= proof.is_within(reach, target)
        return live

    def sweep(self) -> None:
        for each in self.stays.values():
            each.written = each.written or each.ended

    def expire(self) -> int:
        over = self.lapsed()
        for each in over:
            each.mark_expired()
        return len(over)

    def purge(self, older_than: timedelta) -> int:
        old = [each.pk for each in self.stays.values() if each.written and each.written.at < self.now - older_than]
        for pk in old:
            del self.stays[pk]
        return len(old)

    def tighten(self, thing: Thing) -> int:
        """Live sessions are held to what the policy says by now; what is over stays as it is."""
        ended = 0
        for each in self.live(lambda stay: thing in stay.user.chain):
            lifetime, idle = limits(each.user, each.role)
            if min(each.opened_at + lifetime, each.seen_at + idle) <= self.now:
                ended += len(self.end([each], TIGHTENED))
            else:
                each.expires_at = min(each.expires_at, each.opened_at + lifetime)
                each.idle_limit = min(each.idle_limit, idle)
        too_many = [each for user in self.users(thing) for each in self._too_many(user)]
        return ended + len(self.end(too_many, TIGHTENED))

    def users(self, thing: Thing) -> list[Thing]:
        return [each for each in self.things.values() if each.reach is Reach.USER and thing in each.chain]

    def _too_many(self, user: Thing) -> list[Stay]:
        most = user.strictest("max_sessions")
        return self.of_user(user)[:-most] if most else []

    def _end(self, stay: Stay, reason: str) -> None:
        stay.ended = stay.written = End(reason, self.now)
