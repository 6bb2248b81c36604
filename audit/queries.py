from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from audit.models import AuditEntry, Chain
from audit.operations import fingerprint


@dataclass(frozen=True, slots=True)
class Fault:
    chain_id: UUID
    number: int
    reason: str


def faults() -> Iterator[Fault]:
    """The first thing wrong with each chain, found by recomputing every entry."""
    chains = set(AuditEntry.objects.values_list("chain_id", flat=True).distinct()) | set(
        Chain.objects.values_list("tenant_id", flat=True)
    )
    for chain_id in sorted(chains):
        if fault := first_fault(chain_id):
            yield fault


def first_fault(chain_id: UUID) -> Fault | None:
    number, end = 0, bytes(32)
    for entry in AuditEntry.objects.filter(chain_id=chain_id).order_by("number").iterator(chunk_size=2000):
        number += 1
        if entry.number != number:
            return Fault(chain_id, number, "is missing")
        if bytes(entry.previous_hash) != end:
            return Fault(chain_id, number, "does not follow the entry before it")
        if bytes(entry.hash) != fingerprint(entry):
            return Fault(chain_id, number, "was altered")
        end = bytes(entry.hash)
    chain = Chain.objects.filter(pk=chain_id).first()
    if chain is None or (chain.length, bytes(chain.head)) != (number, end):
        return Fault(chain_id, number + 1, "is missing from the end")
    return None
