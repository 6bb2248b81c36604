"""Every admin action on sessions writes one audit entry, whether it succeeds or is denied."""

from typing import Any

from audit.models import AuditEntry
from core.ids import Prefix
from tests.cells import cells
from tests.contract.v1.sessions import REVOKE_ALL, SESSIONS, is_alive
from tests.security.actions import FROM
from tests.world import CHROME, World, some_id

NORTH = "/api/v1/tenants/{north}/sessions"
ACTS: dict[str, tuple[str, str, dict[str, Any] | None, str]] = {
    "deleting a session": ("DELETE", f"{SESSIONS}/{{session}}", None, "session.revoked"),
    "revoking a session": ("POST", f"{SESSIONS}/{{session}}/revoke", {"reason": "test"}, "session.revoked"),
    "deleting one of a tenant's": ("DELETE", f"{NORTH}/{{session}}", None, "session.revoked"),
    "revoking some of a user's": (
        "POST",
        f"{NORTH}/users/{{user}}/revoke",
        {"session_ids": ["{session}"]},
        "session.revoked",
    ),
    "revoking all of a user's": (
        "POST",
        f"{NORTH}/users/{{user}}/revoke",
        {"revoke_all": True},
        "session.revoked_all",
    ),
    "signing a user out": ("POST", REVOKE_ALL, {"user_id": "{user}"}, "session.revoked_all"),
    "signing a tenant out": ("POST", f"{NORTH}/revoke-all", None, "session.revoked_all"),
}


def perform(name: str, world: World, *, session: str = "", who: str = "north_admin") -> AuditEntry | None:
    """The one entry that this made, if any."""
    names = {
        "north": world.north.handle,
        "session": session or world.ada.session_id,
        "user": world.ada.user.handle,
    }
    caller = getattr(world, who)
    assert is_alive(world.ada)
    method, path, body, _ = ACTS[name]
    body = body and {key: filled(value, names) for key, value in body.items()}
    last = AuditEntry.objects.latest("pk")
    caller.request(method, path.format(**names), body, **FROM)
    made = AuditEntry.objects.filter(pk__gt=last.pk)
    assert len(made) <= 1
    return made.first()


def filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [each.format(**names) for each in value]
    return value.format(**names) if isinstance(value, str) else value


@cells("name", ACTS)
class TestAdminActionAudit:
    def test_action_writes_one_complete_entry(self, name: str, world: World):
        entry = perform(name, world)
        assert entry is not None
        assert (entry.action, entry.result) == (ACTS[name][3], "success")
        assert (entry.actor_id, entry.actor_label) == (world.north_admin.user.handle, world.north_admin.user.email)
        assert (entry.actor_tier, entry.tenant_id, entry.partner_id) == ("tenant", world.north.pk, world.acme.pk)
        origin = (entry.ip_address, entry.user_agent, entry.request_id)
        assert origin == (FROM["REMOTE_ADDR"], CHROME, "the-request-itself")
        assert entry.changes["revoked_count"] >= 1
        assert not is_alive(world.ada)

    def test_denied_action_writes_an_access_denied_entry(self, name: str, world: World):
        entry = perform(name, world, who="alan")
        assert entry is not None
        assert (entry.action, entry.result, entry.actor_id) == ("access.denied", "denied", world.alan.user.handle)
        assert is_alive(world.ada)

    def test_action_on_a_session_out_of_scope_writes_none(self, name: str, world: World):
        entry = perform(name, world, who="springfield_admin")
        in_a_body = name == "signing a user out"
        assert (entry.action if entry else None) == ("access.denied" if in_a_body else None)
        assert is_alive(world.ada)


def test_revoking_an_unknown_session_id_is_recorded_with_count_zero(world: World):
    entry = perform("revoking some of a user's", world, session=some_id(Prefix.SESSION))
    assert entry is not None
    assert (entry.changes["revoked_count"], entry.changes["sessions"]) == (0, [])
