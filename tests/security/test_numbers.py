"""JSON numbers that Python or PostgreSQL would change are refused; the others are stored unchanged."""

import json
from typing import Any

from accounts.models import User
from audit.actions import Action
from audit.models import AuditEntry
from audit.operations import record
from audit.queries import first_fault
from core.jsonb import MAX_EXACT_INTEGER
from tests.cells import cells
from tests.contract.v1.answers import data_of, flaws
from tests.world import SYSTEM, World

USERS = "/api/v1/admin/users"
BEYOND = ["1e16", "1e22", "-1e22", "1e300", "9007199254740992", "-9007199254740993", "18446744073709551616"]
KEPT = {
    "1.0": 1,
    "-0.0": 0,
    "1e5": 100_000,
    "0.1e1": 1,
    "1.10": 1.1,
    "1e-7": 1e-7,
    "-2.5": -2.5,
    str(MAX_EXACT_INTEGER): MAX_EXACT_INTEGER,
    str(-MAX_EXACT_INTEGER): -MAX_EXACT_INTEGER,
    "true": True,
}


def sent(world: World, method: str, path: str, body: str, **headers: str) -> Any:
    headers["Authorization"] = f"Bearer {world.north_admin.token}"
    return world.north_admin.http.generic(method, path, body.encode(), "application/json", headers=headers)


def patched(world: World, number: str) -> Any:
    path = f"{USERS}/{world.ada.user.handle}"
    return sent(world, "PATCH", path, f'{{"custom_attributes": {{"a": [{number}]}}}}')


def everything_is_shown(world: World) -> None:
    for path in (USERS, f"{USERS}/{world.ada.user.handle}", "/api/v1/admin/audit", "/api/v1/admin/dashboard/activity"):
        assert world.super_admin.get(path).status_code == 200, path


@cells("number", BEYOND)
def test_number_beyond_double_precision_is_422(number: str, world: World):
    ((where, _, kind),) = flaws(patched(world, number))
    assert (where, kind) == (["body", "custom_attributes"], "value_error.inexact")
    assert User.objects.get(pk=world.ada.user.pk).custom_attributes == {}


@cells("number", ["1e400", "-1e400", "9" * 400, "NaN", "Infinity"], ids=lambda number: number[:9])
def test_number_beyond_json_is_422(number: str, world: World):
    assert flaws(patched(world, number))


@cells(("number", "kept"), KEPT.items())
def test_stored_number_reads_back_unchanged(number: str, kept: Any, world: World):
    shown = data_of(patched(world, number))["custom_attributes"]
    assert json.dumps(shown) == json.dumps({"a": [kept]})
    assert first_fault(world.north.pk) is None
    everything_is_shown(world)


def test_number_already_stored_is_returned(world: World):
    before = data_of(world.super_admin.get(f"{USERS}/{world.ada.user.handle}"))
    User.objects.filter(pk=world.ada.user.pk).update(custom_attributes={"a": 10**22})
    record(Action.USER_UPDATED, actor=SYSTEM, resource=world.ada.user, changes={"a": [None, 10**22]})
    everything_is_shown(world)
    shown = data_of(world.super_admin.get(f"{USERS}/{world.ada.user.handle}"))
    assert shown == before | {"custom_attributes": {"a": 10**22}}
    assert first_fault(world.north.pk) is None
    assert data_of(patched(world, "1"))["custom_attributes"] == {"a": [1]}


@cells("number", [1e16, 1e22, 1e23, -0.0, 1.0, 1.5, [0, {"a": -0.0}]])
def test_number_in_an_audit_entry_reads_back_unchanged(number: Any, world: World):
    entry = record(Action.USER_UPDATED, actor=SYSTEM, tenant_id=world.north.pk, changes={"a": number})
    assert first_fault(world.north.pk) is None
    assert json.dumps(AuditEntry.objects.get(pk=entry.pk).changes) == json.dumps(entry.changes)


@cells("odd", ["1e22", "9" * 40, "[" * 300 + "]" * 300, "[" * 900 + "]" * 900])
def test_idempotency_key_does_not_change_the_refusal_of_a_number(odd: str, world: World):
    body = f'{{"email": "new@north.example", "custom_attributes": {{"a": {odd}}}, "first_name": {odd}}}'
    answers = [sent(world, "POST", USERS, body, **key) for key in ({}, {"Idempotency-Key": "order-70"})]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json() == answers[1].json()
