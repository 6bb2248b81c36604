"""Counts, durations and values of choices in words."""

from core.humanize import how_long, how_many, label_of
from tests.cells import cells


@cells(("count", "said"), [(0, "0 sessions"), (1, "1 session"), (2000, "2,000 sessions")])
def test_counts_are_words_with_plurals(count: int, said: str):
    assert how_many(count, "session") == said


@cells(
    ("seconds", "said"),
    [(1, "1 second"), (90, "90 seconds"), (5400, "90 minutes"), (3600.0, "1 hour"), (86_400, "1 day"), (0, "0 days")],
)
def test_durations_are_words_with_units(seconds: float, said: str):
    assert how_long(seconds) == said


@cells(
    ("value", "label"), [("tenant_admin", "Tenant admin"), ("DISTRIBUTION_LIST", "Distribution list"), ("SPA", "SPA")]
)
def test_values_of_choices_have_readable_labels(value: str, label: str):
    assert label_of(value) == label
