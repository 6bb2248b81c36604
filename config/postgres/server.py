"""The server process: started, adopted, stopped, and told from whatever an earlier one left behind."""

import fcntl
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO, Any

from config.postgres import binaries
from config.postgres.place import COMPLETE, Place, PostgresError, private

NAME = "curfew"
PORT = 5432  # only names the socket file: no network address is listened on
PATIENCE = 60
TLS_REQUEST = bytes.fromhex("00000008 04d2162f")
PROCESS_ID, STATUS = 0, 7  # lines of postmaster.pid
SETTINGS = {
    "listen_addresses": "",
    "log_timezone": "UTC",
    "max_connections": "200",
    "port": str(PORT),
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "track_commit_timestamp": "on",
    "unix_socket_permissions": "0700",
}


def is_sole_holder(file: IO[str]) -> bool:
    """Whether nobody else holds a lock on this file. Then this process holds it from now on."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Server:
    """Callers of ensure and stop take turns; see the package."""

    def __init__(self, place: Place, settings: Mapping[str, str] | None = None) -> None:
        self.place = place
        self.settings = SETTINGS | dict(settings or {})
        self.socket = place.sockets / f".s.PGSQL.{PORT}"

    @property
    def pid_file(self) -> Path:
        return self.place.data / "postmaster.pid"

    @cached_property
    def programs(self) -> Path:
        made_by = self.place.data / "PG_VERSION"
        major = made_by.read_text().strip() if made_by.exists() else None
        return binaries.find(major=major, account=self.place.account, store=self.place.home)

    def is_listening(self) -> bool:
        return self.reply() is not None

    def is_ready(self) -> bool:
        return self.reply() == b"N" and self.noted(STATUS) == "ready"

    def reply(self) -> bytes | None:
        """The answer to "TLS?", None if nobody listens. A server that was just killed may listen, but not answer."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(TLS_REQUEST)
                return client.recv(1)
            except (ConnectionRefusedError, FileNotFoundError):
                return None
            except OSError:
                return b""

    def noted(self, line: int) -> str:
        with suppress(FileNotFoundError, IndexError):
            return self.pid_file.read_text().splitlines()[line].strip()
        return ""

    def ensure(self) -> None:
        """Use the server that is there, or start one when nothing is left of the last one."""
        with self.place.lock_file("server") as alive:
            for _ in self.patiently("did not get ready"):
                if self.is_ready():
                    return
                if is_sole_holder(alive):
                    self.start(alive)
                    return

    def stop(self) -> None:
        """Stop it and wait for the last of its processes, also if it is still starting or was killed."""
        with self.place.lock_file("server") as alive:
            for _ in self.patiently("did not stop"):
                if is_sole_holder(alive):
                    return
                if self.is_ready():
                    self.run("pg_ctl", "stop", "--mode=fast", f"--timeout={PATIENCE}")

    def patiently(self, problem: str) -> Iterator[None]:
        since = time.monotonic()
        while (waited := time.monotonic() - since) < PATIENCE:
            yield
            if waited > 2 and not self.is_listening():
                self.end_orphans()
            time.sleep(0.05)
        raise self.failure(f"PostgreSQL {problem} in {PATIENCE} s; if it is recovering, try again")

    def start(self, alive: IO[str]) -> None:
        if self.place.account:
            self.place.check_reach()
        self.place.make_sockets()
        if not self.place.data.exists():
            self.create()
        self.clear_leftovers()
        options = self.settings | {"unix_socket_directories": str(self.place.sockets)}
        flags = shlex.join(f"--{name}={value}" for name, value in options.items())
        if self.place.log.exists():
            self.place.log.replace(self.place.log.with_suffix(".log.1"))
        with open(self.place.log, "wb", opener=private) as log:
            # In a process group of its own: Ctrl-C in a terminal is for the server's users, not for the server.
            kept: dict[str, Any] = {"stdout": log, "pass_fds": [alive.fileno()], "start_new_session": True}
            started = self.run("pg_ctl", "start", "--wait", f"--timeout={PATIENCE}", "--options", flags, **kept)
        if started.returncode:
            raise self.failure("PostgreSQL did not start")

    def create(self) -> None:
        """Make the cluster beside its place and rename it when complete: a kill leaves nothing half made there."""
        making = Path(tempfile.mkdtemp(prefix="data.", suffix=".new", dir=self.place.home))
        try:
            self.place.give(making)
            locale = "C.UTF-8" if sys.platform == "linux" else "C"
            layout = [f"--username={NAME}", "--auth=trust", "--encoding=UTF8", f"--locale={locale}"]
            self.must("initdb", *layout, data=making)
            statement = f"CREATE DATABASE {NAME}\n".encode()
            self.must("postgres", "--single", "-c", "exit_on_error=on", "postgres", data=making, told=statement)
            (making / COMPLETE).touch(exist_ok=False)
            making.rename(self.place.data)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise

    def clear_leftovers(self) -> None:
        """Remove what would stop a new server although, as server.lock shows, nothing of the old one is alive.

        PostgreSQL clears a dead server's files itself and checks more than we could. It does not when the process id
        written in them has become a stranger's, or when there is none in them.
        """
        for name in (self.socket.name, f"{self.socket.name}.lock"):
            self.socket.with_name(name).unlink(missing_ok=True)
        holder = self.noted(PROCESS_ID)
        if not holder.isdigit() or self.is_stranger(Path("/proc", holder)):
            self.pid_file.unlink(missing_ok=True)

    def is_stranger(self, process: Path) -> bool:
        try:
            name = (process / "cmdline").read_bytes().split(b"\0")[0]  # empty for a zombie
            return b"postgres" not in name or not (process / "cwd").samefile(self.place.data)
        except OSError:  # gone, or not for us to see
            return False

    def end_orphans(self) -> None:
        """Backends outlive a killed server until their statement ends: end it now. Nothing committed is lost."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cwd").samefile(self.place.data) and (process / "comm").read_text() == "postgres\n":
                    os.kill(int(process.name), signal.SIGQUIT)

    def must(self, *command: str, data: Path, told: bytes = b"") -> None:
        done = self.run(*command, data=data, input=told, stdout=subprocess.PIPE)
        if done.returncode:
            raise PostgresError(f"{command[0]} failed in {data}:\n{done.stdout.decode(errors='replace')[-2000:]}")

    def run(self, program: str, *flags: str, data: Path | None = None, **more: Any) -> CompletedProcess[bytes]:
        # Not as a flag: pg_ctl passes its flags through a shell.
        environment = os.environ | {"PGDATA": str(data or self.place.data)}
        settings: dict[str, Any] = (
            {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT} | more | self.place.account
        )
        return subprocess.run([self.programs / program, *flags], cwd="/", env=environment, **settings)

    def failure(self, problem: str) -> PostgresError:
        last = self.place.log.read_text(errors="replace").splitlines()[-15:] if self.place.log.exists() else []
        return PostgresError("\n".join([f"{problem}. The end of {self.place.log}:", *last]))
