"""The embedded database after crashes of the application or the server."""

import os
import signal
import subprocess
from contextlib import closing, contextmanager

import pytest

from config import postgres
from tests.postgres.conftest import wait_until

pytestmark = [pytest.mark.proof, pytest.mark.usefixtures("each_postgresql")]


def crash(home, start):
    """Both die at once, as in a power cut."""
    application = start().wait_until_up()
    os.kill(home.postmaster, signal.SIGKILL)
    application.kill()


@contextmanager
def stranger(account):
    with subprocess.Popen(["sleep", "60"], **account) as process:
        yield process
        process.kill()


def works(home):
    with postgres.running(home.path):
        return home.ask("SELECT answer FROM kept") == 42


def test_server_of_a_killed_application_is_adopted_and_stopped(kept, start):
    start().wait_until_up().kill()
    orphan = kept.postmaster
    with postgres.running(kept.path):
        assert kept.postmaster == orphan
        assert kept.ask("SELECT answer FROM kept") == 42
    assert not postgres.is_alive(kept.path)


def test_killed_server_restarts_at_once(kept, start):
    crash(kept, start)
    assert works(kept)


def test_killed_server_restarts_while_applications_still_run(kept, start):
    survivor = start().wait_until_up()
    os.kill(kept.postmaster, signal.SIGKILL)
    assert works(kept)
    assert postgres.is_alive(kept.path)
    assert survivor.leave() == 0
    assert not postgres.is_alive(kept.path)


def test_backend_that_outlives_its_killed_server_is_ended(kept, start):
    application = start().wait_until_up()
    with closing(kept.connect()) as busy:
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1e12)")
        backend = busy.info.backend_pid
        wait_until(lambda: kept.ask(f"SELECT state FROM pg_stat_activity WHERE pid = {backend}") == "active")
        os.kill(kept.postmaster, signal.SIGKILL)
        application.kill()
        wait_until(lambda: kept.processes() == [backend])
        assert works(kept)
        assert backend not in kept.processes()


@pytest.mark.parametrize("end", [None, signal.SIGKILL], ids=["a running process", "a zombie"])
def test_process_id_reused_by_another_process_is_not_stopped(kept, start, end):
    crash(kept, start)
    with stranger(kept.account) as process:
        if end:
            process.send_signal(end)
        rest = kept.pid_file.read_text().split("\n", 1)[1]
        kept.pid_file.write_text(f"{process.pid}\n{rest}")
        (kept.path / "run" / ".s.PGSQL.5432.lock").write_text(f"{process.pid}\n{rest}")
        assert works(kept)
        assert end or process.poll() is None


@pytest.mark.parametrize("content", ["", "nonsense\n"])
def test_process_id_file_without_an_id_is_ignored(kept, start, content):
    crash(kept, start)
    kept.pid_file.write_text(content)
    assert works(kept)


def test_first_start_killed_halfway_is_repeated(home, start):
    application = start()
    wait_until(lambda: list(home.path.glob("data.*.new/base")))
    application.kill()
    assert not (home.path / "data").exists()
    with postgres.running(home.path):
        assert home.ask("SELECT 1") == 1


@pytest.mark.parametrize("moment", ["data.*.new/base", "server.log"])
def test_interrupted_start_leaves_no_server(home, start, moment):
    application = start()
    wait_until(lambda: list(home.path.glob(moment)))
    application.kill(signal.SIGINT)
    assert not postgres.is_alive(home.path)
    wait_until(lambda: home.processes() == [])


@pytest.mark.parametrize("content", [[], ["PG_VERSION", "notes"]], ids=["empty", "half made"])
def test_data_folder_of_unknown_origin_is_left_unchanged(home, content):
    theirs = home.path / "data"
    theirs.mkdir()
    for name in content:
        (theirs / name).write_text("16")
    with postgres.running(home.path):
        assert home.ask("SELECT 1") == 1
    with postgres.running(home.path):
        assert home.ask("SELECT 1") == 1
    assert sorted(path.name for path in theirs.iterdir()) == content
    assert sorted(path.name for path in home.path.glob("data*")) == ["data", "data-2"]
