from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Exists, Func, OuterRef
from django.db.models.functions import Coalesce

from audit.models import AuditEntry, Chain
from audit.operations import fingerprint
from core.access import Principal, Tier

NOTHING = bytes(32)
# All of them together, in one row also of none: an aggregate of Django's would make groups of `values()`.
LENGTH = Coalesce(Func("length", function="SUM"), 0, output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class Fault:
    chain_id: UUID
    number: int
    reason: str


def length_seen_by(principal: Principal) -> int | None:
    """How many entries they see, as the ends of the chains have it; None for a partner, whose tenants come and go."""
    chains = chains_seen_by(principal)
    return None if chains is None else int(chains.values_list(LENGTH, flat=True)[0])


def chains_seen_by(principal: Principal) -> Any:
    """Those whose `LENGTH` is what they see; None for a partner."""
    match principal.tier:
        case Tier.SUPER:
            return Chain.objects.order_by()
        case Tier.TENANT if principal.tenant_id is not None:
            return Chain.objects.order_by().filter(pk=principal.tenant_id)
        case _:
            return None


def broken_chains() -> int:
    """How many chains end in something else than they say: told at once, where `faults` recomputes everything."""
    last = AuditEntry.objects.filter(chain_id=OuterRef("pk"), number=OuterRef("length"), hash=OuterRef("head"))
    return Chain.objects.filter(~Exists(last), length__gt=0).count()


def faults() -> Iterator[Fault]:
    """The first thing wrong with each chain, found by recomputing every entry."""
    chains = set(AuditEntry.objects.values_list("chain_id", flat=True).distinct()) | set(
        Chain.objects.values_list("tenant_id", flat=True)
    )
    for chain_id in sorted(chains):
        if fault := first_fault(chain_id):
            yield fault


def first_fault(chain_id: UUID) -> Fault | None:
    """Entries may be added meanwhile: there must be as many as the end said before, and no more than it says after."""
    promised, promised_head = _end_of(chain_id)
    number, head = 0, NOTHING
    for entry in AuditEntry.objects.filter(chain_id=chain_id).order_by("number").iterator(chunk_size=2000):
        number += 1
        if entry.number != number:
            return Fault(chain_id, number, "is missing")
        if bytes(entry.previous_hash) != head:
            return Fault(chain_id, number, "does not follow the entry before it")
        if bytes(entry.hash) != fingerprint(entry):
            return Fault(chain_id, number, "was altered")
        head = bytes(entry.hash)
        if number == promised and head != promised_head:
            return Fault(chain_id, number, "was replaced")
    if number < promised:
        return Fault(chain_id, number + 1, "is missing from the end")
    if number > _end_of(chain_id)[0]:
        return Fault(chain_id, number, "was added")
    return None


def _end_of(chain_id: UUID) -> tuple[int, bytes]:
    end = Chain.objects.filter(pk=chain_id).first()
    return (end.length, bytes(end.head)) if end else (0, NOTHING)
