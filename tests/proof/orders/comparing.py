"""Whether the product says what the model says: row by row, by every way of asking, and in every sum."""

from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import QuerySet

from accounts.tokens import SessionClaims
from core.access import Origin
from core.prepared import Prepared
from sessions_app.models import Reach, SessionState, State
from sessions_app.operations import counter_maintenance
from sessions_app.reads import live_counts
from sessions_app.reads.stats import statistics
from sessions_app.session_check import check_session
from tenancy.models import Platform
from tests.proof.orders.cast import APPLICATIONS, HOMES, PARTNERS, Cast
from tests.proof.orders.model import Model, Stay, Thing

COLUMNS = ("pk", "state", "revoked_at", "revoke_reason", "is_expired", "last_activity_at", "expires_at", "idle_limit")
COUNTED = [*HOMES, "platform staff", *PARTNERS, *APPLICATIONS, "platform", "admins"]
AN_HOUR = 12  # in spans of five minutes


def reach_of(name: str, things: dict[str, Thing]) -> Reach:
    return Reach.ADMINS if name == "admins" else things[name].reach


class Question:
    """A statement that is planned once and asked often, in a transaction: there the product would send it whole."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        text = Prepared(lambda: queryset, {})._text
        self.name = f"proof_{uuid4().hex}"
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE {self.name} AS {text}")

    def ask(self) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXECUTE {self.name}")
            return cursor.fetchall()

    def set(self) -> set[UUID]:
        return {pk for (pk,) in self.ask()}


class Questions:
    """What is asked of the product's querysets after every act. They are told from the model's words at the start."""

    def __init__(self, cast: Cast) -> None:
        self.live = Question(SessionState.objects.live().values_list("pk"))
        self.in_state = {
            state: Question(SessionState.objects.in_state(state).values_list("pk"))
            for state in (State.LIVE, State.EXPIRED, State.REVOKED)
        }
        self.newest = Question(SessionState.objects.not_revoked().filter(is_newest=True).values_list("user"))
        self.rows = Question(SessionState.objects.values_list(*COLUMNS))
        things = {thing.name: thing for thing in cast.things()}
        totals = {
            f"total_{number}": live_counts.live_total(reach_of(name, things), cast.id_of(name))
            for number, name in enumerate(COUNTED)
        }
        self.totals = Question(Platform.objects.annotate(**totals).values_list(*totals))


class Comparison:
    def __init__(self, cast: Cast, questions: Questions, model: Model) -> None:
        self.cast, self.questions, self.model = cast, questions, model
        self.was: dict[UUID, State] = {}
        self.turn = 0

    def compare(self, claims: dict[UUID, SessionClaims]) -> None:
        self.turn += 1
        states = {stay.pk: stay.state(self.model.now) for stay in self.model.stays.values()}
        self.rows()
        self.ways_of_asking(states)
        self.newest()
        assert list(counter_maintenance.differences()) == []
        changed = {pk for pk in claims if self.was.get(pk) is not states.get(pk)}
        one = set(sorted(claims)[self.turn % 29 :: 29])
        self.authentication({pk: claims[pk] for pk in changed | one}, states)
        self.was = states
        if self.turn % 3 == 0:
            self.totals()
        if self.turn % 3 == 1:
            self.all_told(COUNTED[self.turn // 3 % len(COUNTED)])

    def rows(self) -> None:
        found = {row[0]: row[1:] for row in self.questions.rows.ask()}
        for stay in self.model.stays.values():
            if stay.pk in found and found[stay.pk][1]:
                stay.written = stay.written or stay.ended  # it may be written down sooner than it must
        wanted = {stay.pk: self._row(stay) for stay in self.model.stays.values()}
        differing = [(found.get(pk), wanted.get(pk)) for pk in found | wanted if found.get(pk) != wanted.get(pk)]
        assert differing == []

    def _row(self, stay: Stay) -> tuple[Any, ...]:
        end = stay.written
        written = (end.at, end.reason, end.is_by_clock) if end else (None, "", False)
        return (stay.state(self.model.now), *written, stay.seen_at, stay.expires_at, stay.idle_limit)

    def ways_of_asking(self, states: dict[UUID, State]) -> None:
        live = {pk for pk, state in states.items() if state is State.LIVE}
        assert self.questions.live.set() == live
        for state, asked in self.questions.in_state.items():
            assert asked.set() == {pk for pk in states if states[pk] is state}, state

    def authentication(self, claims: dict[UUID, SessionClaims], states: dict[UUID, State]) -> None:
        accepted = {pk for pk, each in claims.items() if check_session(each, origin=Origin())}
        assert accepted == {pk for pk in claims if states.get(pk) is State.LIVE}

    def newest(self) -> None:
        """One session of each user who is signed in stands for the user."""
        crowned = [user_id for (user_id,) in self.questions.newest.ask()]
        users = {self.cast.id_of(stay.user.name) for stay in self.model.live()}
        assert len(crowned) == len(set(crowned))
        assert users <= set(crowned)

    def totals(self) -> None:
        [found] = self.questions.totals.ask()
        assert dict(zip(COUNTED, found, strict=True)) == {name: len(self.live_within(name)) for name in COUNTED}

    def all_told(self, name: str) -> None:
        """The one total as acts ask for it, and the statistics, of one place each time."""
        reach, live = reach_of(name, self.model.things), self.live_within(name)
        assert live_counts.live_count(reach, self.cast.id_of(name)) == len(live)
        if reach not in (Reach.PARTNER, Reach.TENANT, Reach.PLATFORM) or name in self.gone():
            return
        told = statistics(reach, self.cast.id_of(name), seen_by=None)
        assert told
        wanted = self.wanted(self.within(name), live)
        assert {key: told[key] for key in wanted} == wanted

    def gone(self) -> set[str]:
        return {thing.name for thing in self.model.things.values() if thing.is_deleted}

    def wanted(self, stays: list[Stay], live: list[Stay]) -> dict[str, Any]:
        states = [stay.state(self.model.now) for stay in stays]
        seen = [self.span(self.model.now) - self.span(stay.seen_at) for stay in live]
        devices = [stay.device for stay in live]
        opened = [stay.opened_at for stay in live]
        return {
            "active_sessions": len(live),
            "total_sessions": len(stays),
            "revoked_sessions": states.count(State.REVOKED),
            "expired_sessions": states.count(State.EXPIRED),
            "unique_users": len({stay.user for stay in live}),
            "active_last_hour": sum(spans <= AN_HOUR for spans in seen),
            "active_last_24h": sum(spans <= 24 * AN_HOUR for spans in seen),
            "new_last_24h": sum(
                self.span(self.model.now) - self.span(stay.opened_at) <= 24 * AN_HOUR for stay in stays
            ),
            "by_device_type": {device: devices.count(device) for device in sorted(set(devices))},
            "oldest_session_at": opened[0] if opened else None,
            "newest_session_at": opened[-1] if opened else None,
        }

    @staticmethod
    def span(moment: Any) -> int:
        return int(moment.timestamp() // 300)

    def within(self, name: str) -> list[Stay]:
        target = self.model.things.get(name)
        return self.model.among(lambda stay: stay.is_within(reach_of(name, self.model.things), target))

    def live_within(self, name: str) -> list[Stay]:
        return [stay for stay in self.within(name) if stay.state(self.model.now) is State.LIVE]
