"""Create, list, update and delete of every admin resource."""

import re
from typing import Any

import pytest

from audit.models import AuditEntry
from core.models import Status
from tests.cells import cells
from tests.contract.v1.answers import data_of, flaws, page, refused, when
from tests.resources import KINDS, Kind
from tests.world import Caller, World

SHOWN_ONCE = {"client_secret"}
of_every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
CHANGES = [pytest.param(kind, name, id=f"{kind} {name}") for kind in KINDS for name in kind.changes]


def send(caller: Caller, method: str, path: str, body: Any = None, **headers: str) -> Any:
    return caller.request(
        method, path, body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def make(kind: Kind, world: World) -> tuple[str, dict[str, Any], str]:
    """Where it is, what is said of it, and its version."""
    answer = world.super_admin.post(kind.path, kind.new(world.ada.user, world))
    said = {name: value for name, value in data_of(answer, 201).items() if name not in SHOWN_ONCE}
    return f"{kind.path}/{said['id']}", said, answer["ETag"]


def newest_entry() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


@of_every_kind
class TestCreateResource:
    def test_created_object_has_the_values_of_the_body(self, kind: Kind, world: World):
        body = kind.new(world.ada.user, world)
        made = data_of(world.super_admin.post(kind.path, body), 201)
        assert {name: made[name] for name in body if name in made} == {
            name: body[name] for name in body if name in made
        }
        assert made["id"].startswith(f"{kind.model.prefix}_")
        assert when(made["created_at"]) <= when(made["updated_at"])

    def test_location_and_etag_lead_to_the_created_object(self, kind: Kind, world: World):
        answer = world.super_admin.post(f"{kind.path}/", kind.new(world.ada.user, world))
        found = world.super_admin.get(answer["Location"])
        shown = data_of(found)
        assert answer["Location"] == f"{kind.path}/{shown['id']}"
        assert found["ETag"] == answer["ETag"]
        assert shown.items() <= data_of(answer, 201).items()

    def test_writes_one_audit_entry_with_every_value(self, kind: Kind, world: World):
        operator, body = world.super_admin, kind.new(world.ada.user, world)
        before = AuditEntry.objects.count()
        assert operator.post(kind.path, body).status_code == 201
        assert AuditEntry.objects.count() == before + 1
        entry = newest_entry()
        assert entry.action.endswith(".created")
        assert entry.changes["name" if "name" in body else "email"] == [None, body.get("name") or body.get("email")]

    def test_missing_required_fields_are_named(self, kind: Kind, world: World):
        missing = {loc[-1] for loc, _, type_ in flaws(world.super_admin.post(kind.path, {})) if type_ == "missing"}
        assert missing
        assert missing <= kind.new(world.ada.user, world).keys()

    def test_duplicate_of_a_unique_value_is_409(self, kind: Kind, world: World):
        if kind.unique is None:
            return
        body = kind.new(world.ada.user, world)
        path = f"{kind.path}/{data_of(world.super_admin.post(kind.path, body), 201)['id']}"
        assert refused(world.super_admin.post(kind.path, body), 409)["detail"].startswith(
            f"This {kind.unique} is taken"
        )
        assert world.super_admin.delete(path).status_code == 204
        data_of(world.super_admin.post(kind.path, body), 201)

    @pytest.mark.parametrize("body", [[], "a", 1, None])
    def test_body_that_is_no_object_is_422(self, body: Any, kind: Kind, world: World):
        assert refused(world.super_admin.post(kind.path, body), 422)


@of_every_kind
class TestListResources:
    def test_rows_equal_the_details(self, kind: Kind, world: World):
        path, _, _ = make(kind, world)
        rows, where = page(world.super_admin.get(f"{kind.path}?per_page=100"))
        assert data_of(world.super_admin.get(path)) in rows
        assert where["total"] == len(rows)
        assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)

    def test_pages_and_cursor_return_the_same_rows(self, kind: Kind, world: World):
        for _ in range(3):
            make(kind, world)
        everything = [row["id"] for row in page(world.super_admin.get(f"{kind.path}?per_page=100"))[0]]
        met, cursor = [], ""
        while cursor is not None:
            rows, where = page(world.super_admin.get(f"{kind.path}/?per_page=2&cursor={cursor}"))
            met += [row["id"] for row in rows]
            cursor = where["next_cursor"]
        assert met == everything

    def test_search_finds_part_of_a_name(self, kind: Kind, world: World):
        _, made, _ = make(kind, world)
        name = (made.get("name") or made["email"])[1:5].upper()
        assert made["id"] in [row["id"] for row in page(world.super_admin.get(f"{kind.path}?search={name}"))[0]]
        assert page(world.super_admin.get(f"{kind.path}?search=no-such-thing"))[0] == []

    def test_status_filter_returns_that_status_only(self, kind: Kind, world: World):
        path, made, _ = make(kind, world)
        if "status" not in kind.changes:
            return
        data_of(world.super_admin.request("PATCH", path, {"status": "SUSPENDED"}))
        for status in Status:
            found = [row["id"] for row in page(world.super_admin.get(f"{kind.path}?status={status}&per_page=100"))[0]]
            assert (made["id"] in found) == (status is Status.SUSPENDED)

    @pytest.mark.parametrize(
        "query", ["per_page=0", "per_page=101", "page=0", "page=a", "status=GONE", "ordering=pk", "cursor=x"]
    )
    def test_invalid_query_parameter_is_422_by_name(self, query: str, kind: Kind, world: World):
        if query.startswith("status") and "status" not in kind.changes:
            return
        ((where, _, _),) = flaws(world.super_admin.get(f"{kind.path}?{query}"))
        assert where == ["query", query.partition("=")[0]]


