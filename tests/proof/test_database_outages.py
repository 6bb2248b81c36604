"""PostgreSQL stops or crashes and comes back: requests are 503, and the servers recover by themselves."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from random import uniform
from threading import Event
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

import psycopg
import pytest
from django.conf import settings

from config import postgres
from config.postgres.server_home import ServerHome
from core.ids import Prefix, decode_id
from tests.proof.browsers import Answer, Browser, browsers
from tests.servers import Servers, database_url, environment

pytestmark = pytest.mark.proof

THREADS = 2
CREDENTIALS = {"email": "super@away.example", "password": "a good long one"}
PAGES = ("/account/sessions/", "/account/password/", "/console/", "/console/sessions/", "/console/sessions/end/?all=on")
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
        self._signal(signal.SIGKILL)
        self.stop()

    def break_off(self) -> None:
        """As `pg_ctl stop -m immediate` does: no goodbyes, and the next start has to recover."""
        self._signal(signal.SIGQUIT)
        self.stop()

    def _signal(self, number: int) -> None:
        os.kill(int((ServerHome(self.home).data / "postmaster.pid").read_text().split()[0]), number)

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with closing(psycopg.connect(database_url(postgres.connection(self.home)))) as connection:
            return connection.execute(question).fetchall()

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


def is_a_page_that_says_so(url: str, path: str, key: str) -> bool:
    """For whoever looks at it in a browser, signed in as they were."""
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(url + path, headers={"Cookie": f"curfew_session={key}"}), timeout=60)
    answer = refused.value
    text = answer.read().decode()
    return (answer.code, int(answer.headers["Retry-After"]) > 0, "try again shortly" in text) == (503, True, True)


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


def test_database_outage_is_503_and_the_server_recovers_by_itself(database: Database, claim):
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
        in_a_browser = pair[0].sign_in(**CREDENTIALS, session_cookie=True)
        key = SimpleCookie(in_a_browser.headers["Set-Cookie"])["curfew_session"].value
        asking = [pool.submit(keep_asking, browser, token, enough) for browser in unaware]
        try:
            for number in range(promise.asked):
                database.kill() if number % 2 else database.stop()
                for browser in pair:
                    assert all(is_unavailable(each) for each in everything(browser, token, refresh_token))
                    assert browser.ask("GET", "/healthz").status == 200
                    not_ready = browser.ask("GET", "/readyz")
                    assert (not_ready.status, int(not_ready.headers["Retry-After"]) > 0) == (503, True)
                assert all(is_a_page_that_says_so(url, path, key) for url in servers.urls for path in PAGES)
                database.start()
                slowest = max(slowest, seconds_until_back(pair, token))
                assert all(browser.ask("GET", "/readyz").status == 200 for browser in pair)
        finally:
            enough.set()
        seen = sum((each.result() for each in asking), Counter())
    remark = ", ".join(f"{count} times {status}" for status, count in sorted(seen.items()))
    promise.saw(promise.asked, f"back in {slowest:.2f} s; a client that kept asking saw {remark}")
    assert seen.keys() == {200, 503}


@dataclass
class Deeds:
    """What somebody who ends sessions one after the other has tried, and what was acknowledged."""

    tried: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)


def keep_ending(browser: Browser, token: str, enough: Event, deeds: Deeds) -> None:
    while not enough.is_set():
        made = browser.sign_in(**CREDENTIALS)
        if made.status == 200:
            session_id = made.data["session_id"]
            deeds.tried[session_id] = made.data["access_token"]
            answer = browser.ask("DELETE", f"/api/v1/admin/sessions/{session_id}", token=token)
            if answer.status == 204:
                deeds.done.append(session_id)
            else:
                deeds.refused[answer.status] += 1
        else:
            deeds.refused[made.status] += 1


def wait_until(condition: Callable[[], Any], patience: float = 20) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "nothing was acknowledged"
        time.sleep(0.01)


def lets_in(browser: Browser, token: str) -> bool:
    """Each thread of a server finds out by one request that its connection is gone; the next is answered."""
    for _ in range(THREADS):
        if browser.ask("GET", "/api/v1/me", token=token).status != 503:
            break
    return browser.is_let_in(token)


def test_acknowledged_revocations_survive_a_database_crash(database: Database, claim):
    promise = claim("times PostgreSQL was broken off while sessions were being ended", full=20, reduced=2)
    ended = 0
    with (
        Servers.running(postgres.connection(database.home), threads=THREADS) as servers,
        browsers(servers.urls, 2) as (revoker, asking),
        ThreadPoolExecutor(1) as pool,
    ):
        token = asking.sign_in(**CREDENTIALS).data["access_token"]
        for _ in range(promise.asked):
            enough, deeds = Event(), Deeds()
            under_way = pool.submit(keep_ending, revoker, token, enough, deeds)
            wait_until(lambda deeds=deeds: deeds.done)
            time.sleep(uniform(0, 0.8))
            database.break_off()
            for each in (asking.ask("GET", "/api/v1/me", token=token) for _ in range(3)):
                assert is_unavailable(each)
            enough.set()
            under_way.result()
            database.start()
            seconds_until_back([asking], token)
            assert deeds.refused.keys() <= {503}
            alive = [each for each in deeds.done if lets_in(asking, deeds.tried[each])]
            assert alive == [], "an acknowledged revocation was forgotten"
            ended += len(deeds.done)
            token = asking.sign_in(**CREDENTIALS).data["access_token"]
    over = dict(database.ask("SELECT target_id::text, revoked_count FROM sessions_app_revocation"))
    marked = {row[0] for row in database.ask("SELECT id::text FROM sessions_app_session WHERE revoked_at IS NOT NULL")}
    recorded = database.ask("SELECT resource_id FROM audit_auditentry WHERE action = 'session.revoked'")
    promise.saw(promise.asked, f"{ended} acknowledged, {len(marked)} ended, {len(recorded)} on record")
    assert over.keys() == marked
    assert {decode_id(Prefix.SESSION, each[0]) for each in recorded} == {UUID(each) for each in marked}
    assert len(recorded) == len(marked) >= ended > 0
    database.manage("verify_audit")
    database.manage("reconcile_counters")
