from dataclasses import dataclass


class NotAnswered(Exception):
    """A server refused or failed a request that it should have answered."""


@dataclass(frozen=True)
class Answers:
    """How many there were within so many seconds, and the milliseconds that 99 of 100 did not exceed."""

    count: int
    seconds: float
    p99: float

    @property
    def rate(self) -> float:
        return self.count / self.seconds
