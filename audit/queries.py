from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Exists, Func, OuterRef
from django.db.models.functions import Coalesce

from audit.models import AuditEntry, Chain
from audit.operations import fingerprint
from core.access import Principal, Tier

GENESIS = bytes(32)  # before the first entry of a chain
# One row even without chains. Django's Sum would group by the columns of `values()`.
LENGTH = Coalesce(Func("length", function="SUM"), 0, output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class Fault:
    chain_id: UUID
    number: int
    reason: str


def length_seen_by(principal: Principal) -> int | None:
    """Return how many entries a principal sees, from the chains; None for a partner, whose tenants may move."""
    chains = chains_seen_by(principal)
    return None if chains is None else int(chains.values_list(LENGTH, flat=True)[0])


def chains_seen_by(principal: Principal) -> Any:
    """Return the chains whose entries a principal sees, or None for a partner."""
    match principal.tier:
        case Tier.SUPER:
            return Chain.objects.order_by()
        case Tier.TENANT if principal.tenant_id is not None:
            return Chain.objects.order_by().filter(pk=principal.tenant_id)
        case _:
            return None


def broken_chains() -> int:
    """Count the chains whose last entry is not the one stored for the chain. Fast: `faults` verifies every entry."""
    last = AuditEntry.objects.filter(chain_id=OuterRef("pk"), number=OuterRef("length"), hash=OuterRef("head"))
    return Chain.objects.filter(~Exists(last), length__gt=0).count()


def faults() -> Iterator[Fault]:
    """Yield the first fault of each chain that has one, by recomputing every entry's hash."""
    chains = set(AuditEntry.objects.values_list("chain_id", flat=True).distinct()) | set(
        Chain.objects.values_list("tenant_id", flat=True)
    )
    for chain_id in sorted(chains):
        if fault := first_fault(chain_id):
            yield fault


def first_fault(chain_id: UUID) -> Fault | None:
    """Return a chain's first fault, if it has one.

    Entries may be added meanwhile, so there must be at least as many as the chain had at first, and at most as many as
    it has at last.
    """
    expected, expected_head = _end_of(chain_id)
    number, head = 0, GENESIS
    for entry in AuditEntry.objects.filter(chain_id=chain_id).order_by("number").iterator(chunk_size=2000):
        number += 1
        if entry.number != number:
            return Fault(chain_id, number, "is missing")
        if bytes(entry.previous_hash) != head:
            return Fault(chain_id, number, "does not follow the entry before it")
        if bytes(entry.hash) != fingerprint(entry):
            return Fault(chain_id, number, "was altered")
        head = bytes(entry.hash)
        if number == expected and head != expected_head:
            return Fault(chain_id, number, "was replaced")
    if number < expected:
        return Fault(chain_id, number + 1, "is missing from the end")
    if number > _end_of(chain_id)[0]:
        return Fault(chain_id, number, "was added")
    return None


def _end_of(chain_id: UUID) -> tuple[int, bytes]:
    end = Chain.objects.filter(pk=chain_id).first()
    return (end.length, bytes(end.head)) if end else (0, GENESIS)
