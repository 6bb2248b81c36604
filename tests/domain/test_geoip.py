"""The location of an address: local networks without a database, the others by a GeoIP database."""

import random
from pathlib import Path
from typing import Any

import pytest

from sessions_app import geoip
from sessions_app.devices import country, locate
from tests.cells import cells
from tests.domain.geoip_database import LONDON, write_database
from tests.world import World


@pytest.fixture
def database(tmp_path: Path, settings: Any) -> Path:
    """A path that is the product's; what lies there is the test's to decide."""
    settings.GEOIP_PATH = str(tmp_path / "places.mmdb")
    return tmp_path / "places.mmdb"


@pytest.fixture
def atlas(database: Path) -> None:
    write_database(database)


class TestLocateWithoutDatabase:
    @cells(
        ("address", "place"),
        [
            ("127.0.0.1", "This machine"),
            ("127.8.9.10", "This machine"),
            ("::1", "This machine"),
            ("10.20.0.3", "Private network"),
            ("172.16.0.1", "Private network"),
            ("172.31.255.255", "Private network"),
            ("172.32.0.1", ""),
            ("192.168.1.4", "Private network"),
            ("fd00::1", "Private network"),
            ("::ffff:10.0.0.1", "Private network"),
            ("169.254.1.1", "Link-local network"),
            ("fe80::1", "Link-local network"),
            ("100.64.0.1", "Carrier-grade NAT"),
            ("100.128.0.1", ""),
            ("192.0.2.10", "Documentation range"),
            ("198.51.100.7", "Documentation range"),
            ("203.0.113.9", "Documentation range"),
            ("2001:db8::5", "Documentation range"),
            ("8.8.8.8", ""),
            ("2a00::1", ""),
            (None, ""),
        ],
    )
    def test_local_and_private_addresses_are_described(self, address, place):
        assert locate(address) == place

    def test_country_is_empty(self):
        assert {country(address) for address in ("127.0.0.1", "10.0.0.1", "8.8.8.8", "2a00::1", None)} == {""}


@pytest.mark.usefixtures("atlas")
class TestLocateWithDatabase:
    @cells(
        ("address", "place", "code"),
        [
            ("81.2.69.142", "London, United Kingdom", "GB"),
            ("::ffff:81.2.69.142", "London, United Kingdom", "GB"),
            ("89.160.20.112", "Sweden", "SE"),
            ("2001:218::1", "Sweden", "SE"),
            ("5.1.2.3", "Europe", ""),
            ("8.8.8.8", "", ""),
            (None, "", ""),
        ],
    )
    def test_public_address_has_a_place_and_a_country(self, address, place, code):
        assert (locate(address), country(address)) == (place, code)

    def test_private_address_ignores_the_database(self, database: Path):
        write_database(database, {"10.0.0.0/8": LONDON})
        assert (locate("10.0.0.1"), country("10.0.0.1")) == ("Private network", "")

    def test_database_file_is_opened_once(self, monkeypatch: pytest.MonkeyPatch):
        assert locate("81.2.69.142")
        monkeypatch.setattr("maxminddb.open_database", None)
        assert locate("89.160.20.112") == "Sweden"

    def test_sign_in_stores_location_and_country_on_the_session(self, world: World):
        phone = world.signed_in(world.person("ada", world.north), ip_address="81.2.69.142")
        assert (phone.session.location, phone.session.country) == ("London, United Kingdom", "GB")


class TestUnusualDatabase:
    @pytest.mark.parametrize(
        "entry",
        [
            {"country": "Sweden", "city": ["Malmö"]},
            {"country": {"iso_code": 46, "names": ["Sweden"]}},
            {"country": {"iso_code": "SWE", "names": {"en": 1.5}}},
            {"country": {"iso_code": "ß!", "names": {"sv": "Sverige"}}},
            {"city": None, "country": {}},
        ],
    )
    def test_entry_with_unexpected_types_is_ignored(self, entry, database: Path):
        entry = {key: value for key, value in entry.items() if value is not None}
        write_database(database, {"81.2.69.0/24": entry})
        assert (locate("81.2.69.142"), country("81.2.69.142")) == ("", "")

    def test_place_name_is_shortened_and_cleaned(self, database: Path):
        names = {"city": {"names": {"en": "Llan\x00fair\n" + "x" * 500}}}
        write_database(database, {"81.2.69.0/24": names})
        assert locate("81.2.69.142") == ("Llanfair" + "x" * 500)[:128]


class TestBrokenDatabase:
    def test_broken_database_does_not_prevent_sign_in(
        self, database: Path, world: World, caplog: pytest.LogCaptureFixture
    ):
        database.write_bytes(b"not a database")
        phone = world.signed_in(world.person("ada", world.north), ip_address="81.2.69.142")
        assert (phone.session.location, phone.session.country) == ("", "")
        assert phone.get("/api/v1/me").status_code == 200
        assert "GEOIP_PATH cannot be used" in caplog.text

    def test_error_is_logged_once(self, database: Path, caplog: pytest.LogCaptureFixture):
        for _ in range(3):
            assert locate("81.2.69.142") == ""
        assert caplog.text.count("GEOIP_PATH cannot be used") == 1

    @pytest.mark.parametrize("make", ["nothing", "a folder", "garbage", "half of it"])
    def test_system_check_warns_with_a_hint(self, make: str, database: Path):
        match make:
            case "a folder":
                database.mkdir()
            case "garbage":
                database.write_bytes(random.Random(1).randbytes(5000))
            case "half of it":
                write_database(database)
                database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])
        [warning] = geoip.check_geoip()
        assert (warning.id, str(database) in warning.msg) == ("sessions_app.W001", True)
        assert "names a readable database or is unset" in warning.hint

    def test_system_check_accepts_a_valid_database(self, atlas: None):
        assert geoip.check_geoip() == []

    def test_system_check_accepts_no_database(self, settings: Any):
        settings.GEOIP_PATH = ""
        assert geoip.check_geoip() == []

    def test_ipv4_database_gives_no_country_for_ipv6(self, database: Path):
        write_database(database, {"81.2.69.0/24": LONDON}, version=4)
        assert (country("81.2.69.142"), country("2001:218::1")) == ("GB", "")

    def test_damaged_database_never_raises(self, database: Path, settings: Any):
        """Bytes are damaged at random places: the result is a location or none."""
        whole, dice = Path(write_database(database)).read_bytes(), random.Random(7)
        said = set()
        for number in range(150):
            damaged = bytearray(whole)
            for _ in range(8):
                damaged[dice.randrange(len(whole))] = dice.randrange(256)
            settings.GEOIP_PATH = str(database.with_name(f"{number}.mmdb"))
            Path(settings.GEOIP_PATH).write_bytes(damaged)
            said |= {locate(address) for address in ("81.2.69.142", "89.160.20.112", "2001:218::1")}
        assert {"", "Sweden"} <= said
