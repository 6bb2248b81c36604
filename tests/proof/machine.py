"""Every act there is, in any order, done to the product and to its model; after each the two are compared."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from accounts import operations as accounts
from accounts import tokens
from accounts.models import Role
from accounts.operations.sign_in import _application_for
from core.access import Origin, Scope
from core.ids import Prefix, show
from sessions_app import counting, operations
from sessions_app.api.v1.filters import STATES, Standing
from sessions_app.authentication import principal_of
from sessions_app.models import Reach, Revocation, Session
from sessions_app.operations import selecting
from sessions_app.operations.opening import access_token
from sessions_app.selection import Selection
from tenancy import operations as tenancy
from tenancy.models import Platform
from tests.proof.cast import APPLICATIONS, PARTNERS, PEOPLE, POLICY_BEFORE, TENANTS, Cast
from tests.proof.clock import Clock, standing_still
from tests.proof.comparing import Comparison, Questions, reach_of
from tests.proof.model import Model, Proof, Stay, Thing
from tests.world import CHROME, PASSWORD, SYSTEM, hashed_password

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
AGENTS = {"desktop": CHROME, "mobile": PHONE, "unknown": "?"}
TICK = timedelta(milliseconds=7)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

users = st.sampled_from([*PEOPLE, "ada", "ada", "ada", "north_admin"])
customers = st.sampled_from([name for name, home in PEOPLE.items() if home in TENANTS])
applications = st.sampled_from([None, None, *APPLICATIONS])
indices = st.integers(0, 60)
takeable = st.sampled_from([*PARTNERS, *TENANTS, *APPLICATIONS, *(name for name in PEOPLE if name != "operator")])
scopes = st.sampled_from([*PEOPLE, *TENANTS, *PARTNERS, *APPLICATIONS, "platform", "admins"])
skews = st.sampled_from([timedelta(), timedelta(), timedelta(seconds=91), timedelta(seconds=-89)])
seconds = st.sampled_from([None, 120, 300, 1800, DAY // timedelta(seconds=1)])


class Machine(RuleBasedStateMachine):
    def __init__(self, cast: Cast, questions: Questions, tally: Counter[str]) -> None:
        super().__init__()
        self.cast, self.tally = cast, tally
        self.clock = Clock(datetime.now(UTC))
        self.model = Model(self.clock.now, cast.things())
        self.claims: dict[UUID, tokens.SessionClaims] = {}
        self.tokens: dict[UUID, str] = {}
        self.refresh_tokens: dict[UUID, list[str]] = {}
        self.proofs: list[tuple[Proof, accounts.Proof]] = []
        self.use = ExitStack()
        self.use.enter_context(transaction.atomic())
        self.use.enter_context(standing_still(self.clock))
        self.clear()
        self.clock.hang()
        self.comparison = Comparison(cast, questions, self.model)

    @staticmethod
    def clear() -> None:
        """Of what others have committed here; it is back when this is rolled back."""
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE sessions_app_session, sessions_app_sessioncount CASCADE")
        Revocation.objects.to_sweep().update(swept_at=datetime.now(UTC))
        Platform.objects.update(**POLICY_BEFORE)

    def teardown(self) -> None:
        self.tally["orders"] += 1
        try:
            states = {stay.pk for stay in self.model.live()}
            assert {pk for pk, token in self.tokens.items() if principal_of(token, Origin())} == states
        finally:
            transaction.set_rollback(True)
            self.use.close()

    @invariant()
    def product_and_model_agree(self) -> None:
        self.tally["acts"] += 1
        self.comparison.compare(self.claims)

    def now(self, later: timedelta = TICK) -> None:
        """Every act happens at a moment of its own."""
        self.clock.set(self.clock.now + later)
        self.model.now = self.clock.now

    def pick(self, index: int) -> Stay:
        stays = list(self.model.stays.values())
        return stays[index % len(stays)]

    def some(self, chosen: list[int]) -> list[Stay]:
        return list({stay.pk: stay for stay in map(self.pick, chosen)}.values()) if self.model.stays else []

    def thing(self, name: str) -> Thing | None:
        return self.model.things.get(name)

    # Signing in

    def prove(self, name: str, application: str | None) -> tuple[Proof, accounts.Proof] | None:
        row = self.cast.rows[name]
        user = self.model.things[name]
        candidate = accounts.candidate_for(accounts.Credentials(row.email, "", row.tenant.slug))
        assert (candidate is not None) == user.is_up
        if candidate is None:
            return None
        client_id = self.cast.rows[application].client_id if application else None
        asked_for = _application_for(candidate.user, client_id)
        theirs = self.model.things[application] if application else None
        is_offered = (
            theirs is not None and theirs.above in user.chain and not (theirs.is_suspended or theirs.is_deleted)
        )
        assert (asked_for is not None) == is_offered
        if application and not asked_for:
            return None
        origin = Origin("192.0.2.10", AGENTS["desktop"], "proof")
        proof = accounts.Proof(candidate, "password", origin, asked_for)
        return Proof(user, theirs, user.role), proof

    def open(self, ours: Proof, proof: accounts.Proof, device: str, skew: timedelta) -> None:
        origin = Origin("192.0.2.10", AGENTS[device], "proof")
        proof = accounts.Proof(proof.candidate, proof.auth_method, origin, proof.application)
        self.clock.skew = skew
        try:
            session, refresh_token = operations.open(proof, actor=SYSTEM)
        except operations.EndedMeanwhile:
            assert ours.is_stale
            return
        except operations.NoRoom:
            assert self.model.room_for(ours.user) is None
            return
        finally:
            self.clock.skew = timedelta()
        assert not ours.is_stale
        assert self.model.room_for(ours.user) is not None
        self.model.open(ours, session.pk, device)
        token = access_token(session)
        claims = tokens.verify(token)
        assert isinstance(claims, tokens.SessionClaims)
        self.tokens[session.pk], self.claims[session.pk] = token, claims
        self.refresh_tokens[session.pk] = [str(refresh_token)]

    def sign_in(self, name: str, application: str | None, device: str, skew: timedelta) -> None:
        self.now()
        proved = self.prove(name, application)
        if proved:
            self.open(*proved, device, skew)

    @rule(name=users, application=applications, device=st.sampled_from([*AGENTS]), skew=skews)
    def sign_in_once(self, name: str, application: str | None, device: str, skew: timedelta) -> None:
        self.sign_in(name, application, device, skew)

    @rule(names=st.lists(users, min_size=2, max_size=5))
    def sign_in_many(self, names: list[str]) -> None:
        for name in names:
            self.sign_in(name, None, "desktop", timedelta())

    @rule(name=users, application=applications)
    def prove_who_one_is(self, name: str, application: str | None) -> None:
        self.now()
        proved = self.prove(name, application)
        if proved:
            self.model.proofs.append(proved[0])
            self.proofs.append(proved)

    @precondition(lambda self: self.proofs)
    @rule(index=indices, skew=skews)
    def finish_a_sign_in(self, index: int, skew: timedelta) -> None:
        self.now()
        self.open(*self.proofs[index % len(self.proofs)], "mobile", skew)

    # Being there

    @precondition(lambda self: self.model.stays)
    @rule(index=indices)
    def use_it(self, index: int) -> None:
        self.now()
        stay = self.pick(index)
        is_live = stay in self.model.live()
        assert bool(principal_of(self.tokens[stay.pk], Origin())) == is_live
        if is_live and stay.seen_at < self.model.now - MINUTE:
            stay.seen_at = self.model.now

    @precondition(lambda self: self.model.stays)
    @rule(index=indices)
    def refresh(self, index: int) -> None:
        self.now()
        stay = self.pick(index)
        if self.is_refreshed(self.refresh_tokens[stay.pk][-1], stay):
            assert stay in self.model.live()
            stay.seen_at = self.model.now
        else:
            assert stay not in self.model.live()

    @precondition(lambda self: any(len(self.refresh_tokens[pk]) > 1 for pk in self.model.stays))
    @rule(index=indices)
    def replay(self, index: int) -> None:
        self.now(timedelta(seconds=11))
        stays = [stay for stay in self.model.stays.values() if len(self.refresh_tokens[stay.pk]) > 1]
        stay = stays[index % len(stays)]
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
        device=st.none() | st.sampled_from([*AGENTS]),
    )
    def ask_for_a_list(self, place: str | None, status: str | None, device: str | None) -> None:
        """What a list says, and in which order."""
        thing = self.model.things[place or "platform"]
        asked = {"per_page": 100, "status": status, "device_type": device}
        if thing.reach is Reach.TENANT and not thing.is_deleted:
            path = f"/api/v1/tenants/{self.cast.rows[thing.name].handle}/sessions"
        else:
            path = "/api/v1/admin/sessions"
            asked |= {f"{thing.reach}_id": self.cast.rows[thing.name].handle} if place else {}
        caller = self.cast.world.service(Scope.ADMIN_READ)
        answer = caller.get(f"{path}?{urlencode({name: value for name, value in asked.items() if value})}")
        stays = self.model.among(
            lambda stay: (
                thing in stay.user.chain
                and stay.state(self.model.now) is STATES[Standing(status or "active")]
                and device in (None, stay.device)
            )
        )
        told = answer.json()
        assert [each["id"] for each in told["data"]] == [show(Prefix.SESSION, stay.pk) for stay in stays[:-101:-1]]
        assert told["pagination"]["total"] == len(stays)

    # Ending

    @precondition(lambda self: self.model.stays)
    @rule(index=indices)
    def sign_out(self, index: int) -> None:
        self.now()
        stay = self.pick(index)
        operations.sign_out(stay.pk, actor=SYSTEM)
        self.model.end([stay], "signed out")

    @rule(chosen=st.lists(indices, max_size=6))
    def revoke_these(self, chosen: list[int]) -> None:
        self.now()
        stays = self.some(chosen)
        named = Session.objects.filter(pk__in=[stay.pk for stay in stays])
        self.ended_are(operations.revoke(named, actor=SYSTEM, reason="named"), self.model.end(stays, "named"))

    @rule(scope=scopes, spare=st.none() | indices, shown=st.sampled_from([0, 2, 10_000]))
    def revoke_all(self, scope: str, spare: int | None, shown: int) -> None:
        self.now()
        reach, target_id = reach_of(scope, self.model.things), self.cast.id_of(scope)
        spared = self.pick(spare) if spare is not None and self.model.stays else None
        ended = operations.revoke_scope(
            reach, target_id, actor=SYSTEM, reason=f"all of {scope}", spare=spared and spared.pk, shown=shown
        )
        self.ended_are(ended, self.model.end_all(reach, self.thing(scope), f"all of {scope}", spared), shown)

    @rule()
    def bump_the_token_version(self) -> None:
        self.now()
        before = Platform.objects.get().token_version
        version, ended = operations.bump_token_version(actor=SYSTEM, reason="bumped")
        assert version == before + 1
        self.ended_are(ended, self.model.end_all(Reach.ADMINS, None, "bumped"))

    @rule(scope=scopes, device=st.sampled_from([*AGENTS]))
    def revoke_what_looks_like_this(self, scope: str, device: str) -> None:
        self.now()
        reach = reach_of(scope, self.model.things)
        selection = Selection({reach: self.cast.id_of(scope)}, device_type=device)
        ended = selecting.revoke_selected(selection, actor=SYSTEM, reason="looks")
        stays = self.model.among(lambda stay: stay.device == device and stay.is_within(reach, self.thing(scope)))
        self.ended_are(ended, self.model.end(stays, "looks"), shown=0)

    def ended_are(self, ended: operations.Ended, wanted: list[Stay], shown: int = 10_000) -> None:
        newest_first = [stay.pk for stay in reversed(wanted)][:shown]
        assert (ended.count, ended.session_ids) == (len(wanted), newest_first)
        assert not ended.revocation or Revocation.objects.get(pk=ended.revocation.pk).revoked_count == ended.count

    # What happens to whom and where

    @rule(name=takeable)
    def suspend(self, name: str) -> None:
        self.take_down(name, "suspended", accounts.suspend_user if name in PEOPLE else tenancy.suspend)

    @rule(name=takeable)
    def delete(self, name: str) -> None:
        if name in PARTNERS and any(
            thing.above is self.model.things[name] and not thing.is_deleted and thing.name in TENANTS
            for thing in self.model.things.values()
        ):
            self.is_still_inhabited(name)
        else:
            self.take_down(name, "deleted", accounts.delete_user if name in PEOPLE else tenancy.delete)

    def is_still_inhabited(self, name: str) -> None:
        try:
            tenancy.delete(self.cast.row(name), actor=SYSTEM)
        except tenancy.StillInhabited:
            return
        raise AssertionError(f"{name} went over its tenants' heads")

    def take_down(self, name: str, how: str, act: Callable[..., int]) -> None:
        self.now()
        thing = self.model.things[name]
        if thing.is_deleted:
            return
        ended = act(self.cast.row(name), actor=SYSTEM)
        if how == "suspended" and thing.is_suspended:
            assert ended == 0
            return
        assert ended == len(self.model.end_all(thing.reach, thing, f"{thing.reach} {how}"))
        thing.is_suspended |= how == "suspended"
        thing.is_deleted |= how == "deleted"

    @rule(name=takeable)
    def reactivate(self, name: str) -> None:
        self.now()
        thing = self.model.things[name]
        if not thing.is_deleted:
            tenancy.reactivate(self.cast.row(name), actor=SYSTEM)
            thing.is_suspended = False

    @rule(name=customers)
    def change_role(self, name: str) -> None:
        self.now()
        user = self.model.things[name]
        role = Role.USER if user.role == Role.TENANT_ADMIN else Role.TENANT_ADMIN
        if not user.is_deleted:
            ended = accounts.change_role(self.cast.row(name), role, actor=SYSTEM)
            assert ended == len(self.model.end_all(Reach.USER, user, "role changed"))
            user.role = role

    @precondition(lambda self: self.model.live())
    @rule(index=indices)
    def change_password(self, index: int) -> None:
        self.now()
        live = self.model.live()
        stay = live[index % len(live)]
        actor = principal_of(self.tokens[stay.pk], Origin())
        assert actor
        if stay.seen_at < self.model.now - MINUTE:
            stay.seen_at = self.model.now
        with (
            patch("accounts.operations.passwords.require_password"),
            patch("accounts.operations.passwords.make_password", lambda _: hashed_password()),
        ):
            row = self.cast.row(stay.user.name)
            ended = accounts.change_password(row, current=PASSWORD, new=f"new {PASSWORD}", actor=actor)
        assert ended == len(self.model.end_all(Reach.USER, stay.user, "password changed", stay))

    @rule(name=st.sampled_from(TENANTS), partner=st.sampled_from(PARTNERS))
    def move(self, name: str, partner: str) -> None:
        self.now()
        tenant, to = self.model.things[name], self.model.things[partner]
        if not (tenant.is_deleted or to.is_deleted):
            ended = tenancy.move_tenant(self.cast.row(name), self.cast.row(partner), actor=SYSTEM)
            assert ended == len(self.model.end_all(Reach.TENANT, tenant, "tenant moved"))
            tenant.above = to

    @rule(
        name=st.sampled_from(["platform", *PARTNERS, *TENANTS]),
        policy=st.fixed_dictionaries(
            {},
            optional={
                "session_lifetime": seconds,
                "idle_timeout": seconds,
                "max_sessions": st.sampled_from([None, 1, 2, 3]),
                "when_full": st.sampled_from([None, "deny", "evict"]),
            },
        ),
    )
    def set_policy(self, name: str, policy: dict[str, Any]) -> None:
        self.now()
        thing = self.model.things[name]
        if name == "platform":  # above which there is nothing to fall back on
            policy = {key: POLICY_BEFORE[key] if value is None else value for key, value in policy.items()}
        if not thing.is_deleted:
            ended = tenancy.set_session_policy(self.cast.row(name), actor=SYSTEM, **policy)
            thing.policy |= policy
            assert ended == self.model.tighten(thing)

    # Time

    @rule(later=st.sampled_from([MINUTE, 2 * MINUTE, 5 * MINUTE, HOUR, DAY, 8 * DAY, 31 * DAY]))
    def time_goes_by(self, later: timedelta) -> None:
        self.now(later)

    @precondition(lambda self: self.model.live())
    @rule(index=indices, off=st.sampled_from([timedelta(microseconds=-1), timedelta(), timedelta(microseconds=1)]))
    def until_one_lapses(self, index: int, off: timedelta) -> None:
        live = self.model.live()
        moment = live[index % len(live)].lapses_at + off
        self.now(max(moment - self.model.now, TICK))

    @rule()
    def expire(self) -> None:
        self.now()
        assert operations.expire(actor=SYSTEM) == self.model.expire()

    @rule()
    def sweep(self) -> None:
        self.now()
        operations.sweep()
        self.model.sweep()

    @rule(is_anew=st.booleans())
    def fold(self, is_anew: bool) -> None:
        counting.rebuild() if is_anew else counting.fold()

    @rule(older_than=st.sampled_from([timedelta(), HOUR, 2 * DAY]))
    def purge(self, older_than: timedelta) -> None:
        self.now()
        assert operations.purge(older_than, actor=SYSTEM) == self.model.purge(older_than)
