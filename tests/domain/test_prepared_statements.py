"""Prepared statements work whatever a connection pooler did to the connection in between."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.db.models import BinaryField
from django.db.models.expressions import RawSQL
from django.test.utils import CaptureQueriesContext
from psycopg import Cursor, connect

from core.libpq import Link
from core.prepared import Prepared, Statement
from tenancy.models import Tenant
from tests.planned import sent_whole_in_transactions
from tests.world import World

ID, NAME = UUID(int=1), "the name"
ME = "/api/v1/me"


@pytest.fixture(autouse=True)
def sent_whole() -> Iterator[None]:
    with sent_whole_in_transactions():
        yield


def named() -> Prepared:
    return Prepared(lambda: Tenant.objects.filter(pk=ID, name__contains="50 %").values_list("name"), {ID: "uuid"})


def forget_all() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


@pytest.fixture
def half(committed_world: World) -> Tenant:
    tenant = committed_world.tenant(committed_world.acme, "half")
    tenant.name = "it's 50 % of 'all'"
    tenant.save()
    return tenant


class TestPreparedStatement:
    def test_takes_parameters_and_keeps_constants(self, half: Tenant, committed_world: World):
        assert named().fetch(half.pk) == [("it's 50 % of 'all'",)]
        assert named().fetch(committed_world.north.pk) == []

    def test_returns_the_same_rows_inside_a_transaction(self, half: Tenant, committed_world: World):
        with transaction.atomic():
            assert named().fetch(half.pk) == [("it's 50 % of 'all'",)]
            assert named().fetch(committed_world.north.pk) == []

    def test_sends_binary_parameters_unchanged(self, half: Tenant):
        """A digest may contain quotes and backslashes."""
        sent, mark = bytes(range(256)), b"the bytes"
        rows = Tenant.objects.filter(pk=half.pk).values_list(RawSQL("%s", [mark], output_field=BinaryField()))
        assert bytes(Prepared(lambda: rows, {mark: "bytea"}).fetch(sent)[0][0]) == sent

    def test_is_prepared_once_per_connection(self, half: Tenant):
        statement = named()
        for _ in range(3):
            statement.fetch(half.pk)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = %s", [statement._name])
            assert cursor.fetchone() == (1,)

    def test_is_prepared_again_after_the_pooler_discarded_it(self, half: Tenant):
        statement = named()
        before = statement.fetch(half.pk)
        forget_all()
        assert statement.fetch(half.pk) == before

    def test_is_used_when_another_client_has_prepared_it(self, half: Tenant):
        before = named().fetch(half.pk)
        Link.by_connection.clear()
        assert named().fetch(half.pk) == before

    def test_needs_no_preparation_inside_a_transaction(self, half: Tenant):
        statement = named()
        before = statement.fetch(half.pk)
        forget_all()
        with transaction.atomic():
            assert statement.fetch(half.pk) == before

    def test_runs_inside_the_transaction_that_has_just_begun(self, half: Tenant):
        with connection.cursor() as cursor, transaction.atomic():
            named().fetch(half.pk)
            cursor.execute("SELECT now() = statement_timestamp()")  # the transaction began earlier
            assert cursor.fetchone() == (False,)

    def test_is_logged_and_passes_execute_wrappers(self, half: Tenant):
        seen: list[str] = []

        def listening(execute: Any, query: str, parameters: Any, many: bool, context: Any) -> Any:
            seen.append(query)
            return execute(query, parameters, many, context)

        statement = named()
        statement.fetch(half.pk)
        with CaptureQueriesContext(connection) as captured, connection.execute_wrapper(listening):
            statement.fetch(half.pk)
            with transaction.atomic():
                statement.fetch(half.pk)
        prepared, _, whole, _ = (each["sql"] for each in captured.captured_queries)  # two begin and commit
        assert prepared == f"EXECUTE {statement._name} ('{half.pk.hex}'::uuid)"
        assert half.pk.hex in whole
        assert whole.startswith("SELECT")
        assert len(seen) == 2

    def test_invalid_parameter_raises_djangos_data_error(self):
        statement = Prepared(lambda: Tenant.objects.filter(name=NAME).values_list("pk"), {NAME: "text"})
        with pytest.raises(DataError):
            statement.fetch("\x00")
        assert statement.fetch("nobody's") == []

    def test_returns_column_values_converted_like_the_orm(self, half: Tenant):
        Tenant.objects.filter(pk=half.pk).update(settings={"a": [1]})
        statement = Statement(lambda: Tenant.objects.filter(pk=ID).values("name", "settings"), {ID: "uuid"})
        assert statement.fetch_dicts(half.pk) == [{"name": half.name, "settings": {"a": [1]}}]

    def test_lost_connection_raises_djangos_operational_error(self, half: Tenant):
        statement = named()
        before = statement.fetch(half.pk)
        with closing(connect(**connection.get_connection_params() | {"cursor_factory": Cursor})) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        with pytest.raises(OperationalError):
            statement.fetch(half.pk)
        connection.close()
        assert statement.fetch(half.pk) == before


class TestPreparedSessionCheck:
    def test_works_after_the_pooler_discarded_its_statements(self, committed_world: World):
        ada = committed_world.ada
        assert ada.get(ME).status_code == 200
        forget_all()
        assert ada.get(ME).status_code == 200
        assert ada.post("/api/v1/auth/logout").status_code == 204
        forget_all()
        assert ada.get(ME).status_code == 401


def test_pages_of_every_size_leave_no_prepared_statements(committed_world: World) -> None:
    operator = committed_world.super_admin
    for per_page in range(1, 101):
        assert operator.get(f"/api/v1/admin/sessions?per_page={per_page}").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'curfew%'")
        assert cursor.fetchone()[0] < 20
