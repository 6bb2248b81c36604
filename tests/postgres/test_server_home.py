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


class TestTheHome:
    def test_is_where_the_environment_says(self, monkeypatch, tmp_path):
        monkeypatch.setenv("CURFEW_HOME", str(tmp_path))
        assert postgres.home() == tmp_path

    def test_is_in_the_usual_place_for_state(self, monkeypatch, tmp_path):
        monkeypatch.delenv("CURFEW_HOME", raising=False)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        assert postgres.home() == (ROOT_HOME if os.geteuid() == 0 else tmp_path / "curfew")

    def test_that_cannot_be_made_is_named(self):
        with (
            pytest.raises(postgres.PostgresError, match=r"No database in /proc/curfew: .* Set CURFEW_HOME"),
            running(Path("/proc/curfew")),
        ):
            pass

    @only_root
    def test_keeps_its_owner_and_mode(self, home):
        home.path.chmod(0o715)
        os.chown(home.path, 12345, 12345)
        with running(home.path):
            assert home.ask("SELECT 1") == 1
        found = home.path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12345, 0o715)

    @only_root
    def test_behind_a_closed_folder_is_an_error_that_names_it(self, home):
        closed = home.path / "closed"
        closed.mkdir(0o700)
        refusal = rf"cannot enter {closed}: chmod o\+x {closed}, or set CURFEW_HOME"
        with pytest.raises(postgres.PostgresError, match=refusal), running(closed / "inner"):
            pass
        assert closed.stat().st_mode & 0o777 == 0o700


class TestTheSocket:
    def test_is_elsewhere_when_the_home_has_an_odd_or_long_name(self, long):
        with running(long.path):
            assert long.ask("SELECT 1") == 1
            assert Path(postgres.connection(long.path)["HOST"]).parent == Path("/tmp")

    @pytest.mark.parametrize("plant", [
        lambda folder: folder.mkdir(0o755) or folder.chmod(0o755),
        lambda folder: folder.symlink_to("/tmp"),
        pytest.param(lambda folder: folder.mkdir(0o700) or os.chown(folder, 12345, 12345), marks=only_root),
    ], ids=["open to others", "a link", "of another account"])  # fmt: skip
    def test_is_not_made_in_a_folder_that_somebody_planted(self, long, plant):
        planted = Path(postgres.connection(long.path)["HOST"])
        plant(planted)
        with pytest.raises(postgres.PostgresError, match=f"{planted} is not a private folder"), running(long.path):
            pass


def test_a_server_that_does_not_start_shows_the_end_of_its_log(home, monkeypatch):
    with running(home.path):
        pass
    (home.path / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    refusal = r"(?s)PostgreSQL did not start.*unrecognized configuration parameter .nonsense."
    with pytest.raises(postgres.PostgresError, match=refusal), running(home.path):
        pass
