"""A statement timeout is answered with 503, and a deadlock with 409."""

from typing import Any
from unittest.mock import patch

from django.db import connection, transaction

from sessions_app.api.v1.filters import UserSessionFilters
from sessions_app.models import Session
from tests.cells import cells
from tests.contract.v1.answers import refused
from tests.contract.v1.sessions import SESSIONS
from tests.world import World

TOO_LONG = {
    "detail": "The request took too long and was stopped; nothing was changed. Narrow it down, or try again later"
}
CHANGED_MEANWHILE = {"detail": "The resource was changed by another request; try again"}


def as_slow_as_with_millions(filters: UserSessionFilters, rows: Any) -> Any:
    return Session.objects.extra(where=["pg_sleep(60) IS NULL"])


def test_timed_out_search_is_503_with_retry_after(world: World):
    caller = world.super_admin
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '1s'")
    with patch.object(UserSessionFilters, "filter_queryset", as_slow_as_with_millions):
        answer = caller.get(f"{SESSIONS}?search=somebody&per_page=7")
    assert refused(answer, 503) == TOO_LONG
    assert int(answer["Retry-After"]) > 0


@cells(("state", "status", "said"), [("query_canceled", 503, TOO_LONG), ("deadlock_detected", 409, CHANGED_MEANWHILE)])
def test_cancelled_statement_is_503_and_deadlock_409(state: str, status: int, said: Any, world: World):
    caller, path = world.north_admin, f"{SESSIONS}/{world.ada.session_id}"

    def broken_off(*_: Any, **__: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")

    with patch("sessions_app.operations.revoke", broken_off):
        assert refused(caller.delete(path), status) == said
