"""/admin/audit: fields, scope, filters and speed of the read-only audit log."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from audit.actions import Action, ResourceType
from audit.models import AuditEntry, Chain
from core.access import Scope
from core.ids import Prefix, uuid7
from tenancy.operations import change, change_tenant, suspend
from tests.cells import cells
from tests.contract.v1.answers import data_of, flaws, ids, page, refused, when
from tests.contract.v1.test_groups import GROUPS
from tests.security.actions import FROM
from tests.timing import quickest
from tests.world import CHROME, SYSTEM, Caller, World, some_id

AUDIT = "/api/v1/admin/audit"
ACTIVITY = "/api/v1/admin/dashboard/activity"
FIELDS = [
    *("id", "timestamp", "actor_id", "actor_email", "actor_type", "actor_role", "action", "resource_type"),
    *("resource_id", "tenant_id", "partner_id", "result", "ip_address", "user_agent", "request_id", "changes"),
]


def newest(caller: Caller, path: str = AUDIT) -> dict[str, Any]:
    return page(caller.get(path))[0][0]


def all_of(caller: Caller, query: str = "") -> list[str]:
    return ids(caller.get(f"{AUDIT}?per_page=100{query}"))


def handles(**of: Any) -> list[str]:
    return [entry.handle for entry in AuditEntry.objects.filter(**of).order_by("-pk")]


class TestAuditEntry:
    def test_has_the_documented_fields(self, world: World):
        made = data_of(world.north_admin.post(GROUPS, {"name": "all"}, **FROM), 201)
        told = newest(world.north_admin)
        assert told["id"] == AuditEntry.objects.latest("pk").handle
        assert list(told) == FIELDS
        assert data_of(world.super_admin.get(f"{AUDIT}/{told['id']}")) == told
        assert datetime.now(UTC) - when(told.pop("timestamp")) < timedelta(minutes=1)
        assert told == {
            "id": told["id"],
            "actor_id": world.north_admin.user.handle,
            "actor_email": world.north_admin.user.email,
            "actor_type": "user",
            "actor_role": "tenant_admin",
            "action": "group.created",
            "resource_type": "group",
            "resource_id": made["id"],
            "tenant_id": world.north.handle,
            "partner_id": world.acme.handle,
            "result": "success",
            "ip_address": FROM["REMOTE_ADDR"],
            "user_agent": CHROME,
            "request_id": "the-request-itself",
            "changes": {"name": [None, "all"]},
        }

    def test_entry_of_a_service_or_the_system_has_no_actor_role(self, world: World):
        operator = world.super_admin
        for actor_type, act in {
            "system": lambda: suspend(world.north, actor=SYSTEM),
            "platform": lambda: world.service(*Scope).request(
                "PATCH", f"/api/v1/admin/tenants/{world.south.handle}", {"name": "x"}
            ),
        }.items():
            act()
            told = data_of(operator.get(f"{AUDIT}/{AuditEntry.objects.latest('pk').handle}"))
            assert (told["actor_type"], told["actor_role"]) == (actor_type, None)

    def test_entry_of_a_refused_request_has_result_denied(self, world: World):
        world.north_admin.get("/api/v1/admin/partners")
        told = newest(world.north_admin)
        assert (told["action"], told["result"]) == ("access.denied", "denied")
        assert (told["resource_type"], told["resource_id"]) == (None, None)


class TestAuditScope:
    def test_each_admin_reads_the_entries_in_their_scope(self, world: World):
        for who in (world.ada, world.katherine, world.lisa, world.acme_partner, world.super_admin):
            assert who.session
        change(world.acme, actor=SYSTEM, max_tenants=7)
        change(world.south, actor=SYSTEM, name="South!")
        assert all_of(world.north_admin) == handles(tenant_id=world.north.pk)
        assert all_of(world.acme_partner) == handles(partner_id=world.acme.pk, tenant_id__isnull=False)
        assert all_of(world.super_admin) == handles()
        assert "partner.updated" not in {row["action"] for row in page(world.acme_partner.get(AUDIT))[0]}

    def test_super_admins_action_in_a_tenant_is_visible_to_its_admins(self, world: World):
        body = {"name": "all", "tenant_id": world.north.handle}
        made = data_of(world.super_admin.post(GROUPS, body), 201)
        for caller in (world.north_admin, world.acme_partner):
            (entry,) = page(caller.get(f"{AUDIT}?resource_id={made['id']}"))[0]
            assert entry["actor_email"] == world.super_admin.user.email

    def test_entry_out_of_scope_is_404(self, world: World):
        assert world.ada.session
        change(world.acme, actor=SYSTEM, max_tenants=7)
        of_partner = AuditEntry.objects.latest("pk").handle
        foreign = [*handles(tenant_id=world.north.pk), of_partner, some_id(Prefix.AUDIT_ENTRY), "x", world.north.handle]
        for handle in foreign:
            for caller in (world.springfield_admin, world.globex_partner):
                assert refused(caller.get(f"{AUDIT}/{handle}"), 404) == {"detail": "Audit entry not found"}
        assert world.acme_partner.get(f"{AUDIT}/{of_partner}").status_code == 404
        for query in (
            f"tenant_id={world.north.handle}",
            f"partner_id={world.acme.handle}",
            f"tenant_id={some_id(Prefix.TENANT)}",
        ):
            assert all_of(world.springfield_admin, f"&{query}") == []
            assert all_of(world.globex_partner, f"&{query}") == []

    def test_former_partner_of_a_moved_tenant_is_visible_to_super_admins(self, world: World):
        world.north_admin, world.globex_partner, world.acme_partner, world.super_admin  # noqa: B018 - there before
        change_tenant(world.north, actor=SYSTEM, partner=world.globex)
        moved = f"{AUDIT}/{AuditEntry.objects.get(action='tenant.moved').handle}"
        path = f"{AUDIT}?action=tenant.moved"
        assert data_of(world.super_admin.get(moved))["changes"]["partner_id"] == [
            world.acme.handle,
            world.globex.handle,
        ]
        for who in (world.globex_partner, world.signed_in(world.north_admin.user)):
            told = newest(who, path)
            assert data_of(who.get(moved)) == told
            assert (told["partner_id"], "partner_id" in told["changes"]) == (world.globex.handle, False)
            assert world.acme.handle not in str(told)
        assert all_of(world.acme_partner, "&action=tenant.moved") == []
        assert world.acme_partner.get(moved).status_code == 404

    def test_entries_after_a_tenant_move_belong_to_the_new_partner(self, world: World):
        change_tenant(world.north, partner=world.globex, actor=SYSTEM)
        change(world.north, actor=SYSTEM, name="North!")
        renamed = AuditEntry.objects.latest("pk").handle
        assert renamed in all_of(world.globex_partner)
        assert renamed not in all_of(world.acme_partner)

    @cells("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_writing_is_refused_to_everyone(self, method: str, world: World):
        entry = handles()[0]
        for caller in (world.ada, world.north_admin, world.acme_partner, world.super_admin, world.service(*Scope)):
            for path in (AUDIT, f"{AUDIT}/{entry}", f"{AUDIT}/actions", f"{AUDIT}/resource-types", ACTIVITY):
                answer = caller.request(method, path, {})
                assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD"), path


class TestAuditList:
    def test_is_filtered_by_actor_resource_action_result_and_address(self, world: World):
        assert world.alan.session
        world.ada.get("/api/v1/admin/groups")
        world.north_admin.post(GROUPS, {"name": "all"}, REMOTE_ADDR="198.51.100.7")
        group = AuditEntry.objects.latest("pk")
        ada = world.ada.user
        for query, of in {
            f"tenant_id={world.north.handle}": {"tenant_id": world.north.pk},
            f"partner_id={world.acme.handle}": {"partner_id": world.acme.pk},
            f"actor_id={ada.handle}": {"actor_id": ada.handle},
            f"actor_email={ada.email}": {"actor_label": ada.email},
            f"actor_email={ada.email.title()}": {"actor_label": ada.email},
            "actor_email=ada": {"pk": None},
            "action=access.denied": {"action": "access.denied"},
            "resource_type=group": {"resource_type": "group"},
            f"resource_id={group.resource_id}": {"pk": group.pk},
            "result=denied": {"result": "denied"},
            "ip_address=198.51.100.0/24": {"pk": group.pk},
            "ip_address=198.51.100.7": {"pk": group.pk},
            f"actor_id={ada.handle}&result=success": {"actor_id": ada.handle, "result": "success"},
        }.items():
            assert all_of(world.super_admin, f"&{query}") == handles(**of), query

    def test_is_filtered_by_time(self, world: World):
        caller, marks = world.north_admin, []
        for _ in range(3):
            change(world.north, actor=SYSTEM, name=f"North {len(marks)}")
            marks.append(AuditEntry.objects.latest("pk"))
        first, middle, last = (f"{mark.created_at:%Y-%m-%dT%H:%M:%S.%fZ}" for mark in marks)
        shown = [mark.handle for mark in marks][::-1]
        for query, expected in {
            f"start_time={first}": shown,
            f"start_time={middle}": shown[:2],
            f"start_time={middle}&end_time={last}": shown[1:2],
            f"start_time={last}&end_time={first}": [],
            "start_time=0001-01-01T00:00:00Z&end_time=9999-12-31T23:59:59Z&action=tenant.updated": shown,
            "end_time=1969-12-31T23:59:59Z": [],
        }.items():
            assert all_of(caller, f"&{query}") == expected, query

    @cells(
        "query",
        [
            *("action=x", "resource_type=groups", "result=ok", "ip_address=x", "start_time=x", "end_time=1"),
            *("per_page=0", "page=x", "ordering=-timestamp", "cursor=x"),
        ],
    )
    def test_invalid_filter_is_422(self, query: str, world: World):
        assert {loc[1] for loc, _, _ in flaws(world.super_admin.get(f"{AUDIT}?{query}"))} == {query.partition("=")[0]}

    @cells("who", ["north_admin", "acme_partner", "super_admin"])
    def test_pages_and_cursor_return_the_same_entries(self, who: str, world: World):
        caller = getattr(world, who)
        for number in range(5):
            change(world.north, actor=SYSTEM, name=f"North {number}")
        everything = all_of(caller)
        total = len(everything)
        assert total >= 6
        for step in (2, 3):
            pages, cursor, met = [], "", []
            for number in range(1, -(-total // step) + 1):
                pages += page(caller.get(f"{AUDIT}?per_page={step}&page={number}"))[0]
                rows, where = page(caller.get(f"{AUDIT}/?per_page={step}&cursor={cursor}"))
                assert where["total"] == total
                met, cursor = met + rows, where["next_cursor"]
            assert [row["id"] for row in pages] == [row["id"] for row in met] == everything

    def test_total_equals_the_number_of_entries(self, world: World):
        assert world.ada.session
        for caller, of in ((world.north_admin, {"tenant_id": world.north.pk}), (world.super_admin, {})):
            _, where = page(caller.get(f"{AUDIT}?per_page=1"))
            assert where["total"] == AuditEntry.objects.filter(**of).count()


class TestAuditVocabulary:
    def test_lists_every_action_and_resource_type(self, world: World):
        assert data_of(world.north_admin.get(f"{AUDIT}/actions")) == sorted(Action)
        assert data_of(world.north_admin.get(f"{AUDIT}/resource-types/")) == sorted(ResourceType)

    def test_recorded_resource_types_are_all_listed(self, world: World):
        assert set(AuditEntry.objects.values_list("resource_type", flat=True)) <= {*ResourceType, ""}


class TestActivity:
    def test_returns_the_same_entries_as_the_audit_log(self, world: World):
        assert world.ada.session
        for caller in (world.north_admin, world.acme_partner, world.super_admin):
            for query in ("", "?per_page=2&page=2", "?action=authentication.sign_in"):
                activity, record_ = (caller.get(path + query).json() for path in (ACTIVITY, AUDIT))
                assert activity["data"] == record_["data"]
                assert activity["pagination"]["total"] == record_["pagination"]["total"]


class TestLongAuditLog:
    """20,000 entries, queried by the same indexes as a million would be."""

    def plan(self, caller: Caller, query: str) -> str:
        """Of the statement that fetched the page."""
        sent: list[tuple[str, Any]] = []

        def listening(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            sent.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(listening):
            assert caller.get(f"{AUDIT}?{query}").status_code == 200
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sent[-1][0]}", sent[-1][1])
            return "\n".join(row[0] for row in cursor.fetchall())

    @pytest.fixture
    def crowded(self, world: World) -> World:
        columns = {name: f"'{value}'" for name, value in entry(world).items()} | NUMBERED
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO audit_auditentry (id, number, {', '.join(columns)})"
                f" SELECT id, 1000 + number, {', '.join(columns.values())}"
                " FROM unnest(%s::uuid[]) WITH ORDINALITY made (id, number)",
                [[uuid7() for _ in range(20_000)]],
            )
            cursor.execute("ANALYZE audit_auditentry")
        Chain.objects.filter(pk=world.north.pk).update(length=21_000)
        return world

    def test_every_list_query_uses_an_index(self, crowded: World):
        world = crowded
        ada = world.ada.user
        for caller, query in (
            (world.super_admin, ""),
            (world.north_admin, ""),
            (world.acme_partner, ""),
            (world.super_admin, f"tenant_id={world.springfield.handle}"),
            (world.super_admin, f"partner_id={world.globex.handle}"),
            (world.super_admin, f"actor_id={ada.handle}"),
            (world.super_admin, f"actor_email={ada.email}"),
            (world.super_admin, f"resource_id={ada.handle}"),
            (world.super_admin, "end_time=2001-01-01T00:00:00Z"),
            (world.north_admin, "start_time=2026-01-01T00:00:00Z"),
        ):
            assert "Seq Scan" not in (plan := self.plan(caller, query)), f"{query}\n{plan}"

    def test_first_page_is_returned_within_a_quarter_second(self, crowded: World):
        for caller in (crowded.super_admin, crowded.north_admin, crowded.acme_partner):
            assert caller.get(AUDIT).status_code == 200
            assert quickest(partial(caller.get, AUDIT)) < 0.25


NUMBERED = {
    "actor_id": "'usr_' || number %% 500",
    "actor_label": "number %% 500 || '@north.example'",
    "resource_id": "'ses_' || number",
    "created_at": "clock_timestamp()",
}


def entry(world: World) -> dict[str, Any]:
    """What they have in common."""
    return {
        "chain_id": world.north.pk,
        "previous_hash": "",
        "hash": "",
        "actor_type": "user",
        "actor_tier": "user",
        "action": "authentication.sign_in",
        "resource_type": "session",
        "result": "success",
        "user_agent": "",
        "request_id": "",
        "changes": "{}",
        "tenant_id": world.north.pk,
        "partner_id": world.acme.pk,
    }
