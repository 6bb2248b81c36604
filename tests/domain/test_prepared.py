"""A prepared statement is there whenever it is asked, whatever a pooler did to the connection meanwhile."""

from uuid import UUID

import pytest
from django.db import connection, transaction

from core.prepared import Prepared
from tenancy.models import Tenant
from tests.world import World

ID = UUID(int=1)
ME = "/api/v1/me"


def named() -> Prepared:
    return Prepared(lambda: Tenant.objects.filter(pk=ID, name__contains="50 %").values_list("name"), {ID: "uuid"})


def forget_all() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


@pytest.fixture
def half(committed_world: World) -> Tenant:
    tenant = committed_world.tenant(committed_world.acme, "half")
    Tenant.objects.filter(pk=tenant.pk).update(name="it's 50 % of 'all'")
    return tenant


class TestAStatement:
    def test_takes_its_values_and_keeps_its_constants(self, half: Tenant, committed_world: World):
        assert named().ask(half.pk) == [("it's 50 % of 'all'",)]
        assert named().ask(committed_world.north.pk) == []

    def test_answers_the_same_in_a_transaction(self, half: Tenant, committed_world: World):
        with transaction.atomic():
            assert named().ask(half.pk) == [("it's 50 % of 'all'",)]
            assert named().ask(committed_world.north.pk) == []

    def test_is_planned_once_on_a_connection(self, half: Tenant):
        statement = named()
        for _ in range(3):
            statement.ask(half.pk)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = %s", [statement._name])
            assert cursor.fetchone() == (1,)

    def test_is_prepared_again_when_the_connection_was_cleaned(self, half: Tenant):
        statement = named()
        before = statement.ask(half.pk)
        forget_all()
        assert statement.ask(half.pk) == before

    def test_is_found_when_somebody_else_has_prepared_it(self, half: Tenant):
        before = named().ask(half.pk)
        Prepared._known.clear()
        assert named().ask(half.pk) == before

    def test_needs_nothing_prepared_in_a_transaction(self, half: Tenant):
        statement = named()
        before = statement.ask(half.pk)
        forget_all()
        with transaction.atomic():
            assert statement.ask(half.pk) == before


class TestTheSessionCheck:
    def test_survives_a_pooler(self, committed_world: World):
        ada = committed_world.ada
        assert ada.get(ME).status_code == 200
        forget_all()
        assert ada.get(ME).status_code == 200
        assert ada.post("/api/v1/auth/logout").status_code == 204
        forget_all()
        assert ada.get(ME).status_code == 401


def test_a_page_of_any_length_does_not_leave_a_statement_behind(committed_world: World) -> None:
    operator = committed_world.super_admin
    for per_page in range(1, 101):
        assert operator.get(f"/api/v1/admin/sessions?per_page={per_page}").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'curfew%'")
        assert cursor.fetchone()[0] < 20
