"""`make run` as a subprocess: its output, and that no process is left behind."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.postgres.conftest import ROOT, make_home, wait_until

pytestmark = pytest.mark.proof

RUN = [sys.executable, "-m", "config.run"]
CURL = """
import argparse, urllib.request
asked = argparse.ArgumentParser()
asked.add_argument("url")
asked.add_argument("-s", action="store_true")
asked.add_argument("-H")
asked.add_argument("-d")
given = asked.parse_args()
request = urllib.request.Request(given.url, given.d and given.d.encode(), dict([given.H.split(": ")]))
print(urllib.request.urlopen(request).read().decode())
"""


class Run:
    """A running `make run`, and every process it has brought into the world."""

    def __init__(self, home, command=RUN, port=None, **environment):
        self.home = home
        self.port = port or free_port()
        own = {"CURFEW_ENV": "development", "CURFEW_HOME": str(home.path), "PORT": str(self.port), "DATABASE_URL": ""}
        inherited = {name: value for name, value in os.environ.items() if name not in {"MAKELEVEL", "SECRET_KEY"}}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=inherited | {"DJANGO_SETTINGS_MODULE": "config.settings"} | own | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_until_up(self, sign="/me/sessions"):
        said = ""
        assert self.process.stdout
        for line in self.process.stdout:
            said += line
            if sign in line:
                return said
        raise AssertionError(f"it did not start: {said}")

    def pids(self, *words):
        """Its processes but the first, found by an environment that only they have."""
        mark = f"CURFEW_HOME={self.home.path}\0".encode()
        found = [process for process in Path("/proc").glob("[0-9]*") if mark in content(process / "environ")]
        others = [process for process in found if int(process.name) != self.process.pid]
        return [int(each.name) for each in others if all(word in content(each / "cmdline") for word in words)]

    def ending(self):
        said, _ = self.process.communicate(timeout=40)
        return self.process.returncode, said

    def is_gone(self):
        return not self.pids() and not self.home.processes()


def content(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def loaded():
    """A home with the demo data in it: making it takes longer than starting from it."""
    home = make_home()
    run = Run(home)
    run.wait_until_up()
    run.process.terminate()
    run.ending()
    yield home
    shutil.rmtree(home.path)


@pytest.fixture
def run(home, loaded):
    subprocess.run(["cp", "--archive", f"{loaded.path}/.", home.path], check=True)
    started = []

    def run(command=RUN, **environment):
        started.append(Run(home, command, **environment))
        return started[-1]

    yield run
    for each in started:
        for pid in each.pids():
            os.kill(pid, signal.SIGKILL)
        each.process.kill()
        each.process.communicate()


@pytest.fixture
def curl(tmp_path, monkeypatch):
    """A fresh Debian has none, and the suite must pass there."""
    if not shutil.which("curl"):
        (tmp_path / "curl").write_text(f"#!{sys.executable}\n{CURL}")
        (tmp_path / "curl").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.usefixtures("curl")
def test_printed_curl_command_works(run):
    running = run()
    token, question = re.findall(r"^  (TOKEN=.*|curl .*)$", running.wait_until_up(), re.MULTILINE)
    answer = subprocess.run(["sh", "-c", f"{token}\n{question}"], capture_output=True, text=True, check=True)
    assert '"is_current":true' in answer.stdout
    running.process.terminate()
    assert running.ending()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_signal_stops_every_process(run, number):
    running = run()
    running.wait_until_up()
    running.process.send_signal(number)
    code, said = running.ending()
    assert (code, said.splitlines()[-1]) == (0, "Stopped.")
    assert running.is_gone()


@pytest.mark.parametrize("moment", ["Starting PostgreSQL in", "/me/sessions"], ids=["while it starts", "when it is up"])
def test_repeated_ctrl_c_stops_every_process(run, moment):
    running = run()
    running.wait_until_up(moment)
    while running.process.poll() is None:
        os.killpg(running.process.pid, signal.SIGINT)
        time.sleep(0.02)
    code, said = running.ending()
    assert (code, said.splitlines()[-1]) == (0, "Stopped.")
    assert running.is_gone()


@pytest.mark.parametrize(("name", "word"), [("web server", b"granian"), ("worker", b"config.worker")])
def test_killed_web_server_or_worker_stops_the_rest_and_is_named(run, name, word):
    running = run()
    running.wait_until_up()
    os.kill(min(running.pids(word)), signal.SIGKILL)
    code, said = running.ending()
    assert (code, f"The {name} stopped unexpectedly (exit code -9)" in said) == (1, True), said
    assert running.is_gone()


def test_killed_database_stops_the_rest(run):
    running = run()
    running.wait_until_up()
    os.kill(running.home.postmaster, signal.SIGKILL)
    code, said = running.ending()
    assert (code, "PostgreSQL stopped unexpectedly" in said) == (1, True), said
    wait_until(running.is_gone)


def test_database_survives_a_killed_run_and_is_used_by_the_next(run):
    first = run()
    first.wait_until_up()
    postmaster = first.home.postmaster
    first.process.kill()
    wait_until(lambda: set(first.pids()) <= set(first.home.processes()))
    second = run()
    second.wait_until_up()
    assert second.home.postmaster == postmaster
    second.process.terminate()
    assert second.ending()[0] == 0
    assert second.is_gone()


def test_killed_make_stops_every_process(run):
    running = run(["sh", "-c", f"{sys.executable} -m config.run; true"], MAKELEVEL="1")
    running.wait_until_up()
    running.process.kill()
    wait_until(running.is_gone)


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ("taken", "Is Curfew already running?"),
        ("0", "(ports are 1 to 65535)"),
        ("70000", "(ports are 1 to 65535)"),
        ("eighty", "(not a number)"),
        ("-1", "(not a number)"),
    ],
)
def test_unusable_port_is_reported_before_anything_starts(home, port, reason):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        wanted = other.getsockname()[1] if port == "taken" else port
        code, said = Run(home, port=wanted).ending()
    assert (code, f"Port {wanted} cannot be used" in said, "PORT=8001" in said) == (1, True, True), said
    assert reason in said
    assert list(home.path.iterdir()) == []


def test_fresh_run_has_the_demo_data_only(run):
    first = run()
    first.wait_until_up()
    first.home.tell("UPDATE tenancy_tenant SET name = 'Renamed' WHERE slug = 'north'")
    first.process.terminate()
    first.ending()
    again = run(FRESH="1")
    assert "Deleting the database" in again.wait_until_up()
    assert again.home.ask("SELECT name FROM tenancy_tenant WHERE slug = 'north'") != "Renamed"


def test_fresh_run_is_refused_while_the_database_is_in_use(run):
    first = run()
    first.wait_until_up()
    again = run(FRESH="1")
    status, text = again.ending()
    assert (status, "is in use" in text) == (1, True)
    assert first.home.ask("SELECT count(*) FROM tenancy_tenant") > 0
