"""The audit log is append-only, and its hash chains reveal where it was tampered with."""

from datetime import UTC, datetime
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import operations, queries
from audit.actions import Action
from audit.models import AuditEntry, Chain
from audit.operations import fingerprint, record
from audit.queries import Fault, faults, first_fault
from core.access import Origin, Principal
from core.api.middleware import clean_header, client_ip
from tests.security.tampering import COLUMNS, a_little_off, as_superuser, on, put
from tests.world import SYSTEM, World


class TestAuditAppendOnly:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE audit_auditentry SET result = 'failure'",
            "UPDATE audit_auditentry SET actor_label = actor_label",
            "DELETE FROM audit_auditentry",
            "TRUNCATE audit_auditentry",
            "TRUNCATE audit_auditentry CASCADE",
        ],
    )
    def test_update_and_delete_are_refused_by_the_database(self, chain: UUID, sql: str):
        before = on(chain)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        assert on(chain) == before

    def test_update_and_delete_are_refused_through_the_orm(self, chain: UUID):
        entry = on(chain)[2]
        for change in (
            lambda: AuditEntry.objects.filter(pk=entry.pk).update(actor_label="somebody else"),
            lambda: AuditEntry.objects.filter(pk=entry.pk).delete(),
            lambda: entry.delete(),
            lambda: entry.save(),
        ):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                change()
        assert first_fault(chain) is None


class TestAuditTampering:
    @pytest.mark.parametrize("column", COLUMNS)
    def test_altered_column_is_found(self, chain: UUID, column: str):
        entry = on(chain)[2]
        put(entry, column, a_little_off(column, getattr(entry, column)))
        fault = first_fault(chain)
        assert fault is not None
        assert fault.number == 3

    @pytest.mark.parametrize("column", [c for c in COLUMNS if AuditEntry._meta.get_field(c).null])
    def test_emptied_column_is_found(self, chain: UUID, column: str):
        put(on(chain)[2], column, None)
        assert first_fault(chain) == Fault(chain, 3, "was altered")

    def test_filled_column_is_found(self, world: World, chain: UUID):
        bare = record(Action.SIGN_IN_UNLOCKED, actor=SYSTEM, tenant_id=world.north.pk)
        for column, value in (("ip_address", "192.0.2.1"), ("partner_id", world.acme.pk), ("user_agent", "curl")):
            put(bare, column, value)
            assert first_fault(chain) == Fault(chain, bare.number, "was altered")
            put(bare, column, getattr(bare, column))

    def test_removed_entry_is_found(self, chain: UUID):
        as_superuser("DELETE FROM audit_auditentry WHERE id = %s", on(chain)[2].pk)
        assert first_fault(chain) == Fault(chain, 3, "is missing")

    def test_removed_first_entry_is_found(self, chain: UUID):
        as_superuser("DELETE FROM audit_auditentry WHERE id = %s", on(chain)[0].pk)
        assert first_fault(chain) == Fault(chain, 1, "is missing")

    def test_removed_last_entries_are_found(self, chain: UUID):
        *kept, one, two = on(chain)
        as_superuser("DELETE FROM audit_auditentry WHERE id IN (%s, %s)", one.pk, two.pk)
        assert first_fault(chain) == Fault(chain, len(kept) + 1, "is missing from the end")

    def test_removal_of_a_whole_chain_is_found(self, chain: UUID):
        as_superuser("DELETE FROM audit_auditentry WHERE chain_id = %s", chain)
        assert first_fault(chain) == Fault(chain, 1, "is missing from the end")

    def test_removed_chain_end_is_found(self, chain: UUID):
        Chain.objects.filter(pk=chain).delete()
        assert first_fault(chain) == Fault(chain, len(on(chain)), "was added")

    def test_swapped_entries_are_found(self, chain: UUID):
        one, other = on(chain)[1:3]
        for entry, number in ((one, 1_000), (other, one.number), (one, other.number)):
            put(entry, "number", number)
        fault = first_fault(chain)
        assert fault == Fault(chain, one.number, "does not follow the entry before it")

    def test_moved_entry_is_found_in_both_chains(self, world: World, chain: UUID):
        put(on(chain)[2], "chain_id", world.springfield.pk)
        found = {fault.chain_id: fault.number for fault in faults()}
        assert found == {chain: 3, world.springfield.pk: len(on(world.springfield.pk))}

    def test_altered_entry_with_a_recomputed_hash_is_found(self, chain: UUID):
        entry = on(chain)[2]
        put(entry, "actor_label", "somebody else")
        put(entry, "hash", fingerprint(AuditEntry.objects.get(pk=entry.pk)))
        assert first_fault(chain) == Fault(chain, 4, "does not follow the entry before it")

    def test_altered_last_entry_with_a_recomputed_hash_is_found(self, chain: UUID):
        entry = on(chain)[-1]
        put(entry, "actor_label", "somebody else")
        put(entry, "hash", fingerprint(AuditEntry.objects.get(pk=entry.pk)))
        assert first_fault(chain) == Fault(chain, entry.number, "was replaced")

    def test_added_last_entry_is_found(self, chain: UUID):
        last = on(chain)[-1]
        forged = AuditEntry.objects.get(pk=last.pk)
        forged.pk, forged.number, forged.previous_hash = uuid4(), last.number + 1, last.hash
        forged.hash = fingerprint(forged)
        forged.save(force_insert=True)
        assert first_fault(chain) == Fault(chain, forged.number, "was added")


