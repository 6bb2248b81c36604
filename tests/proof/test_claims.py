from types import SimpleNamespace
from typing import Any

from tests.proof.claims import Claim, table


def report(*, passed: bool) -> Any:
    properties: list[tuple[str, Any]] = []
    claim = Claim("nobody slips through", full=2000, reduced=100, once=100, properties=properties)
    claim.saw(1234, "none did")
    return SimpleNamespace(user_properties=properties, passed=passed, duration=5.25)


def test_claim_table_tells_kept_from_broken_claims():
    head, kept, broken = table([report(passed=True), report(passed=False)])
    assert head.split() == ["claim", "asked", "seen", "in", "detail", "seconds"]
    assert kept.startswith("nobody slips through ")
    assert "1,234  none did" in kept
    assert broken.startswith("BROKEN nobody slips through ")


def test_claim_table_is_empty_without_claims():
    assert list(table([SimpleNamespace(user_properties=[("other", 1)], passed=True, duration=0)])) == []
