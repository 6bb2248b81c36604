"""A tenant moves to another partner only within that partner's limits."""

from typing import Any

from tenancy.models import Partner
from tests.cells import cells
from tests.contract.v1.answers import data_of, refused
from tests.world import World


def moved(world: World) -> Any:
    path = f"/api/v1/admin/tenants/{world.north.handle}"
    return world.super_admin.request("PATCH", path, {"partner_id": world.globex.handle})


@cells("limit", ["max_users_per_tenant", "max_applications_per_tenant"])
def test_tenant_move_is_refused_over_the_new_partners_limits(limit: str, world: World):
    for caller in (world.ada, world.alan):
        assert caller.session
    for name in ("one", "two"):
        body = {"name": name, "application_type": "SERVICE", "scope": "TENANT", "tenant_id": world.north.handle}
        data_of(world.super_admin.post("/api/v1/admin/applications", body), 201)
    Partner.objects.filter(pk=world.globex.pk).update(**{limit: 1})
    assert refused(moved(world), 409) == {"detail": f"{limit} is 1, and 2 are in use"}
    assert world.ada.get("/api/v1/me").status_code == 200
    Partner.objects.filter(pk=world.globex.pk).update(**{limit: 2})
    assert data_of(moved(world))["partner_id"] == world.globex.handle
