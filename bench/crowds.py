"""Who has the sessions of a tenant."""

import random
from array import array
from collections.abc import Iterator

from bench.copying import field
from core.ids import uuid7

CHUNK = 2_000
SESSIONS_EACH = 5
DAY = 24 * 3600
ONE_OVER_IN = 11  # one that is over for every ten that live


class Crowd:
    """Some people have many sessions, most have few; which is the newest of each that lives is known.

    One session in `over_in` is over. The last was opened `ago`, in seconds.
    """

    def __init__(self, dice: random.Random, total: int, *, over_in: int, ago: float = 0) -> None:
        self.total, self.over_in, self.ago = total, over_in, ago
        self.people = max(1, total // SESSIONS_EACH)
        self.first = uuid7().int >> 62 << 62
        self.owners = array("L", (int(self.people * dice.random() ** 1.4) for _ in range(total)))
        self.newest = array("l", [-1]) * self.people
        for number, owner in enumerate(self.owners):
            if not self.is_over(number):
                self.newest[owner] = number

    @classmethod
    def living(cls, dice: random.Random, live: int) -> "Crowd":
        return cls(dice, live + over_beside(live), over_in=ONE_OVER_IN)

    @classmethod
    def long_gone(cls, dice: random.Random, over: int) -> "Crowd":
        """Over for longer than anybody keeps them."""
        return cls(dice, over, over_in=1, ago=150 * DAY)

    def is_over(self, number: int) -> bool:
        return number % self.over_in == self.over_in // 2

    def is_newest(self, number: int) -> bool:
        return self.newest[self.owners[number]] == number

    def owner(self, number: int) -> bytes:
        return self.person(self.owners[number])

    def person(self, number: int) -> bytes:
        return (self.first + number).to_bytes(16)

    def lines(self) -> Iterator[list[bytes]]:
        for start in range(0, self.people, CHUNK):
            numbers = range(start, min(start + CHUNK, self.people))
            yield [field(self.person(number)) + field(f"person{number}@bench.example") for number in numbers]


def over_beside(live: int) -> int:
    """Sessions that are over, for so many that live."""
    return live // (ONE_OVER_IN - 1)
