"""A job that every client of the edge API performs, and the results it must have."""

from typing import Any

from accounts.models import Role, User
from core.ids import Prefix, decode_id
from sessions_app.models import Session, SessionState
from tests.contract.edge.mixed_sessions import seen_from_outside
from tests.interop.filters import filters
from tests.world import PASSWORD, World, some_id


class ClientJob:
    """For an administrator of north of its own. `job` is what the client is told; it answers what came of it."""

    def __init__(self, world: World, url: str, name: str) -> None:
        live = SessionState.objects.live().filter(tenant=world.north)
        self.rows = [seen_from_outside(session) for session in live.order_by("pk")]
        self.filters = filters(self.rows)
        self.keeper = world.person(name, world.north, Role.TENANT_ADMIN)
        self.grace = world.person("grace-0", world.north)
        self.victim = next(row["id"] for row in self.rows if row["identity"] == self.grace.handle)
        self.job = {
            "url": url,
            "username": self.keeper.email,
            "password": PASSWORD,
            "wrong_password": "not this one",
            "filters": list(self.filters),
            "bad_filter": 'createdAt = "x"',
            "victim": self.victim,
            "identity": self.grace.handle,
            "unknown": some_id(Prefix.SESSION),
        }

    def check(self, done: dict[str, Any]) -> None:
        own = Session.objects.get(pk=decode_id(Prefix.SESSION, done["current"]["id"]))
        assert own.user == self.keeper
        assert own.revoked_at is not None
        assert self.faults(done["lists"], own) == {}
        assert done["current"]["identity"]["name"] == self.keeper.email
        assert done["token"].startswith("cfs_")
        people = [user.handle for user in User.objects.filter(tenant=self.keeper.tenant).order_by("pk")]
        assert (done["me"], done["identity"]) == (self.keeper.handle, self.grace.email)
        assert done["identities"] == people
        assert (done["detail"]["id"], done["detail"]["token"]) == (self.victim, self.victim)
        assert not SessionState.objects.live().filter(pk=decode_id(Prefix.SESSION, self.victim)).exists()
        refusals = {key: done[key] for key in ("again", "unknown", "bad_filter", "wrong_password")}
        assert refusals == {"again": 404, "unknown": 404, "bad_filter": "INVALID_FILTER", "wrong_password": 401}
        assert is_dead(done)

    def faults(self, lists: dict[str, Any], own: Session) -> dict[str, Any]:
        """Filters that found anything but the rows that they are about, in the order of their ids."""
        rows = sorted([*self.rows, seen_from_outside(own)], key=lambda row: row["id"])
        expected = {text: [row["id"] for row in rows if holds(row)] for text, holds in self.filters.items()}
        return {
            text: (lists[text], ids) for text, ids in expected.items() if lists[text] != {"total": len(ids), "ids": ids}
        }


def is_dead(done: dict[str, Any]) -> bool:
    """The token, after its session is ended: refused, or replaced by a client that signs in again by itself."""
    if "next_token" in done:
        return done["next_token"] not in ("", None, done["token"])
    return done["dead_token"] == 401