class TestIntactAuditChain:
    def test_has_no_faults(self, chain: UUID):
        assert list(faults()) == []

    def test_has_no_faults_when_an_entry_is_added_during_the_check(
        self, chain: UUID, world: World, monkeypatch: pytest.MonkeyPatch
    ):
        """The entry is added after the entries have been read and before the chain's end is."""

        def meanwhile(entry: AuditEntry) -> bytes:
            monkeypatch.undo()
            record(Action.SIGN_IN_UNLOCKED, actor=SYSTEM, tenant_id=world.north.pk)
            return fingerprint(entry)

        before = len(on(chain))
        monkeypatch.setattr(queries, "fingerprint", meanwhile)
        assert first_fault(chain) is None
        assert len(on(chain)) == before + 1

    def test_keeps_its_order_when_the_clock_goes_back(self, chain: UUID, monkeypatch: pytest.MonkeyPatch):
        before = on(chain)[-1]
        back = SimpleNamespace(now=lambda zone: datetime(2001, 1, 1, tzinfo=zone))
        monkeypatch.setattr(operations, "datetime", back)
        entry = record(Action.SIGN_IN_UNLOCKED, actor=SYSTEM, tenant_id=chain)
        assert (entry.number, entry.created_at) == (before.number + 1, datetime(2001, 1, 1, tzinfo=UTC))
        assert first_fault(chain) is None

    peers = st.ip_addresses().map(str) | st.sampled_from(
        ["", "::1.2.3.4", "::ffff:1.2.3.4", "64:ff9b::1.2.3.4", "fe80::1%a"]
    )
    texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
    values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts
    details = st.dictionaries(texts, values | st.lists(values, max_size=3), max_size=3)

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(peer=peers, user_agent=texts, label=texts, changes=details)
    def test_entry_reads_back_as_written(
        self, world: World, peer: str, user_agent: str, label: str, changes: dict[str, Any]
    ):
        address = client_ip(RequestFactory().get("/", REMOTE_ADDR=peer))
        origin = Origin(ip_address=address, user_agent=clean_header(user_agent), request_id="a-request")
        written = record(Action.SIGNED_IN, actor=Principal.anonymous(origin, label), changes=changes)
        assert fingerprint(AuditEntry.objects.get(pk=written.pk)) == written.hash

    def test_long_values_are_abbreviated_and_stay_distinct(self, world: World):
        long, other = {"a": "x" * 4_000}, {"a": "y" * 5_000}
        for value, kept in (
            ([long, other], [brief(long), brief(other)]),
            ([None, long], [None, brief(long)]),
            (["a", {"a": "x" * 980}], ["a", {"a": "x" * 980}]),
            (["x" * 100] * 100, brief(["x" * 100] * 100)),
        ):
            entry = record(Action.USER_UPDATED, actor=SYSTEM, tenant_id=world.north.pk, changes={"a": value})
            assert AuditEntry.objects.get(pk=entry.pk).changes == {"a": kept}
        assert first_fault(world.north.pk) is None

    def test_long_values_do_not_inflate_the_list(self, world: World):
        path = f"/api/v1/admin/users/{world.ada.user.handle}"
        assert world.super_admin.request("PATCH", path, {"custom_attributes": {"a": "x" * 60_000}}).status_code == 200
        assert len(world.super_admin.get("/api/v1/admin/audit").content) < 10_000


def brief(value: Any) -> dict[str, Any]:
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return {"sha256": sha256(text).hexdigest(), "bytes": len(text)}
