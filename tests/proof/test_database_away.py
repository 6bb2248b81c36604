"""PostgreSQL stops, or is killed, and comes back. Meanwhile nobody is let in, nothing is a 500, and nobody helps."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest
from django.conf import settings

from config import postgres
from config.postgres.place import Place
from tests.proof.browsers import Answer, Browser, browsers
from tests.servers import Servers, environment

CREDENTIALS = {"email": "super@away.example", "password": "a good long one"}
RECOVERY = 5  # seconds


class Database:
    """A PostgreSQL of this test's own, to be taken away."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.use = ExitStack()

    def start(self) -> None:
        self.use.enter_context(postgres.running(self.home))

    def stop(self) -> None:
        self.use.close()

    def kill(self) -> None:
        os.kill(int((Place(self.home).data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        self.stop()

    def manage(self, *command: str, told: str = "") -> None:
        arguments = [sys.executable, "manage.py", *command, "--verbosity=0"]
        given = environment(postgres.connection(self.home))
        subprocess.run(arguments, cwd=settings.BASE_DIR, env=given, input=told, text=True, check=True)


@pytest.fixture
def database() -> Iterator[Database]:
    # Not tmp_path: as root the server runs as another account, which cannot get in there.
    home = Path(tempfile.mkdtemp(prefix="curfew-test-", dir="/tmp"))
    home.chmod(0o711)
    database = Database(home)
    try:
        database.start()
        database.manage("migrate")
        database.manage("create_super_admin", CREDENTIALS["email"], "--password-stdin", told=CREDENTIALS["password"])
        yield database
    finally:
        database.stop()
        shutil.rmtree(home)


def everything(browser: Browser, token: str, refresh_token: str) -> list[Answer]:
    return [
        browser.ask("GET", "/api/v1/me", token=token),
        browser.ask("GET", "/api/v1/me/sessions", token=token),
        browser.ask("POST", "/api/v1/me/sessions/revoke-all", token=token),
        browser.sign_in(**CREDENTIALS),
        browser.refresh(refresh_token),
    ]


def is_unavailable(answer: Answer) -> bool:
    return answer.status == 503 and int(answer.headers["Retry-After"]) > 0 and "detail" in answer.body


def seconds_until_back(pair: list[Browser], token: str) -> float:
    """Each process answers as before, without anybody's help."""
    began = time.monotonic()
    while not all(browser.ask("GET", "/api/v1/me", token=token).status == 200 for browser in pair):
        assert time.monotonic() < began + RECOVERY, "the servers did not find back"
        time.sleep(0.02)
    return time.monotonic() - began


def keep_asking(browser: Browser, token: str, enough: Event) -> Counter[int]:
    """Somebody who does not know that anything is wrong."""
    seen: Counter[int] = Counter()
    while not enough.is_set():
        seen[browser.ask("GET", "/api/v1/me", token=token).status] += 1
        time.sleep(0.005)
    return seen


def test_without_its_database_the_product_says_so_and_comes_back_by_itself(database: Database, claim):
    promise = claim("outages of PostgreSQL, by stopping and by killing it", full=10, reduced=2)
    enough, slowest = Event(), 0.0
    with (
        Servers.running(postgres.connection(database.home), threads=2) as servers,
        browsers(servers.urls, 2) as pair,
        browsers(servers.urls, 2) as unaware,
        ThreadPoolExecutor(len(unaware)) as pool,
    ):
        made = pair[0].sign_in(**CREDENTIALS).data
        token, refresh_token = made["access_token"], made["refresh_token"]
        asking = [pool.submit(keep_asking, browser, token, enough) for browser in unaware]
        try:
            for number in range(promise.asked):
                database.kill() if number % 2 else database.stop()
                for browser in pair:
                    assert all(is_unavailable(each) for each in everything(browser, token, refresh_token))
                    assert browser.ask("GET", "/healthz").status == 200
                    not_ready = browser.ask("GET", "/readyz")
                    assert (not_ready.status, int(not_ready.headers["Retry-After"]) > 0) == (503, True)
                database.start()
                slowest = max(slowest, seconds_until_back(pair, token))
                assert all(browser.ask("GET", "/readyz").status == 200 for browser in pair)
        finally:
            enough.set()
        seen = sum((each.result() for each in asking), Counter())
    remark = ", ".join(f"{count} times {status}" for status, count in sorted(seen.items()))
    promise.saw(promise.asked, f"back in {slowest:.2f} s; a client that kept asking saw {remark}")
    assert seen.keys() == {200, 503}
