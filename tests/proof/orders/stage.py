"""Where the acts take place: a transaction with a clock of its own, the product in it, and the model beside it."""

from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant

from accounts import operations as accounts
from accounts import tokens
from accounts.operations.sign_in import _application_for
from core.access import Origin
from sessions_app import operations
from sessions_app.api.authentication import principal_of
from sessions_app.models import Reach, Revocation
from sessions_app.operations.sign_ins import access_token
from tenancy.models import Platform
from tests.proof.orders.cast import PEOPLE, POLICY_BEFORE, Cast
from tests.proof.orders.clock import Clock, standing_still
from tests.proof.orders.comparing import Comparison, Questions
from tests.proof.orders.model import Model, Proof, Stay, Thing
from tests.transactions import own_transaction
from tests.world import CHROME, SYSTEM

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
AGENTS = {"desktop": CHROME, "mobile": PHONE, "unknown": "?"}
TICK = timedelta(milliseconds=7)
A_FEW = 3


class Stage(RuleBasedStateMachine):
    def __init__(self, cast: Cast, questions: Questions, tally: Counter[str]) -> None:
        super().__init__()
        self.cast, self.tally = cast, tally
        self.clock = Clock(datetime.now(UTC))
        self.model = Model(self.clock.now, cast.things())
        self.comparison = Comparison(cast, questions, self.model)
        self.claims: dict[UUID, tokens.SessionClaims] = {}
        self.tokens: dict[UUID, str] = {}
        self.refresh_tokens: dict[UUID, list[str]] = {}
        self.proofs: list[tuple[Proof, accounts.VerifiedSignIn]] = []
        self.arrivals = 0
        self.use = ExitStack()
        self.use.enter_context(own_transaction())
        self.use.enter_context(standing_still(self.clock))
        self.clear()
        self.clock.hang()

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
            accepted = {pk for pk, token in self.tokens.items() if principal_of(token, Origin())}
            assert accepted == {stay.pk for stay in self.model.live()}
        finally:
            transaction.set_rollback(True)
            self.use.close()

    @invariant()
    def product_and_model_agree(self) -> None:
        self.tally["acts"] += 1
        self.comparison.compare(self.claims)

    def now(self, later: timedelta = TICK) -> None:
        """Every act happens at a moment of its own, and to somebody."""
        self.clock.set(self.clock.now + later)
        self.model.now = self.clock.now
        if len(self.model.live()) < A_FEW:
            self.come_in()

    def come_in(self) -> None:
        people = [name for name in PEOPLE if self.model.things[name].is_active]
        for _ in range(2 * A_FEW if people else 0):
            self.arrivals += 1
            application = "mail" if self.arrivals % 3 == 0 else None
            self.sign_in(people[self.arrivals % len(people)], application, "desktop")

    def pick(self, index: int) -> Stay | None:
        """Of all there are, the newest first."""
        stays = list(self.model.stays.values())
        return stays[-1 - index % len(stays)] if stays else None

    def above(self, index: int, reach: Reach) -> Thing | None:
        """Something that somebody's session hangs on who is there, or who was."""
        among = list(self.model.stays.values()) if index % 2 else self.model.live()
        if not among:
            return None
        stay = among[-1 - index // 2 % len(among)]
        if reach is Reach.APPLICATION:
            return stay.application if stay.application and not stay.application.is_deleted else None
        return next((thing for thing in stay.user.chain if thing.reach is reach and not thing.is_deleted), None)

    def row(self, thing: Thing) -> Any:
        """As it stands in the database now, as whoever is about to act would read it."""
        return self.cast.row(thing.name)

    def sign_in(self, name: str, application: str | None, device: str) -> None:
        self.clock.set(self.clock.now + TICK)
        self.model.now = self.clock.now
        proved = self.prove(name, application)
        if proved:
            self.open(*proved, device)

    def prove(self, name: str, application: str | None) -> tuple[Proof, accounts.VerifiedSignIn] | None:
        row, user = self.cast.rows[name], self.model.things[name]
        candidate = accounts.find_account(accounts.Credentials(row.email, "", row.tenant.slug))
        assert (candidate is not None) == user.is_active
        if candidate is None:
            return None
        client_id = self.cast.rows[application].client_id if application else None
        asked_for = _application_for(candidate.user, client_id)
        theirs = self.model.things[application] if application else None
        is_offered = theirs is not None and theirs.above in user.chain
        assert (asked_for is not None) == (is_offered and not (theirs.is_suspended or theirs.is_deleted))
        if application and not asked_for:
            return None
        return Proof(user, theirs, user.role), accounts.VerifiedSignIn(candidate, "password", Origin(), asked_for)

    def open(self, ours: Proof, proof: accounts.VerifiedSignIn, device: str) -> None:
        origin = Origin("192.0.2.10", AGENTS[device], "proof")
        proof = accounts.VerifiedSignIn(proof.candidate, proof.auth_method, origin, proof.application)
        try:
            session, refresh_token, *_ = operations.open(proof, actor=SYSTEM)
        except operations.RevokedDuringSignIn:
            assert ours.is_stale
            return
        except operations.SessionLimitReached:
            assert self.model.room_for(ours.user) is None
            return
        assert not ours.is_stale
        assert self.model.room_for(ours.user) is not None
        self.model.open(ours, session.pk, device)
        token = access_token(session)
        claims = tokens.verify(token)
        assert isinstance(claims, tokens.SessionClaims)
        self.tokens[session.pk], self.claims[session.pk] = token, claims
        self.refresh_tokens[session.pk] = [str(refresh_token)]
