"""Sign-ins concurrent with revocations, judged by PostgreSQL's commit timestamps."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import uniform
from typing import Any
from uuid import UUID

import pytest

from core.access import Origin
from core.ids import Prefix, decode_id
from sessions_app import operations
from sessions_app.api.authentication import principal_of
from sessions_app.models import Revocation, RevocationScope, Session
from tests.proof.claims import FULL
from tests.proof.races import Racer, committed
from tests.world import SYSTEM, World

BATCH = 25
THINKING = 0.005  # seconds, at most
REACHES = [
    RevocationScope.USER,
    RevocationScope.TENANT,
    RevocationScope.PARTNER,
    RevocationScope.ADMINS,
    RevocationScope.PLATFORM,
]


@dataclass(frozen=True, slots=True)
class Pair:
    """A sign-in and a revocation: when each began and committed, when the sign-in had read the user's row, and when
    the revocation was answered; in microseconds of the database's clock."""

    sign_in: tuple[int, int]
    read: int
    revocation: tuple[int, int]
    answered: int
    is_accepted: bool
    latecomer_is_accepted: bool

    @property
    def is_overlapped(self) -> bool:
        return self.sign_in[0] <= self.revocation[1] and self.revocation[0] <= self.sign_in[1]

    @property
    def is_survivor(self) -> bool:
        return self.is_accepted and self.sign_in[1] < self.revocation[1]

    @property
    def is_of_old_proof(self) -> bool:
        """Stricter: whoever was proved by what stood in the database before the revocation gets in after it."""
        return self.is_accepted and self.read < self.revocation[1]

    @property
    def is_locked_out(self) -> bool:
        return not self.latecomer_is_accepted or (self.sign_in[0] > self.answered and not self.is_accepted)


@dataclass
class Race:
    racers: list[Racer]
    world: World
    reach: RevocationScope
    build: str = "floors"
    # How long either took lately, in seconds: the one that begins later begins while the other is under way.
    signing_in: float = 0.02
    revoking: float = 0.01

    def pairs(self) -> Iterator[Pair]:
        for number in count():
            yield from self.judged([self.run(BATCH * number + each) for each in range(BATCH)])
            operations.sweep()

    def run(self, number: int) -> dict[str, Any]:
        """One pair; which process does what alternates. The revoker signs in again as soon as it is answered."""
        here, there = self.racers if number % 2 else reversed(self.racers)
        head_start = uniform(-self.revoking, self.signing_in)  # for the sign-in
        here.tell(self.sign_in(after=max(0, -head_start), thinking=uniform(0, THINKING)))
        there.tell(self.revoke(after=max(0, head_start)), self.sign_in(after=0, thinking=0))
        [signed_in], [revoked, latecomer] = here.hear(), there.hear()
        self.signing_in, self.revoking = seconds(signed_in), seconds(revoked)
        return {
            "signed_in": signed_in,
            "revoked": revoked,
            "is_accepted": self.is_accepted(signed_in, revoked),
            "latecomer_is_accepted": self.is_accepted(latecomer, revoked),
        }

    def sign_in(self, **when: float) -> dict[str, Any]:
        admin = self.world.north_admin.user
        return {"act": "sign_in", "email": admin.email, "tenant": admin.tenant.slug, **when}

    def revoke(self, **when: float) -> dict[str, Any]:
        target = str(self.target) if self.target else None
        return {"act": "revoke", "reach": self.reach, "target": target, "build": self.build, **when}

    @property
    def target(self) -> UUID | None:
        north = self.world.north
        return {
            RevocationScope.USER: self.world.north_admin.user.pk,
            RevocationScope.TENANT: north.pk,
            RevocationScope.PARTNER: north.partner_id,
        }.get(self.reach)

    def is_accepted(self, signed_in: dict[str, Any], revoked: dict[str, Any]) -> bool:
        """By the real authenticator. The cut-off's own rule is added for the build that has it."""
        if signed_in["token"] is None or principal_of(signed_in["token"], Origin()) is None:
            return False
        if self.build != "now() cut-off":
            return True
        cut_off = Revocation.objects.get(pk=revoked["revocation"]).created_at
        session_id = decode_id(Prefix.SESSION, signed_in["session"])
        return Session.objects.filter(pk=session_id, created_at__gte=cut_off).exists()

    def judged(self, runs: list[dict[str, Any]]) -> Iterator[Pair]:
        # A session's row may be written again, so its sign-in is dated by the audit entry of the same transaction.
        opened = committed("audit_auditentry", "resource_id", [run["signed_in"]["session"] for run in runs])
        revoked = committed("sessions_app_revocation", "id", [run["revoked"]["revocation"] for run in runs])
        for run in runs:
            signed_in = run["signed_in"]
            yield Pair(
                sign_in=(signed_in["began"], opened.get(signed_in["session"], signed_in["answered"])),
                read=signed_in["read"],
                revocation=(run["revoked"]["began"], revoked[run["revoked"]["revocation"]]),
                answered=run["revoked"]["answered"],
                is_accepted=run["is_accepted"],
                latecomer_is_accepted=run["latecomer_is_accepted"],
            )


def seconds(act: dict[str, Any]) -> float:
    return (act["answered"] - act["began"]) / 1_000_000


def take(pairs: Iterator[Pair], overlapped: int) -> list[Pair]:
    """As many as it takes until so many of them overlapped."""
    taken: list[Pair] = []
    while overlapped > 0:
        taken.append(next(pairs))
        overlapped -= taken[-1].is_overlapped
    return taken


@pytest.mark.parametrize("reach", REACHES)
def test_sign_in_concurrent_with_a_revocation_never_survives_it(
    reach, racers: list[Racer], committed_world: World, claim
):
    promise = claim(f"sign-ins overlapping a revoke-all of {reach}", full=2000, reduced=100)
    pairs = take(Race(racers, committed_world, reach).pairs(), promise.asked)
    overlapped = [pair for pair in pairs if pair.is_overlapped]
    first = sum(pair.sign_in[1] < pair.revocation[1] for pair in overlapped)
    survivors = sum(pair.is_survivor or pair.is_of_old_proof for pair in pairs)
    locked_out = sum(pair.is_locked_out for pair in pairs)
    promise.saw(len(overlapped), f"{first} committed first, {survivors} survived, {locked_out} locked out afterwards")
    assert (survivors, locked_out) == (0, 0)


@pytest.mark.proof
@pytest.mark.parametrize("build", ["only updates", "now() cut-off"])
@pytest.mark.parametrize(
    "reach", REACHES[1:] if FULL else [RevocationScope.TENANT]
)  # of one user, sign-ins are waited for
def test_surviving_session_is_found_in_a_broken_build(build, reach, racers: list[Racer], committed_world: World, claim):
    promise = claim(f"control, {build}: survivors of a revoke-all of {reach}", full=3, reduced=1)
    race, tried, survived = Race(racers, committed_world, reach, build), 0, 0
    for pair in race.pairs():
        tried += pair.is_overlapped
        survived += pair.is_survivor
        if survived == promise.asked or tried == 2000:
            break
    promise.saw(survived, f"of {tried} overlapped pairs")
    operations.revoke_scope(reach, race.target, actor=SYSTEM, reason="clearing up")
    assert survived == promise.asked