class TestUpdateResource:
    @cells(("kind", "name"), CHANGES)
    def test_change_is_saved_and_recorded(self, kind: Kind, name: str, world: World):
        path, made, version = make(kind, world)
        new, before = kind.changes[name], AuditEntry.objects.count()
        answer = world.super_admin.request("PATCH", path, {name: new})
        shown = data_of(answer)
        assert shown == made | {name: new, "updated_at": shown["updated_at"]} or name not in shown
        assert answer["ETag"] != version
        assert data_of(world.super_admin.get(path)) == shown
        assert AuditEntry.objects.count() == before + 1
        assert newest_entry().changes[name] == [made.get(name), new]

    @of_every_kind
    def test_update_without_a_change_keeps_version_and_writes_no_entry(self, kind: Kind, world: World):
        path, made, version = make(kind, world)
        before = AuditEntry.objects.count()
        for body in ({}, {name: made[name] for name in kind.changes if name in made and made[name] is not None}):
            answer = world.super_admin.request("PATCH", path, body)
            assert (data_of(answer).items() <= made.items(), answer["ETag"]) == (True, version)
        assert AuditEntry.objects.count() == before

    @of_every_kind
    def test_invalid_value_is_422_and_changes_nothing(self, kind: Kind, world: World):
        path, _, version = make(kind, world)
        body = kind.new(world.ada.user, world)
        for name, value in ((name, value) for name, values in kind.odd.items() for value in values):
            for answer in (
                world.super_admin.request("PATCH", path, {name: value}),
                world.super_admin.post(kind.path, body | {name: value}),
            ):
                assert {loc[1] for loc, _, _ in flaws(answer)} == {name}, (name, value)
        assert world.super_admin.get(path)["ETag"] == version

    @of_every_kind
    def test_read_only_and_unknown_fields_are_refused(self, kind: Kind, world: World):
        """Includes every column of the model and common attack names."""
        columns = {
            name for field in kind.model._meta.get_fields() for name in (field.name, getattr(field, "attname", ""))
        }
        path, _, version = make(kind, world)
        may = {*kind.changes, *kind.odd}
        body = kind.new(world.ada.user, world)
        strange = columns | {
            "is_staff",
            "is_superuser",
            "tenantId",
            "TENANT_ID",
            "tenant.id",
            "__class__",
            "non_field_errors",
        }
        for name in strange - may - {"", *body}:
            for answer in (
                world.super_admin.request("PATCH", path, {name: "x"}),
                world.super_admin.post(kind.path, body | {name: "x"}),
            ):
                assert (["body", name], "Unknown field", "extra_forbidden") in flaws(answer), name
        assert world.super_admin.get(path)["ETag"] == version

    @of_every_kind
    def test_put_is_405(self, kind: Kind, world: World):
        path, _, _ = make(kind, world)
        answer = world.super_admin.request("PUT", path, {})
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, PATCH, DELETE")


