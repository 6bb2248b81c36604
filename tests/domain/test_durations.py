"""Durations as text, such as 7d."""

from datetime import timedelta

import pytest

from sessions_app.durations import read, show
from tests.cells import cells

LENGTHS = {
    "0s": timedelta(),
    "45s": timedelta(seconds=45),
    "30m": timedelta(minutes=30),
    "36h": timedelta(hours=36),
    "1d": timedelta(days=1),
    "2w": timedelta(weeks=2),
    "5000w": timedelta(weeks=5000),
}


@cells("text", LENGTHS)
def test_duration_is_parsed_and_shown_alike(text: str):
    assert (read(text), show(LENGTHS[text])) == (LENGTHS[text], text)


@cells(("one", "other"), [("24h", "1d"), ("7d", "1w"), ("90m", "5400s"), ("0d", "0s"), (" 1h ", "60m")])
def test_equal_durations_are_shown_alike(one: str, other: str):
    assert show(read(one)) == show(read(other))


@cells("odd", ["", "7", "d", "-7d", "7 d", "7D", "1.5h", "1h30m", "7d\n7d", "٣d", "5001w", "9" * 10 + "s"])
def test_malformed_duration_is_refused(odd: str):
    with pytest.raises(ValueError, match=r"is not a duration|is too long"):
        read(odd)
