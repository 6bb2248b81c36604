"""Compare the product with the model: rows, querysets, the session check, totals and statistics."""

from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import QuerySet

from accounts.tokens import SessionClaims
from core.access import Origin
from core.prepared import Prepared
from sessions_app.models import RevocationScope, SessionState, State
from sessions_app.operations import counter_maintenance
from sessions_app.reads import live_counts
from sessions_app.reads.stats import session_stats
from sessions_app.session_check import check_session
from tenancy.models import Platform
from tests.proof.state_machine.actors import APPLICATIONS, HOMES, PARTNERS, Actors
from tests.proof.state_machine.model import Model, Owner, SessionModel

COLUMNS = ("pk", "state", "revoked_at", "revoke_reason", "is_expired", "last_activity_at", "expires_at", "idle_limit")
COUNTED = [*HOMES, "platform staff", *PARTNERS, *APPLICATIONS, "platform", "admins"]
HOUR_IN_SPANS = 12  # in spans of five minutes


def reach_of(name: str, owners: dict[str, Owner]) -> RevocationScope:
    return RevocationScope.ADMINS if name == "admins" else owners[name].reach


class PreparedQuery:
    """A statement that is planned once. Inside a transaction the product would send its whole text each time."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        text = Prepared(lambda: queryset, {})._text
        self.name = f"proof_{uuid4().hex}"
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE {self.name} AS {text}")

    def fetch_rows(self) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXECUTE {self.name}")
            return cursor.fetchall()

    def set(self) -> set[UUID]:
        return {pk for (pk,) in self.fetch_rows()}


class PreparedQueries:
    """The product's querysets that are compared with the model after every act."""

    def __init__(self, actors: Actors) -> None:
        self.live = PreparedQuery(SessionState.objects.live().values_list("pk"))
        self.in_state = {
            state: PreparedQuery(SessionState.objects.in_state(state).values_list("pk"))
            for state in (State.LIVE, State.EXPIRED, State.REVOKED)
        }
        self.newest = PreparedQuery(SessionState.objects.not_revoked().filter(is_newest=True).values_list("user"))
        self.rows = PreparedQuery(SessionState.objects.values_list(*COLUMNS))
        owners = {owner.name: owner for owner in actors.owners()}
        totals = {
            f"total_{number}": live_counts.live_total(reach_of(name, owners), actors.id_of(name))
            for number, name in enumerate(COUNTED)
        }
        self.totals = PreparedQuery(Platform.objects.annotate(**totals).values_list(*totals))


class Comparison:
    def __init__(self, actors: Actors, queries: PreparedQueries, model: Model) -> None:
        self.actors, self.queries, self.model = actors, queries, model
        self.previous: dict[UUID, State] = {}
        self.turn = 0

    def compare(self, claims: dict[UUID, SessionClaims]) -> None:
        self.turn += 1
        states = {session.pk: session.state(self.model.now) for session in self.model.sessions.values()}
        self.rows()
        self.queries_by_state(states)
        self.newest()
        assert list(counter_maintenance.differences()) == []
        changed = {pk for pk in claims if self.previous.get(pk) is not states.get(pk)}
        one = set(sorted(claims)[self.turn % 29 :: 29])
        self.authentication({pk: claims[pk] for pk in changed | one}, states)
        self.previous = states
        if self.turn % 3 == 0:
            self.totals()
        if self.turn % 3 == 1:
            self.statistics_of(COUNTED[self.turn // 3 % len(COUNTED)])

    def rows(self) -> None:
        actual = {row[0]: row[1:] for row in self.queries.rows.fetch_rows()}
        for session in self.model.sessions.values():
            if session.pk in actual and actual[session.pk][1]:
                session.written = (
                    session.written or session.ended
                )  # the product may mark the row earlier than it has to
        expected = {session.pk: self._row(session) for session in self.model.sessions.values()}
        differing = [
            (actual.get(pk), expected.get(pk)) for pk in actual | expected if actual.get(pk) != expected.get(pk)
        ]
        assert differing == []

    def _row(self, session: SessionModel) -> tuple[Any, ...]:
        end = session.written
        written = (end.at, end.reason, end.is_by_clock) if end else (None, "", False)
        return (session.state(self.model.now), *written, session.seen_at, session.expires_at, session.idle_limit)

    def queries_by_state(self, states: dict[UUID, State]) -> None:
        live = {pk for pk, state in states.items() if state is State.LIVE}
        assert self.queries.live.set() == live
        for state, query in self.queries.in_state.items():
            assert query.set() == {pk for pk in states if states[pk] is state}, state

    def authentication(self, claims: dict[UUID, SessionClaims], states: dict[UUID, State]) -> None:
        accepted = {pk for pk, each in claims.items() if check_session(each, origin=Origin())}
        assert accepted == {pk for pk in claims if states.get(pk) is State.LIVE}

    def newest(self) -> None:
        """Each signed-in user has exactly one session that is the newest."""
        newest_owners = [user_id for (user_id,) in self.queries.newest.fetch_rows()]
        users = {self.actors.id_of(session.user.name) for session in self.model.live()}
        assert len(newest_owners) == len(set(newest_owners))
        assert users <= set(newest_owners)

    def totals(self) -> None:
        [actual] = self.queries.totals.fetch_rows()
        assert dict(zip(COUNTED, actual, strict=True)) == {name: len(self.live_within(name)) for name in COUNTED}

    def statistics_of(self, name: str) -> None:
        """Compare the live count and the statistics of one owner."""
        reach, live = reach_of(name, self.model.owners), self.live_within(name)
        assert live_counts.live_count(reach, self.actors.id_of(name)) == len(live)
        if (
            reach not in (RevocationScope.PARTNER, RevocationScope.TENANT, RevocationScope.PLATFORM)
            or name in self.gone()
        ):
            return
        result = session_stats(reach, self.actors.id_of(name), seen_by=None)
        assert result
        expected = self.expected(self.within(name), live)
        assert {key: result[key] for key in expected} == expected

    def gone(self) -> set[str]:
        return {owner.name for owner in self.model.owners.values() if owner.is_deleted}

    def expected(self, sessions: list[SessionModel], live: list[SessionModel]) -> dict[str, Any]:
        states = [session.state(self.model.now) for session in sessions]
        seen = [self.span(self.model.now) - self.span(session.seen_at) for session in live]
        devices = [session.device for session in live]
        opened = [session.opened_at for session in live]
        return {
            "active_sessions": len(live),
            "total_sessions": len(sessions),
            "revoked_sessions": states.count(State.REVOKED),
            "expired_sessions": states.count(State.EXPIRED),
            "unique_users": len({session.user for session in live}),
            "active_last_hour": sum(spans <= HOUR_IN_SPANS for spans in seen),
            "active_last_24h": sum(spans <= 24 * HOUR_IN_SPANS for spans in seen),
            "new_last_24h": sum(
                self.span(self.model.now) - self.span(session.opened_at) <= 24 * HOUR_IN_SPANS for session in sessions
            ),
            "by_device_type": {device: devices.count(device) for device in sorted(set(devices))},
            "oldest_session_at": opened[0] if opened else None,
            "newest_session_at": opened[-1] if opened else None,
        }

    @staticmethod
    def span(moment: Any) -> int:
        return int(moment.timestamp() // 300)

    def within(self, name: str) -> list[SessionModel]:
        target = self.model.owners.get(name)
        return self.model.sorted_sessions(lambda session: session.is_within(reach_of(name, self.model.owners), target))

    def live_within(self, name: str) -> list[SessionModel]:
        return [session for session in self.within(name) if session.state(self.model.now) is State.LIVE]
