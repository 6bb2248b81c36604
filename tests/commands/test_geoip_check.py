from pathlib import Path


def test_a_missing_location_database_is_named_and_keeps_nothing_from_starting(manage, tmp_path: Path):
    path = tmp_path / "nowhere.mmdb"
    ended = manage("check", CURFEW_ENV="development", GEOIP_PATH=str(path))
    assert ended.returncode == 0
    assert f"GEOIP_PATH cannot be used: {path}: No such file or directory" in ended.stderr
    assert "names a readable database or is unset" in ended.stderr
