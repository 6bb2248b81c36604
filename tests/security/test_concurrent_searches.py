"""A caller may run two searches at once, across all server processes; a third is refused with 429."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings

from core.api.throttling import MAX_SEARCHES
from tests.cells import cells
from tests.servers import database_url
from tests.world import Caller, World

SEARCHES = [
    "/api/v1/admin/sessions?search=ada",
    "/api/v1/admin/sessions?last_activity_after=2020-01-01T00:00:00Z",
    "/api/v1/admin/users?search=ada",
    "/edge/management/v1/api-sessions?filter=mfaComplete=false",
    "/edge/management/v1/identities?filter=isAdmin=false",
]
LOOKS = [
    "/api/v1/admin/sessions",
    "/api/v1/admin/sessions?search=",
    "/api/v1/admin/sessions?device_type=desktop",
    "/edge/management/v1/api-sessions",
    "/edge/management/v1/api-sessions?filter=true",
]


@contextmanager
def searching(caller: Caller, times: int) -> Iterator[None]:
    """So many searches of theirs are under way in another process."""
    with psycopg.connect(database_url(settings.DATABASES["default"])) as process:
        for turn in range(1, times + 1):
            lock = "SELECT pg_advisory_xact_lock(hashtext(%s), %s)"
            process.execute(lock, [f"search {caller.user.handle}", turn])
        yield
        process.rollback()


@cells("path", SEARCHES)
def test_third_concurrent_search_of_a_caller_is_429(path: str, world: World):
    with searching(world.north_admin, MAX_SEARCHES):
        answer = world.north_admin.get(path)
        assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert world.north_admin.get(path).status_code == 200


@cells("path", SEARCHES)
def test_second_concurrent_search_of_a_caller_is_answered(path: str, world: World):
    with searching(world.north_admin, MAX_SEARCHES - 1):
        assert world.north_admin.get(path).status_code == 200


def test_searches_of_one_caller_do_not_limit_another(world: World):
    with searching(world.north_admin, MAX_SEARCHES):
        assert world.acme_partner.get(SEARCHES[0]).status_code == 200


@cells("path", LOOKS)
def test_list_served_by_an_index_is_not_limited(path: str, world: World):
    with searching(world.north_admin, MAX_SEARCHES):
        assert world.north_admin.get(path).status_code == 200
