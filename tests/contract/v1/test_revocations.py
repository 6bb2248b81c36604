"""/admin/revocations: the list of revocations, with scope, count, actor and reason."""

from typing import Any

from core.access import Scope
from core.ids import Prefix
from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, Session
from tests.cells import cells
from tests.contract.v1.answers import data_of, flaws, ids, page, refused, when
from tests.contract.v1.sessions import REVOKE_ALL, SESSIONS, is_alive
from tests.factories import RevocationFactory
from tests.world import SYSTEM, Caller, World, some_id

REVOCATIONS = "/api/v1/admin/revocations"
FIELDS = [
    "id",
    "number",
    "scope",
    "scope_id",
    "filter",
    "reason",
    "actor_id",
    "actor_email",
    "tenant_id",
    "partner_id",
    "revoked_count",
    "swept_count",
    "created_at",
    "swept_at",
    "status",
]


def revoke(reach: RevocationScope, target: Any = None, reason: str = "test") -> str:
    ended = operations.revoke_scope(reach, target and target.pk, actor=SYSTEM, reason=reason)
    return ended.revocation.handle


def end(caller: Caller) -> str:
    return operations.revoke(
        Session.objects.filter(pk=caller.session.pk), actor=SYSTEM, reason="test"
    ).revocation.handle


def shown(world: World, handle: str) -> dict[str, Any]:
    return data_of(world.super_admin.get(f"{REVOCATIONS}/{handle}"))


class TestRevocation:
    def test_has_scope_count_actor_and_reason(self, world: World):
        assert all(is_alive(each) for each in (world.ada, world.alan))
        body = {"tenant_id": world.north.handle, "reason": "laptops stolen"}
        handle = data_of(world.acme_partner.post(REVOKE_ALL, body))["revocation_id"]
        told = shown(world, handle)
        revocation = Revocation.objects.get(tenant_id=world.north.pk)
        assert list(told) == FIELDS
        assert when(told.pop("created_at")) == revocation.created_at
        assert told == {
            "id": handle,
            "number": revocation.number,
            "scope": "tenant",
            "scope_id": world.north.handle,
            "filter": None,
            "reason": "laptops stolen",
            "actor_id": world.acme_partner.user.handle,
            "actor_email": world.acme_partner.user.email,
            "tenant_id": world.north.handle,
            "partner_id": world.acme.handle,
            "revoked_count": 2,
            "swept_count": 0,
            "swept_at": None,
            "status": "sweeping",
        }

    def test_shows_the_progress_of_the_sweep(self, world: World):
        assert all(is_alive(each) for each in (world.ada, world.alan))
        handle = revoke(RevocationScope.TENANT, world.north)
        operations.sweep()
        told = shown(world, handle)
        assert (told["revoked_count"], told["swept_count"], told["status"]) == (2, 2, "complete")
        assert when(told["swept_at"]) >= when(told["created_at"])

    def test_single_session_revocation_is_complete_at_once(self, world: World):
        told = shown(world, end(world.ada))
        assert (told["scope"], told["scope_id"], told["number"]) == ("session", world.ada.session_id, None)
        assert (told["revoked_count"], told["swept_count"], told["status"]) == (1, 1, "complete")
        assert (told["actor_id"], told["tenant_id"]) == (SYSTEM.id, world.north.handle)

    def test_names_its_target_for_every_scope(self, world: World):
        application = world.make_service("wiki", [])
        for reach, target in (
            (RevocationScope.USER, world.ada.user),
            (RevocationScope.APPLICATION, application),
            (RevocationScope.PARTNER, world.acme),
            (RevocationScope.ADMINS, None),
            (RevocationScope.PLATFORM, None),
        ):
            handle = revoke(reach, target)
            told = data_of(world.service(Scope.ADMIN_READ).get(f"{REVOCATIONS}/{handle}"))
            assert (told["scope"], told["scope_id"]) == (reach, target and target.handle)

    def test_bulk_revocation_shows_its_filters(self, world: World):
        looks = {"tenant": world.north.handle, "ip": "192.0.2.0/24"}
        made = RevocationFactory(reach=RevocationScope.SELECTION, selection=looks)
        told = shown(world, made.handle)
        assert (told["scope"], told["scope_id"], told["filter"]) == ("filter", None, looks)
        assert ids(world.super_admin.get(f"{REVOCATIONS}?scope=filter")) == [made.handle]

    def test_staff_tenant_of_operators_is_hidden(self, world: World):
        for operator in (world.acme_partner, world.super_admin):
            handle = end(world.signed_in(operator.user))
            assert shown(world, handle)["tenant_id"] is None
        assert shown(world, handle)["partner_id"] is None

    def test_has_the_id_that_the_session_shows(self, world: World):
        handle = end(world.ada)
        assert data_of(world.super_admin.get(f"{SESSIONS}/{world.ada.session_id}"))["revocation_id"] == handle

    def test_revocation_out_of_scope_is_404(self, world: World):
        handles = [
            end(world.ada),
            revoke(RevocationScope.TENANT, world.north),
            revoke(RevocationScope.PARTNER, world.acme),
        ]
        for handle in [*handles, some_id(Prefix.REVOCATION), "x", world.ada.session_id]:
            for caller in (world.springfield_admin, world.globex_partner):
                assert refused(caller.get(f"{REVOCATIONS}/{handle}"), 404) == {"detail": "Revocation not found"}


