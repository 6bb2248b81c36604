"""The folders of the embedded database and its socket."""

import os
from pathlib import Path

import pytest

from config import postgres
from config.postgres import running
from tests.postgres.conftest import Home, only_root

ROOT_HOME = Path("/var/lib/curfew")


@pytest.fixture
def long(home):
    """A home whose path is too long for a socket in it, and odd besides."""
    folder = home.path / "a 'long', odd name" / ("x" * 80)
    yield Home(folder)
    sockets = Path(postgres.connection(folder)["HOST"])
    if sockets.is_symlink():
        sockets.unlink()
    elif sockets.exists():
        sockets.rmdir()


class TestHomeFolder:
    def test_is_curfew_home_of_the_environment(self, monkeypatch, tmp_path):
        monkeypatch.setenv("CURFEW_HOME", str(tmp_path))
        assert postgres.home() == tmp_path

    def test_defaults_to_the_xdg_state_folder(self, monkeypatch, tmp_path):
        monkeypatch.delenv("CURFEW_HOME", raising=False)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        assert postgres.home() == (ROOT_HOME if os.geteuid() == 0 else tmp_path / "curfew")

    def test_folder_that_cannot_be_created_is_named(self):
        with (
            pytest.raises(postgres.PostgresError, match=r"No database in /proc/curfew: .* Set CURFEW_HOME"),
            running(Path("/proc/curfew")),
        ):
            pass

    @only_root
    def test_existing_folder_keeps_its_owner_and_mode(self, home):
        home.path.chmod(0o715)
        os.chown(home.path, 12345, 12345)
        with running(home.path):
            assert home.ask("SELECT 1") == 1
        found = home.path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12345, 0o715)

    @only_root
    def test_folder_inside_a_private_one_is_refused_with_a_hint(self, home):
        closed = home.path / "closed"
        closed.mkdir(0o700)
        refusal = rf"cannot enter {closed}: chmod o\+x {closed}, or set CURFEW_HOME"
        with pytest.raises(postgres.PostgresError, match=refusal), running(closed / "inner"):
            pass
        assert closed.stat().st_mode & 0o777 == 0o700


class TestSocketFolder:
    def test_is_in_tmp_when_the_home_path_is_too_long(self, long):
        with running(long.path):
            assert long.ask("SELECT 1") == 1
            assert Path(postgres.connection(long.path)["HOST"]).parent == Path("/tmp")

    @pytest.mark.parametrize("plant", [
        lambda folder: folder.mkdir(0o755) or folder.chmod(0o755),
        lambda folder: folder.symlink_to("/tmp"),
        pytest.param(lambda folder: folder.mkdir(0o700) or os.chown(folder, 12345, 12345), marks=only_root),
    ], ids=["open to others", "a link", "of another account"])  # fmt: skip
    def test_folder_planted_by_another_account_is_refused(self, long, plant):
        planted = Path(postgres.connection(long.path)["HOST"])
        plant(planted)
        with pytest.raises(postgres.PostgresError, match=f"{planted} is not a private folder"), running(long.path):
            pass


def test_failed_start_shows_the_end_of_the_server_log(home, monkeypatch):
    with running(home.path):
        pass
    (home.path / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    refusal = r"(?s)PostgreSQL did not start.*unrecognized configuration parameter .nonsense."
    with pytest.raises(postgres.PostgresError, match=refusal), running(home.path):
        pass
