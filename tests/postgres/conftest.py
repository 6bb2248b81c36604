"""Applications that use the embedded database, each in a process that tests can kill."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config import postgres
from config.postgres import binaries
from config.postgres.server_home import ServerHome
from tests.proof.claims import FIGURES
from tests.samples import sampled

ROOT = Path(__file__).parents[2]
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
APPLICATION = """
import sys
from config import postgres
with postgres.running(postgres.home()):
    print("up", flush=True)
    sys.stdin.read()
"""


class Application:
    def __init__(self) -> None:
        # Its errors go to the test's own output, where a failure shows them.
        self.process = subprocess.Popen(
            [sys.executable, "-c", APPLICATION], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def wait_until_up(self) -> "Application":
        assert self.process.stdout
        assert self.process.stdout.readline() == "up\n"
        return self

    def leave(self) -> int:
        self.process.communicate()
        return self.process.returncode

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.communicate()


class Home:
    """A home as the tests see it: from outside, and by the processes that work in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def connect(self) -> psycopg.Connection[Any]:
        given = postgres.connection(self.path)
        return psycopg.connect(
            host=given["HOST"], port=given["PORT"], user=given["USER"], dbname=given["NAME"], autocommit=True
        )

    def ask(self, statement: str) -> Any:
        with self.connect() as connection:
            row = connection.execute(statement).fetchone()
            return row[0] if row else None

    def tell(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement)

    @property
    def pid_file(self) -> Path:
        return self.path / "data" / "postmaster.pid"

    @property
    def postmaster(self) -> int:
        return int(self.pid_file.read_text().split()[0])

    @property
    def account(self) -> dict[str, Any]:
        return ServerHome(self.path).account

    def processes(self) -> list[int]:
        return [int(process.name) for process in Path("/proc").glob("[0-9]*") if works_in(process, self.path)]


def works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink().is_relative_to(folder)
    except OSError:
        return False


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def system_binaries() -> Path | None:
    wheel = find_spec(binaries.WHEEL)
    assert wheel, "the wheel is in the dev requirements"
    return next((folder for folder in binaries.candidates() if binaries.WHEEL not in folder.parts), None)


def wheel_binaries() -> Path:
    return next(folder for folder in binaries.candidates() if binaries.WHEEL in folder.parts)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "each_postgresql" in metafunc.fixturenames:
        kinds = {"system": system_binaries, "wheel": wheel_binaries}
        names = sampled(kinds, metafunc.function.__name__, share=2)
        metafunc.parametrize("each_postgresql", [kinds[name] for name in names], indirect=True, ids=names)


@pytest.fixture
def each_postgresql(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's PostgreSQL and that of the wheel; in `make test` one of them for each test."""
    folder = request.param()
    if folder is None or binaries.problem_with(folder, None):
        if FIGURES != "once":
            pytest.skip("no PostgreSQL 15 or newer is installed on this system")
        folder = wheel_binaries()
    monkeypatch.setenv("PG_BIN", str(folder))


def make_home() -> Home:
    # Not tmp_path: as root the server runs as another account, which cannot get in there.
    folder = Path(tempfile.mkdtemp(prefix="curfew-test-", dir="/tmp")).resolve()
    folder.chmod(0o711)
    return Home(folder)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    home = make_home()
    monkeypatch.setenv("CURFEW_HOME", str(home.path))
    yield home
    left = home.processes()
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(home.path)
    assert not left, "the server outlived its last user"


@pytest.fixture(scope="session")
def templates() -> Iterator[dict[str, Home]]:
    """Making a cluster takes a second: each PostgreSQL makes one, and tests start from a copy."""
    templates: dict[str, Home] = {}
    yield templates
    for template in templates.values():
        shutil.rmtree(template.path)


@pytest.fixture
def kept(each_postgresql: None, home: Home, templates: dict[str, Home]) -> Home:
    """A home in which the answer 42 was stored, and the server stopped."""
    template = templates.get(os.environ["PG_BIN"])
    if not template:
        template = templates[os.environ["PG_BIN"]] = make_home()
        with postgres.running(template.path):
            template.tell("CREATE TABLE kept AS SELECT 42 AS answer")
    subprocess.run(["cp", "--archive", f"{template.path}/.", home.path], check=True)
    return home


@pytest.fixture
def start(home: Home) -> Iterator[Callable[[], Application]]:
    started: list[Application] = []

    def start() -> Application:
        started.append(Application())
        return started[-1]

    yield start
    for application in started:
        application.leave()
