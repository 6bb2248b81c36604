"""The base of all rules: one transaction with its own clock, in which the product and the model do the same acts."""

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
from sessions_app.models import Revocation, RevocationScope
from sessions_app.operations.sign_ins import access_token
from tenancy.models import Platform
from tests.proof.state_machine.actors import PEOPLE, POLICY_BEFORE, Actors
from tests.proof.state_machine.clock import Clock, frozen
from tests.proof.state_machine.comparison import Comparison, PreparedQueries
from tests.proof.state_machine.model import Model, Owner, SessionModel, SignInModel
from tests.transactions import own_transaction
from tests.world import CHROME, SYSTEM

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
AGENTS = {"desktop": CHROME, "mobile": PHONE, "unknown": "?"}
TICK = timedelta(milliseconds=7)
MINIMUM = 3


class RulesBase(RuleBasedStateMachine):
    def __init__(self, actors: Actors, queries: PreparedQueries, tally: Counter[str]) -> None:
        super().__init__()
        self.actors, self.tally = actors, tally
        self.clock = Clock(datetime.now(UTC))
        self.model = Model(self.clock.now, actors.owners())
        self.comparison = Comparison(actors, queries, self.model)
        self.claims: dict[UUID, tokens.SessionClaims] = {}
        self.tokens: dict[UUID, str] = {}
        self.refresh_tokens: dict[UUID, list[str]] = {}
        self.sign_ins: list[tuple[SignInModel, accounts.VerifiedSignIn]] = []
        self.arrivals = 0
        self.use = ExitStack()
        self.use.enter_context(own_transaction())
        self.use.enter_context(frozen(self.clock))
        self.clear()
        self.clock.install()

    @staticmethod
    def clear() -> None:
        """Remove committed rows of other tests. The rollback restores them."""
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE sessions_app_session, sessions_app_sessioncount CASCADE")
        Revocation.objects.to_sweep().update(swept_at=datetime.now(UTC))
        Platform.objects.update(**POLICY_BEFORE)

    def teardown(self) -> None:
        self.tally["orders"] += 1
        try:
            accepted = {pk for pk, token in self.tokens.items() if principal_of(token, Origin())}
            assert accepted == {session.pk for session in self.model.live()}
        finally:
            transaction.set_rollback(True)
            self.use.close()

    @invariant()
    def product_and_model_agree(self) -> None:
        self.tally["acts"] += 1
        self.comparison.compare(self.claims)

    def now(self, later: timedelta = TICK) -> None:
        """Advance the clock, and keep some sessions live, so that each act has something to act on."""
        self.clock.set(self.clock.now + later)
        self.model.now = self.clock.now
        if len(self.model.live()) < MINIMUM:
            self.sign_in_some()

    def sign_in_some(self) -> None:
        people = [name for name in PEOPLE if self.model.owners[name].is_active]
        for _ in range(2 * MINIMUM if people else 0):
            self.arrivals += 1
            application = "mail" if self.arrivals % 3 == 0 else None
            self.sign_in(people[self.arrivals % len(people)], application, "desktop")

    def pick(self, index: int) -> SessionModel | None:
        """Pick a session, counted from the newest."""
        sessions = list(self.model.sessions.values())
        return sessions[-1 - index % len(sessions)] if sessions else None

    def above(self, index: int, reach: RevocationScope) -> Owner | None:
        """Pick an owner of a session that is live, or of any session."""
        sorted_sessions = list(self.model.sessions.values()) if index % 2 else self.model.live()
        if not sorted_sessions:
            return None
        session = sorted_sessions[-1 - index // 2 % len(sorted_sessions)]
        if reach is RevocationScope.APPLICATION:
            return session.application if session.application and not session.application.is_deleted else None
        return next((owner for owner in session.user.chain if owner.reach is reach and not owner.is_deleted), None)

    def row(self, owner: Owner) -> Any:
        """Read the owner's row from the database, as an act would."""
        return self.actors.row(owner.name)

    def sign_in(self, name: str, application: str | None, device: str) -> None:
        self.clock.set(self.clock.now + TICK)
        self.model.now = self.clock.now
        started = self.start_sign_in(name, application)
        if started:
            self.open(*started, device)

    def start_sign_in(self, name: str, application: str | None) -> tuple[SignInModel, accounts.VerifiedSignIn] | None:
        row, user = self.actors.rows[name], self.model.owners[name]
        candidate = accounts.find_account(accounts.Credentials(row.email, "", row.tenant.slug))
        assert (candidate is not None) == user.is_active
        if candidate is None:
            return None
        client_id = self.actors.rows[application].client_id if application else None
        chosen = _application_for(candidate.user, client_id)
        model_application = self.model.owners[application] if application else None
        is_offered = model_application is not None and model_application.above in user.chain
        assert (chosen is not None) == (
            is_offered and not (model_application.is_suspended or model_application.is_deleted)
        )
        if application and not chosen:
            return None
        return SignInModel(user, model_application, user.role), accounts.VerifiedSignIn(
            candidate, "password", Origin(), chosen
        )

    def open(self, sign_in: SignInModel, proof: accounts.VerifiedSignIn, device: str) -> None:
        origin = Origin("192.0.2.10", AGENTS[device], "proof")
        proof = accounts.VerifiedSignIn(proof.candidate, proof.auth_method, origin, proof.application)
        try:
            session, refresh_token, *_ = operations.open(proof, actor=SYSTEM)
        except operations.RevokedDuringSignIn:
            assert sign_in.is_revoked
            return
        except operations.SessionLimitReached:
            assert self.model.evictions_for(sign_in.user) is None
            return
        assert not sign_in.is_revoked
        assert self.model.evictions_for(sign_in.user) is not None
        self.model.open(sign_in, session.pk, device)
        token = access_token(session)
        claims = tokens.verify(token)
        assert isinstance(claims, tokens.SessionClaims)
        self.tokens[session.pk], self.claims[session.pk] = token, claims
        self.refresh_tokens[session.pk] = [str(refresh_token)]
