"""Start and stop of the embedded database, and its settings."""

import pytest

from config import postgres

pytestmark = [pytest.mark.sampled, pytest.mark.usefixtures("each_postgresql")]

PROMISED = {
    "fsync": "on",
    "listen_addresses": "",
    "server_encoding": "UTF8",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "track_commit_timestamp": "on",
}


def test_server_has_the_documented_settings(kept):
    with postgres.running(kept.path):
        assert {name: kept.ask(f"SHOW {name}") for name in PROMISED} == PROMISED


def test_files_are_accessible_to_the_server_account_only(kept):
    with postgres.running(kept.path):
        modes = {name: oct((kept.path / name).stat().st_mode) for name in ("run", "data", "start.lock", "server.log")}
    assert modes == {"run": "0o40700", "data": "0o40700", "start.lock": "0o100600", "server.log": "0o100600"}


def test_libpq_environment_variables_are_ignored(kept, monkeypatch):
    for name, value in {"PGPORT": "1", "PGDATA": "/nowhere", "PGHOST": "/nowhere", "PGUSER": "nobody"}.items():
        monkeypatch.setenv(name, value)
    with postgres.running(kept.path):
        assert kept.ask("SELECT answer FROM kept") == 42


def test_stored_rows_survive_a_restart(home):
    with postgres.running(home.path):
        home.tell("CREATE TABLE kept AS SELECT 42 AS answer")
    assert not postgres.is_alive(home.path)
    with postgres.running(home.path):
        assert home.ask("SELECT answer FROM kept") == 42


def test_last_application_to_leave_stops_the_server(kept, start):
    first, second = start().wait_until_up(), start().wait_until_up()
    assert first.leave() == 0
    assert kept.ask("SELECT 1") == 1
    assert second.leave() == 0
    assert not postgres.is_alive(kept.path)
    assert kept.processes() == []


def test_eight_concurrent_first_starts_share_one_server(home, start):
    applications = [start() for _ in range(8)]
    for application in applications:
        application.wait_until_up()
    assert home.ask("SELECT 1") == 1
    assert [path.name for path in home.path.glob("data*")] == ["data"]
    assert [application.leave() for application in applications] == [0] * 8
    assert not postgres.is_alive(home.path)
