"""The system check of GEOIP_PATH."""

from pathlib import Path


def test_missing_geoip_database_is_a_warning_that_names_the_path(manage, tmp_path: Path):
    path = tmp_path / "nowhere.mmdb"
    ended = manage("check", CURFEW_ENV="development", GEOIP_PATH=str(path))
    assert ended.returncode == 0
    assert f"GEOIP_PATH cannot be used: {path}: No such file or directory" in ended.stderr
    assert "names a readable database or is unset" in ended.stderr
