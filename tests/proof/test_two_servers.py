import requests

from tests.servers import Servers
from tests.world import PASSWORD, World


def test_a_session_ended_on_one_server_is_refused_by_the_other(servers: Servers, committed_world: World):
    ada = committed_world.ada
    one, other = servers.urls
    credentials = {"email": ada.user.email, "password": PASSWORD}
    signed_in = requests.post(f"{one}/api/v1/auth/login", json=credentials, timeout=10).json()["data"]
    bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
    assert requests.get(f"{other}/api/v1/me/sessions", headers=bearer, timeout=10).status_code == 200
    path = f"/api/v1/me/sessions/{signed_in['session_id']}"
    assert requests.delete(one + path, headers=bearer, timeout=10).status_code == 200
    assert requests.get(f"{other}/api/v1/me/sessions", headers=bearer, timeout=10).status_code == 401
