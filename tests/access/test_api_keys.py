"""Permissions of API keys, for which the matrix has no column: the owner's, where no session is required."""

from core.ids import Prefix
from tests.access.callers import Case, administrative_cases, api_key_of
from tests.access.database_digest import database_digest
from tests.access.matrix import Row, rows
from tests.access.valid_requests import send, valid_request_for
from tests.cells import cells
from tests.world import World, some_id

NEEDS_SESSION = {"detail": "An API key cannot do this; sign in instead"}
MAY = {
    "GET /api/v1/me": 200,
    "GET /api/v1/me/api-keys": 200,
    "GET /api/v1/me/sessions": 200,
    "POST /api/v1/me/sessions/revoke-all": 200,
    "DELETE /api/v1/me/sessions/{session_id}": 200,
}
# A key that somebody finds must not become the account of anybody at all.
MAY_NOT = {"POST /api/v1/admin/users/{id}/reset-password", "POST /api/v1/admin/users/{id}/mfa/disable"}

PERSONAL = [row for row in rows() if not row.is_public and not row.is_administrative]
ADMINISTRATIVE = [row for row in rows() if row.is_administrative]


@cells("row", PERSONAL, ids=str, signed_in=["ada"])
def test_api_key_is_403_where_a_signed_in_session_is_required(row: Row, world: World):
    case = Case("Ada's laptop", api_key_of(world.ada.user), world.ada.user)
    valid_request = valid_request_for(row, case, world)
    before = database_digest()
    answer = send(row, case.caller, valid_request)
    assert answer.status_code == MAY.get(str(row), 403)
    if answer.status_code == 403:
        assert answer.json() == NEEDS_SESSION
        assert database_digest() == before


@cells("row", ADMINISTRATIVE, ids=str, signed_in=["ada", "north_admin"])
def test_admins_api_key_may_do_what_the_admin_may(row: Row, world: World):
    (case,) = administrative_cases("TA=", world)
    key, valid_request = api_key_of(case.caller.user), valid_request_for(row, case, world)
    before = database_digest()
    answer = send(row, key, valid_request)
    if str(row) in MAY_NOT:
        assert (answer.status_code, answer.json(), database_digest()) == (403, NEEDS_SESSION, before)
    else:
        assert answer.status_code == int(row.codes["TA="][:3])


@cells("path", ["reset-password", "mfa/disable"], signed_in=["north_admin"])
def test_api_key_cannot_find_out_which_users_exist_by_their_credentials(path: str, world: World):
    key = api_key_of(world.north_admin.user)
    answer = key.post(f"/api/v1/admin/users/{some_id(Prefix.USER)}/{path}")
    assert (answer.status_code, answer.json()) == (403, NEEDS_SESSION)