@of_every_kind
class TestIfMatch:
    def test_stale_version_is_412_and_changes_nothing(self, kind: Kind, world: World):
        path, _, first = make(kind, world)
        name, new = next(iter(kind.changes.items()))
        assert re.fullmatch(r'"[0-9a-f]+"', first)
        second = send(world.super_admin, "PATCH", path, {name: new}, If_Match=first)
        assert second.status_code == 200
        before = AuditEntry.objects.count()
        for stale in (first, f"W/{second['ETag']}", '"x"', "x", f'{first}, "x"'):
            for method, body in (("PATCH", {name: "another"}), ("DELETE", None)):
                answer = send(world.super_admin, method, path, body, If_Match=stale)
                assert answer.status_code == 412, stale
        assert AuditEntry.objects.count() == before
        assert world.super_admin.get(path)["ETag"] == second["ETag"]

    @pytest.mark.parametrize("said", ["*", " * ", "{}", '"x", {}'])
    def test_wildcard_and_lists_of_versions_are_accepted(self, said: str, kind: Kind, world: World):
        path, _, version = make(kind, world)
        assert send(world.super_admin, "DELETE", path, If_Match=said.format(version)).status_code == 204


@of_every_kind
class TestDeleteResource:
    def test_deleted_object_is_404(self, kind: Kind, world: World):
        path, made, _ = make(kind, world)
        assert world.super_admin.delete(path).status_code == 204
        assert newest_entry().action.endswith(".deleted")
        for method, body in (("GET", None), ("PATCH", {"deleted_at": None}), ("PATCH", {}), ("DELETE", None)):
            answer = world.super_admin.request(method, path, body)
            assert answer.status_code == 404, method
        assert made["id"] not in [row["id"] for row in page(world.super_admin.get(f"{kind.path}?per_page=100"))[0]]
        assert kind.model._default_manager.get(pk=kind.model._default_manager.latest("pk").pk).deleted_at


@of_every_kind
class TestIdempotencyKey:
    def test_repeated_request_creates_one_object(self, kind: Kind, world: World):
        _, body = world.super_admin, kind.new(world.ada.user, world)
        before = kind.model._default_manager.count()
        first = send(world.super_admin, "POST", kind.path, body, Idempotency_Key="order-66")
        again = send(world.super_admin, "POST", f"{kind.path}/", body, Idempotency_Key="order-66")
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert (again["ETag"], again["Location"]) == (first["ETag"], first["Location"])
        assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
        assert kind.model._default_manager.count() == before + 1

    def test_reuse_for_another_request_is_422(self, kind: Kind, world: World):
        for body, status in (
            (kind.new(world.ada.user, world), 201),
            (kind.new(world.ada.user, world) | {"name": "Else"}, 422),
        ):
            assert send(world.super_admin, "POST", kind.path, body, Idempotency_Key="order-67").status_code == status

    def test_keys_of_different_callers_are_independent(self, kind: Kind, world: World):
        other = world.signed_in(world.person("another", world.super_admin.user.tenant, world.super_admin.user.role))
        for caller in (world.super_admin, other):
            answer = send(caller, "POST", kind.path, kind.new(world.ada.user, world), Idempotency_Key="order-68")
            assert data_of(answer, 201)

    def test_failed_request_leaves_the_key_free(self, kind: Kind, world: World):
        assert send(world.super_admin, "POST", kind.path, {}, Idempotency_Key="order-69").status_code == 422
        body = kind.new(world.ada.user, world)
        assert send(world.super_admin, "POST", kind.path, body, Idempotency_Key="order-69").status_code == 201

    @pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\N{SNOWMAN}"])
    def test_malformed_key_is_422(self, key: str, kind: Kind, world: World):
        answer = send(world.super_admin, "POST", kind.path, kind.new(world.ada.user, world), Idempotency_Key=key)
        assert answer.status_code == 422
