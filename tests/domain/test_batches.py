"""The size of a batch adapts so that a batch takes about the intended time."""

from sessions_app.operations.batch_size import AIM, FIRST, LEAST, BatchSize
from tests.cells import cells

MOST = 10_000


def size_after(seconds_of_row: float, count: int) -> int:
    size = BatchSize(most=MOST)
    for _ in range(count):
        size.adapt(size.rows * seconds_of_row)
    return size.rows


@cells("seconds_of_row", [AIM / 5_000, AIM / 400, AIM / 100])
def test_batch_comes_to_fit_its_time(seconds_of_row: float):
    assert abs(size_after(seconds_of_row, 10) * seconds_of_row - AIM) < AIM / 10


def test_batch_at_most_doubles():
    assert size_after(0, 1) == 2 * FIRST


def test_batch_shrinks_at_once():
    size = BatchSize(most=MOST)
    size.adapt(2 * AIM)
    assert size.rows == FIRST // 2


@cells(("seconds_of_row", "limit"), [(0.0, MOST), (1.0, LEAST)])
def test_batch_stays_within_its_limits(seconds_of_row: float, limit: int):
    assert size_after(seconds_of_row, 20) == limit


def test_batch_is_never_larger_than_the_most():
    assert BatchSize(most=2).rows == 2


def test_batch_is_timed():
    size = BatchSize(most=MOST)
    with size.timed() as rows:
        assert rows == FIRST
    assert size.rows == 2 * FIRST
