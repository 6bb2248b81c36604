"""Which PostgreSQL programs the embedded database uses."""

import shutil

import pytest

from config import postgres
from config.postgres import binaries
from tests.postgres.conftest import only_root, wheel_binaries

pytestmark = pytest.mark.proof


@pytest.fixture
def find(home):
    return lambda major=None: binaries.find(major=major, account={}, store=home.path)


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Programs of any version, as a folder for PG_BIN."""

    def fake(version):
        for program in binaries.PROGRAMS:
            (tmp_path / program).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
            (tmp_path / program).chmod(0o755)
        monkeypatch.setenv("PG_BIN", str(tmp_path))
        return tmp_path

    return fake


class TestFindBinaries:
    def test_folder_without_postgres_programs_is_named(self, find, monkeypatch):
        monkeypatch.setenv("PG_BIN", "/nowhere/bin")
        with pytest.raises(postgres.PostgresError, match="PG_BIN=/nowhere/bin has no initdb, pg_ctl, postgres"):
            find()

    def test_folder_whose_programs_do_not_run_is_named(self, find, fake):
        folder = fake("15.1")
        (folder / "postgres").write_bytes(b"\x7fELF")
        with pytest.raises(postgres.PostgresError, match=f"PG_BIN={folder} does not run here"):
            find()

    @pytest.mark.parametrize(("version", "major"), [("14.9", None), ("9.6", None), ("16.1", "15")])
    def test_unsupported_version_is_refused(self, find, fake, version, major):
        folder = fake(version)
        with pytest.raises(postgres.PostgresError, match=f"PG_BIN={folder} is PostgreSQL {version}"):
            find(major)

    @pytest.mark.parametrize(("version", "major"), [("15.0", None), ("17.2", "17"), ("19beta1", None)])
    def test_supported_version_is_used(self, find, fake, version, major):
        folder = fake(version)
        assert find(major) == folder

    def test_highest_version_in_the_usual_folders_is_preferred(self, tmp_path, monkeypatch):
        for version in ("9.6", "15", "17", "16"):
            (tmp_path / version / "bin").mkdir(parents=True)
        monkeypatch.setenv("PATH", "/nowhere")
        monkeypatch.setattr(binaries, "FOLDERS", (f"{tmp_path}/*/bin",))
        *system, wheel = binaries.candidates()
        assert [folder.parent.name for folder in system] == ["17", "16", "15", "9.6"]
        assert binaries.WHEEL in wheel.parts

    def test_data_of_another_major_version_is_refused(self, home, monkeypatch):
        monkeypatch.setenv("PG_BIN", str(wheel_binaries()))
        with postgres.running(home.path):
            made = home.ask("SHOW server_version")
        (home.path / "data" / "PG_VERSION").write_text("3\n")
        refusal = f"PostgreSQL 3, which made the data, .* is PostgreSQL {made}"
        with pytest.raises(postgres.PostgresError, match=refusal), postgres.running(home.path):
            pass


@only_root
def test_wheel_in_a_private_folder_is_copied_for_the_server_account(home, tmp_path, monkeypatch):
    closed = tmp_path / "site-packages"
    installed = wheel_binaries().parents[1]
    shutil.copytree(installed, closed / installed.name, symlinks=True, ignore=shutil.ignore_patterns("pginstall18"))
    shutil.copytree(f"{installed}.libs", closed / f"{installed.name}.libs")
    closed.chmod(0o700)
    monkeypatch.setenv("PG_BIN", str(closed / installed.name / "pginstall" / "bin"))
    with postgres.running(home.path):
        assert home.ask("SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700
    assert len(list(home.path.glob("postgresql*"))) == 1
