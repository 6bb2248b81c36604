"""Audit chains stay intact when several processes write to them at once."""

from random import choice, random
from typing import Any

from audit.models import Chain
from audit.operations import NIL_ID
from audit.queries import first_fault
from sessions_app.models import RevocationScope
from tests.proof.races import Racer
from tests.world import World


def act(world: World) -> tuple[Any, dict[str, Any]]:
    """Something that leaves one entry, and the chain that it belongs to."""
    tenant = choice([world.north, world.south, world.springfield])
    user = world.person("ada", tenant)
    if random() < 0.7:
        return tenant.pk, {"act": "sign_in", "email": user.email, "tenant": tenant.slug, "after": 0, "thinking": 0}
    reach, target, chain = choice(
        [
            (RevocationScope.USER, user.pk, tenant.pk),
            (RevocationScope.TENANT, tenant.pk, tenant.pk),
            (RevocationScope.PARTNER, tenant.partner_id, NIL_ID),
        ]
    )
    return chain, {"act": "revoke", "reach": reach, "target": str(target), "after": 0}


def lengths(chains: set[Any]) -> dict[Any, int]:
    return dict(Chain.objects.filter(pk__in=chains).values_list("pk", "length"))


def test_audit_chains_stay_intact_under_concurrent_writes(racers: list[Racer], committed_world: World, claim):
    promise = claim("acts by two processes on the audit chains of three tenants", full=4000, reduced=200)
    acts = [act(committed_world) for _ in range(promise.asked)]
    chains = {chain for chain, _ in acts}
    before = lengths(chains)
    for racer, share in zip(racers, (acts[::2], acts[1::2]), strict=True):
        racer.tell(*(what for _, what in share))
    found = [fault for _ in range(3) for chain in chains if (fault := first_fault(chain))]
    done = sum(len(racer.hear()) for racer in racers)
    found += [fault for chain in chains if (fault := first_fault(chain))]
    promise.saw(done, f"{len(found)} faults in {len(chains)} chains, read while written and afterwards")
    assert found == []
    grown = {chain: length - before.get(chain, 0) for chain, length in lengths(chains).items()}
    assert grown == {chain: sum(each == chain for each, _ in acts) for chain in chains}
