from datetime import timedelta
from urllib.parse import urlencode

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.access import Origin, Scope
from core.ids import Prefix, encode_id
from sessions_app import operations
from sessions_app.api.authentication import principal_of
from sessions_app.api.v1.filters import STATES, SessionStatus
from sessions_app.models import RevocationScope
from tests.proof.state_machine.actors import APPLICATIONS, PARTNERS, PEOPLE, TENANTS
from tests.proof.state_machine.base import AGENTS, TICK, RulesBase
from tests.proof.state_machine.model import SessionModel

MINUTE = timedelta(minutes=1)
indices = st.integers(0, 15)
users = st.sampled_from([*PEOPLE, "ada", "ada"])
applications = st.sampled_from([None, *APPLICATIONS])
devices = st.sampled_from([*AGENTS])


class SessionRules(RulesBase):
    """Signing in (also with other acts in between), using, refreshing and listing sessions."""

    @rule(name=users, application=applications, device=devices)
    def sign_in_once(self, name: str, application: str | None, device: str) -> None:
        self.now()
        self.sign_in(name, application, device)

    @rule(names=st.lists(users, min_size=2, max_size=5))
    def sign_in_many(self, names: list[str]) -> None:
        self.now()
        for name in names:
            self.sign_in(name, None, "desktop")

    @rule(name=users, application=applications)
    def start_a_sign_in(self, name: str, application: str | None) -> None:
        self.now()
        started = self.start_sign_in(name, application)
        if started:
            self.model.sign_ins.append(started[0])
            self.sign_ins.append(started)

    @precondition(lambda self: self.sign_ins)
    @rule(index=indices)
    def finish_a_sign_in(self, index: int) -> None:
        self.now()
        self.open(*self.sign_ins[-1 - index % len(self.sign_ins)], "mobile")

    @precondition(lambda self: self.model.sessions)
    @rule(index=indices)
    def use_a_session(self, index: int) -> None:
        self.now()
        self.use_session(self.pick(index))

    @precondition(lambda self: self.users_with_several_sessions())
    @rule(index=indices)
    def use_oldest_until_newest_times_out(self, index: int) -> None:
        """Use a user's oldest session until the newest has timed out for lack of use."""
        actual = self.users_with_several_sessions()
        oldest, *_, newest = actual[index % len(actual)]
        self.now(2 * MINUTE)
        self.use_session(oldest)
        self.now(max(newest.times_out_at - self.model.now, TICK))

    def users_with_several_sessions(self) -> list[list[SessionModel]]:
        model_application = [self.model.of_user(self.model.owners[name]) for name in PEOPLE]
        return [sessions for sessions in model_application if len(sessions) > 1]

    def use_session(self, session: SessionModel) -> None:
        is_live = session in self.model.live()
        assert bool(principal_of(self.tokens[session.pk], Origin())) == is_live
        if is_live and session.seen_at < self.model.now - MINUTE:
            session.seen_at = self.model.now

    @precondition(lambda self: self.model.sessions)
    @rule(index=indices)
    def refresh(self, index: int) -> None:
        self.now()
        session = self.pick(index)
        is_live = session in self.model.live()
        assert self.is_refreshed(self.refresh_tokens[session.pk][-1], session) == is_live
        if is_live:
            session.seen_at = self.model.now

    @precondition(lambda self: any(len(self.refresh_tokens[pk]) > 1 for pk in self.model.sessions))
    @rule(index=indices)
    def replay(self, index: int) -> None:
        sessions = [session for session in self.model.sessions.values() if len(self.refresh_tokens[session.pk]) > 1]
        session = sessions[index % len(sessions)]
        self.now(timedelta(seconds=11))
        assert not self.is_refreshed(self.refresh_tokens[session.pk][0], session)
        if session in self.model.live():
            self.model.end([session], "refresh token replayed")

    def is_refreshed(self, token: str, session: SessionModel) -> bool:
        try:
            refreshed = operations.refresh(token, origin=Origin())
        except operations.RefreshRefused:
            return False
        self.refresh_tokens[session.pk].append(refreshed.refresh_token)
        return True

    @rule(
        owner_name=st.sampled_from([None, *TENANTS, *PARTNERS]),
        status=st.sampled_from([None, "active", "expired", "revoked"]),
        device=st.none() | devices,
    )
    def list_sessions(self, owner_name: str | None, status: str | None, device: str | None) -> None:
        """Compare a list's rows, order and total."""
        self.now()
        owner = self.model.owners[owner_name or "platform"]
        query = {"per_page": 100, "status": status, "device_type": device}
        path = "/api/v1/admin/sessions"
        if owner.reach is RevocationScope.TENANT and not owner.is_deleted:
            path = f"/api/v1/tenants/{self.actors.rows[owner.name].handle}/sessions"
        elif owner_name:
            query[f"{owner.reach}_id"] = self.actors.rows[owner.name].handle
        caller = self.actors.world.service(Scope.ADMIN_READ)
        result = caller.get(f"{path}?{urlencode({name: value for name, value in query.items() if value})}").json()
        sessions = self.model.sorted_sessions(
            lambda session: (
                owner in session.user.chain
                and session.state(self.model.now) is STATES[SessionStatus(status or "active")]
                and device in (None, session.device)
            )
        )
        assert [each["id"] for each in result["data"]] == [
            encode_id(Prefix.SESSION, session.pk) for session in sessions[:-101:-1]
        ]
        assert result["pagination"]["total"] == len(sessions)
