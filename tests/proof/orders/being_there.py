from datetime import timedelta
from urllib.parse import urlencode

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.access import Origin, Scope
from core.ids import Prefix, encode_id
from sessions_app import operations
from sessions_app.api.authentication import principal_of
from sessions_app.api.v1.filters import STATES, Standing
from sessions_app.models import Reach
from tests.proof.orders.cast import APPLICATIONS, PARTNERS, PEOPLE, TENANTS
from tests.proof.orders.model import Stay
from tests.proof.orders.stage import AGENTS, TICK, Stage

MINUTE = timedelta(minutes=1)
indices = st.integers(0, 15)
users = st.sampled_from([*PEOPLE, "ada", "ada"])
applications = st.sampled_from([None, *APPLICATIONS])
devices = st.sampled_from([*AGENTS])


class BeingThere(Stage):
    """Signing in, all at once or with something in between; using a session; looking at all there are."""

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
    def prove_who_one_is(self, name: str, application: str | None) -> None:
        self.now()
        proved = self.prove(name, application)
        if proved:
            self.model.proofs.append(proved[0])
            self.proofs.append(proved)

    @precondition(lambda self: self.proofs)
    @rule(index=indices)
    def finish_a_sign_in(self, index: int) -> None:
        self.now()
        self.open(*self.proofs[-1 - index % len(self.proofs)], "mobile")

    @precondition(lambda self: self.model.stays)
    @rule(index=indices)
    def use_it(self, index: int) -> None:
        self.now()
        self.use_this(self.pick(index))

    @precondition(lambda self: self.of_those_with_several())
    @rule(index=indices)
    def use_the_oldest_until_the_newest_lapses(self, index: int) -> None:
        """The user's other sessions have been in nobody's hands meanwhile."""
        found = self.of_those_with_several()
        oldest, *_, newest = found[index % len(found)]
        self.now(2 * MINUTE)
        self.use_this(oldest)
        self.now(max(newest.lapses_at - self.model.now, TICK))

    def of_those_with_several(self) -> list[list[Stay]]:
        theirs = [self.model.of_user(self.model.things[name]) for name in PEOPLE]
        return [stays for stays in theirs if len(stays) > 1]

    def use_this(self, stay: Stay) -> None:
        is_live = stay in self.model.live()
        assert bool(principal_of(self.tokens[stay.pk], Origin())) == is_live
        if is_live and stay.seen_at < self.model.now - MINUTE:
            stay.seen_at = self.model.now

    @precondition(lambda self: self.model.stays)
    @rule(index=indices)
    def refresh(self, index: int) -> None:
        self.now()
        stay = self.pick(index)
        is_live = stay in self.model.live()
        assert self.is_refreshed(self.refresh_tokens[stay.pk][-1], stay) == is_live
        if is_live:
            stay.seen_at = self.model.now

    @precondition(lambda self: any(len(self.refresh_tokens[pk]) > 1 for pk in self.model.stays))
    @rule(index=indices)
    def replay(self, index: int) -> None:
        stays = [stay for stay in self.model.stays.values() if len(self.refresh_tokens[stay.pk]) > 1]
        stay = stays[index % len(stays)]
        self.now(timedelta(seconds=11))
        assert not self.is_refreshed(self.refresh_tokens[stay.pk][0], stay)
        if stay in self.model.live():
            self.model.end([stay], "refresh token replayed")

    def is_refreshed(self, token: str, stay: Stay) -> bool:
        try:
            made = operations.refresh(token, origin=Origin())
        except operations.RefreshRefused:
            return False
        self.refresh_tokens[stay.pk].append(made.refresh_token)
        return True

    @rule(
        place=st.sampled_from([None, *TENANTS, *PARTNERS]),
        status=st.sampled_from([None, "active", "expired", "revoked"]),
        device=st.none() | devices,
    )
    def ask_for_a_list(self, place: str | None, status: str | None, device: str | None) -> None:
        """What it says, and in which order."""
        self.now()
        thing = self.model.things[place or "platform"]
        asked = {"per_page": 100, "status": status, "device_type": device}
        path = "/api/v1/admin/sessions"
        if thing.reach is Reach.TENANT and not thing.is_deleted:
            path = f"/api/v1/tenants/{self.cast.rows[thing.name].handle}/sessions"
        elif place:
            asked[f"{thing.reach}_id"] = self.cast.rows[thing.name].handle
        caller = self.cast.world.service(Scope.ADMIN_READ)
        told = caller.get(f"{path}?{urlencode({name: value for name, value in asked.items() if value})}").json()
        stays = self.model.among(
            lambda stay: (
                thing in stay.user.chain
                and stay.state(self.model.now) is STATES[Standing(status or "active")]
                and device in (None, stay.device)
            )
        )
        assert [each["id"] for each in told["data"]] == [encode_id(Prefix.SESSION, stay.pk) for stay in stays[:-101:-1]]
        assert told["pagination"]["total"] == len(stays)
