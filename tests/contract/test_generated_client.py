"""A client generated from the published schema can be imported and works against a real server."""

import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Servers
from tests.world import PASSWORD, World

pytestmark = pytest.mark.proof

NAME = "curfew_client"


@pytest.fixture(scope="module")
def client_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    place, programs = tmp_path_factory.mktemp("generated"), Path(sys.executable).parent
    schema = Path(__file__).parents[2] / "docs/openapi/v1.json"
    command = [programs / "openapi-python-client", "generate", "--path", schema, "--meta", "none", "--fail-on-warning"]
    done = subprocess.run(
        [*command, "--output-path", place / NAME],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(place))
    yield importlib.import_module(NAME)
    sys.path.remove(str(place))


def part(path: str) -> Any:
    return importlib.import_module(f"{NAME}.{path}")


def test_every_generated_module_can_be_imported(client_package: Any):
    names = [each.name for each in pkgutil.walk_packages(client_package.__path__, f"{NAME}.")]
    assert len([importlib.import_module(name) for name in names]) > 100


def test_generated_client_signs_in_lists_and_revokes(client_package: Any, servers: Servers, committed_world: World):
    world, url = committed_world, servers.urls[0]
    admin, phone = world.person("admin", world.north, world.north_admin.user.role), world.ada
    credentials = part("models").CredentialsRequest(email=admin.email, password=PASSWORD, tenant=world.north.slug)
    with client_package.Client(base_url=url) as client:
        signed_in = part("api.signing_in.login").sync(client=client, body=credentials)
    with client_package.AuthenticatedClient(base_url=url, token=signed_in.data.access_token) as client:
        listed = part("api.sessions.list_sessions").sync(client=client, tenant_id=world.north.handle)
        assert {phone.session_id, signed_in.data.session_id} <= {row.id for row in listed.data}
        assert listed.pagination.total == len(listed.data)
        revoked = part("api.sessions.revoke_session").sync(
            phone.session_id, client=client, body=part("models").ReasonRequest(reason="a lost phone")
        )
        assert (revoked.data.revoked_count, revoked.data.session_ids) == (1, [phone.session_id])
        shown = part("api.sessions.show_session").sync(phone.session_id, client=client)
        assert (shown.data.status, shown.data.revoke_reason) == ("revoked", "a lost phone")
        again = part("api.sessions.list_sessions").sync(client=client, tenant_id=world.north.handle)
        assert phone.session_id not in {row.id for row in again.data}
        changed = part("api.users.update_user").sync_detailed(
            phone.user.handle, client=client, body=part("models").PatchedChangedUserRequest(first_name="Ada")
        )
        assert (changed.status_code, changed.parsed.data.first_name) == (200, "Ada")
        assert changed.headers["ETag"]


def test_generated_client_parses_errors(client_package: Any, servers: Servers, committed_world: World):
    wrong = part("models").CredentialsRequest(email="nobody@north.example", password="wrong")
    with client_package.Client(base_url=servers.urls[0]) as client:
        refused = part("api.signing_in.login").sync_detailed(client=client, body=wrong)
    assert refused.status_code == 401
    assert refused.parsed.detail == "Wrong e-mail, password, code or tenant"
