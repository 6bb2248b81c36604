"""Once a DELETE of a session has been answered, every server process refuses it."""

import pytest

from tests.proof.browsers import Browser, browsers
from tests.servers import Servers
from tests.world import PASSWORD, World

# Who signs in, who is asked first and who ends it: every way to share these out between two processes.
ROLES = [(signs, sees, ends) for signs in (0, 1) for sees in (0, 1) for ends in (0, 1)]


def accepted_after_its_end(pair: list[Browser], number: int, credentials: dict[str, str]) -> int:
    """One life of a session; how many of the two processes still let it in after the DELETE had answered."""
    signs, sees, ends = ROLES[number % len(ROLES)]
    made = pair[signs].sign_in(**credentials)
    assert made.status == 200, made.body
    token, path = made.data["access_token"], f"/api/v1/me/sessions/{made.data['session_id']}"
    assert pair[sees].is_let_in(token)
    assert pair[ends].ask("DELETE", path, token=token).status == 200
    return sum(pair[each].is_let_in(token) for each in (1 - ends, ends))


@pytest.fixture
def credentials(committed_world: World) -> dict[str, str]:
    return {"email": committed_world.person("ada", committed_world.north).email, "password": PASSWORD}


def test_revoked_session_is_refused_by_every_process(servers: Servers, credentials, claim):
    promise = claim("sign in, 200, DELETE, 401, over two processes", full=200, reduced=20)
    with browsers(servers.urls, 2) as pair:
        accepted = sum(accepted_after_its_end(pair, number, credentials) for number in range(promise.asked))
        assert all(browser.is_still_connected for browser in pair)
    promise.saw(promise.asked, f"{accepted} accepted afterwards")
    assert accepted == 0


@pytest.mark.proof
def test_broken_build_caching_sessions_is_caught(broken_servers: Servers, credentials, claim):
    promise = claim("control, remembers whom it let in: accepted afterwards", full=1, reduced=1)
    with browsers(broken_servers.urls, 2) as pair:
        accepted = sum(accepted_after_its_end(pair, number, credentials) for number in range(len(ROLES)))
    promise.saw(accepted, f"of {2 * len(ROLES)} asked")
    assert accepted >= promise.asked