class TestRevocationList:
    @cells("path", [REVOCATIONS, f"{REVOCATIONS}/"])
    def test_lists_revocations_in_the_callers_scope_newest_first(self, path: str, world: World):
        one, user = end(world.ada), revoke(RevocationScope.USER, world.katherine.user)
        north, partner = revoke(RevocationScope.TENANT, world.north), revoke(RevocationScope.PARTNER, world.acme)
        lisa, everybody = end(world.lisa), revoke(RevocationScope.PLATFORM)
        assert ids(world.north_admin.get(path)) == [north, one]
        assert ids(world.acme_partner.get(path)) == [partner, north, user, one]
        assert ids(world.globex_partner.get(path)) == [lisa]
        assert ids(world.super_admin.get(path)) == [everybody, lisa, partner, north, user, one]
        rows, _ = page(world.super_admin.get(path))
        assert all(list(row) == FIELDS for row in rows)

    def test_is_filtered_by_scope_target_actor_and_time(self, world: World):
        one, north = end(world.ada), revoke(RevocationScope.TENANT, world.north)
        lisa, partner = end(world.lisa), revoke(RevocationScope.PARTNER, world.acme)
        middle = shown(world, lisa)["created_at"]
        operator = world.super_admin
        for query, expected in {
            "scope=session": [lisa, one],
            "scope=partner": [partner],
            "scope=admins": [],
            "scope=agent": [],
            f"tenant_id={world.north.handle}": [north, one],
            f"partner_id={world.acme.handle}": [partner, north, one],
            f"partner_id={world.acme.handle}&scope=tenant": [north],
            f"tenant_id={some_id(Prefix.TENANT)}": [],
            "partner_id=x": [],
            f"created_before={middle}": [north, one],
            f"created_after={middle}": [partner, lisa],
            "ordering=created_at": [one, north, lisa, partner],
        }.items():
            assert ids(operator.get(f"{REVOCATIONS}?{query}")) == expected, query
        assert ids(world.north_admin.get(f"{REVOCATIONS}?tenant_id={world.springfield.handle}")) == []
        assert ids(world.acme_partner.get(f"{REVOCATIONS}?partner_id={world.globex.handle}")) == []

    def test_pages_and_cursor_return_each_revocation_once(self, world: World):
        made = [revoke(RevocationScope.USER, world.ada.user) for _ in range(5)][::-1]
        first, where = page(world.north_admin.get(f"{REVOCATIONS}?per_page=3"))
        revoke(RevocationScope.USER, world.ada.user)
        rest, where = page(world.north_admin.get(f"{REVOCATIONS}?per_page=3&cursor={where['next_cursor']}"))
        assert [row["id"] for row in [*first, *rest]] == made
        assert where["total"] == 6

    def test_invalid_query_parameter_is_422_by_name(self, world: World):
        for query in (
            "scope=x",
            "scope=selection",
            "created_after=x",
            "ordering=number",
            "per_page=0",
            "page=x",
        ):
            assert flaws(world.super_admin.get(f"{REVOCATIONS}?{query}"))[0][0] == ["query", query.partition("=")[0]]
        assert flaws(world.super_admin.get(f"{REVOCATIONS}?ordering=last_activity_at"))

    def test_is_read_only(self, world: World):
        handle = end(world.ada)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for path in (REVOCATIONS, f"{REVOCATIONS}/{handle}"):
                assert world.super_admin.request(method, path).status_code == 405
