"""How a tenant's sessions are distributed over its users."""

import random
from array import array
from collections.abc import Iterator

from bench.binary_copy import field
from core.ids import uuid7

CHUNK = 2_000
SESSIONS_PER_USER = 5
DAY = 24 * 3600
ONE_ENDED_IN = 11  # one ended session for every ten live ones


class Population:
    """The owner of each session, and each user's newest live session: a few users have many sessions, most have few.

    One session in `one_ended_in` has ended. The last one was opened `seconds_ago`.
    """

    def __init__(self, rng: random.Random, total: int, *, one_ended_in: int, seconds_ago: float = 0) -> None:
        self.total, self.one_ended_in, self.seconds_ago = total, one_ended_in, seconds_ago
        self.users = max(1, total // SESSIONS_PER_USER)
        self.first = uuid7().int >> 62 << 62
        self.owners = array("L", (int(self.users * rng.random() ** 1.4) for _ in range(total)))
        self.newest = array("l", [-1]) * self.users
        for number, owner in enumerate(self.owners):
            if not self.is_ended(number):
                self.newest[owner] = number

    @classmethod
    def with_live(cls, rng: random.Random, live: int) -> "Population":
        return cls(rng, live + ended_for(live), one_ended_in=ONE_ENDED_IN)

    @classmethod
    def past_retention(cls, rng: random.Random, ended: int) -> "Population":
        """Return sessions that all ended so long ago that the next purge deletes them."""
        return cls(rng, ended, one_ended_in=1, seconds_ago=150 * DAY)

    def is_ended(self, number: int) -> bool:
        return number % self.one_ended_in == self.one_ended_in // 2

    def is_newest(self, number: int) -> bool:
        return self.newest[self.owners[number]] == number

    def owner(self, number: int) -> bytes:
        return self.user_id(self.owners[number])

    def user_id(self, number: int) -> bytes:
        return (self.first + number).to_bytes(16)

    def user_rows(self) -> Iterator[list[bytes]]:
        for start in range(0, self.users, CHUNK):
            numbers = range(start, min(start + CHUNK, self.users))
            yield [field(self.user_id(number)) + field(f"person{number}@bench.example") for number in numbers]


def ended_for(live: int) -> int:
    """Return the number of ended sessions that come with so many live ones."""
    return live // (ONE_ENDED_IN - 1)
