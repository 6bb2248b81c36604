"""What a load generator measures."""

from dataclasses import dataclass


class RequestFailed(Exception):
    """A server refused a request, or its response is not the expected one."""


@dataclass(frozen=True)
class LoadResult:
    """The number of responses, the seconds they took together, and the 99th percentile in milliseconds."""

    count: int
    seconds: float
    p99: float

    @property
    def rate(self) -> float:
        return self.count / self.seconds
