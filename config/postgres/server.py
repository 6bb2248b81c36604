"""Start, adopt and stop the server process, and clear what a dead one left behind."""

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
from config.postgres.server_home import COMPLETE, PostgresError, ServerHome, private

NAME = "curfew"
PORT = 5432  # only names the socket file: no network address is listened on
TIMEOUT = 60
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
    """The server process. Callers of `ensure` and `stop` hold the start lock; see the package."""

    def __init__(self, home: ServerHome, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.settings = SETTINGS | dict(settings or {})
        self.socket = home.sockets / f".s.PGSQL.{PORT}"

    @property
    def pid_file(self) -> Path:
        return self.home.data / "postmaster.pid"

    @cached_property
    def programs(self) -> Path:
        version_file = self.home.data / "PG_VERSION"
        major = version_file.read_text().strip() if version_file.exists() else None
        return binaries.find(major=major, account=self.home.account, store=self.home.path)

    def is_listening(self) -> bool:
        return self.reply() is not None

    def is_ready(self) -> bool:
        return self.reply() == b"N" and self.status_line(STATUS) == "ready"

    def reply(self) -> bytes | None:
        """Return the answer to a TLS request, or None if nobody listens. A killed server may not answer."""
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

    def status_line(self, line: int) -> str:
        with suppress(FileNotFoundError, IndexError):
            return self.pid_file.read_text().splitlines()[line].strip()
        return ""

    def ensure(self) -> None:
        """Use a running server, or start one once nothing of an earlier one is alive."""
        with self.home.lock_file("server") as alive:
            for _ in self.until_timeout("did not get ready"):
                if self.is_ready():
                    return
                if is_sole_holder(alive):
                    self.start(alive)
                    return

    def stop(self) -> None:
        """Stop it and wait for the last of its processes, also if it is still starting or was killed."""
        with self.home.lock_file("server") as alive:
            for _ in self.until_timeout("did not stop"):
                if is_sole_holder(alive):
                    return
                if self.is_ready():
                    self.run("pg_ctl", "stop", "--mode=fast", f"--timeout={TIMEOUT}")

    def until_timeout(self, problem: str) -> Iterator[None]:
        since = time.monotonic()
        while (waited := time.monotonic() - since) < TIMEOUT:
            yield
            if waited > 2 and not self.is_listening():
                self.end_orphans()
            time.sleep(0.05)
        raise self.failure(f"PostgreSQL {problem} in {TIMEOUT} s; if it is recovering, try again")

    def start(self, alive: IO[str]) -> None:
        if self.home.account:
            self.home.check_access()
        self.home.make_sockets()
        if not self.home.data.exists():
            self.create()
        self.clear_leftovers()
        options = self.settings | {"unix_socket_directories": str(self.home.sockets)}
        flags = shlex.join(f"--{name}={value}" for name, value in options.items())
        if self.home.log.exists():
            self.home.log.replace(self.home.log.with_suffix(".log.1"))
        with open(self.home.log, "wb", opener=private) as log:
            # In a process group of its own: Ctrl-C in a terminal is for the server's users, not for the server.
            kept: dict[str, Any] = {"stdout": log, "pass_fds": [alive.fileno()], "start_new_session": True}
            started = self.run("pg_ctl", "start", "--wait", f"--timeout={TIMEOUT}", "--options", flags, **kept)
        if started.returncode:
            raise self.failure("PostgreSQL did not start")

    def create(self) -> None:
        """Create the cluster under a temporary name and rename it when complete, so that none is left partial."""
        new = Path(tempfile.mkdtemp(prefix="data.", suffix=".new", dir=self.home.path))
        try:
            self.home.change_owner(new)
            locale = "C.UTF-8" if sys.platform == "linux" else "C"
            layout = [f"--username={NAME}", "--auth=trust", "--encoding=UTF8", f"--locale={locale}"]
            self.run_or_raise("initdb", *layout, data=new)
            statement = f"CREATE DATABASE {NAME}\n".encode()
            self.run_or_raise("postgres", "--single", "-c", "exit_on_error=on", "postgres", data=new, stdin=statement)
            (new / COMPLETE).touch(exist_ok=False)
            new.rename(self.home.data)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise

    def clear_leftovers(self) -> None:
        """Remove files that would keep a new server from starting. Call it while server.lock is free.

        PostgreSQL clears the files of a dead server itself, except when they hold the process id of another program by
        now, or none at all.
        """
        for name in (self.socket.name, f"{self.socket.name}.lock"):
            self.socket.with_name(name).unlink(missing_ok=True)
        holder = self.status_line(PROCESS_ID)
        if not holder.isdigit() or self.is_other_program(Path("/proc", holder)):
            self.pid_file.unlink(missing_ok=True)

    def is_other_program(self, process: Path) -> bool:
        try:
            name = (process / "cmdline").read_bytes().split(b"\0")[0]  # empty for a zombie
            return b"postgres" not in name or not (process / "cwd").samefile(self.home.data)
        except OSError:  # gone, or not for us to see
            return False

    def end_orphans(self) -> None:
        """End backends that outlive a killed server until their statement is done. Nothing committed is lost."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cwd").samefile(self.home.data) and (process / "comm").read_text() == "postgres\n":
                    os.kill(int(process.name), signal.SIGQUIT)

    def run_or_raise(self, *command: str, data: Path, stdin: bytes = b"") -> None:
        done = self.run(*command, data=data, input=stdin, stdout=subprocess.PIPE)
        if done.returncode:
            raise PostgresError(f"{command[0]} failed in {data}:\n{done.stdout.decode(errors='replace')[-2000:]}")

    def run(self, program: str, *flags: str, data: Path | None = None, **more: Any) -> CompletedProcess[bytes]:
        # Not as a flag: pg_ctl passes its flags through a shell.
        environment = os.environ | {"PGDATA": str(data or self.home.data)}
        settings: dict[str, Any] = (
            {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT} | more | self.home.account
        )
        return subprocess.run([self.programs / program, *flags], cwd="/", env=environment, **settings)

    def failure(self, problem: str) -> PostgresError:
        last = self.home.log.read_text(errors="replace").splitlines()[-15:] if self.home.log.exists() else []
        return PostgresError("\n".join([f"{problem}. The end of {self.home.log}:", *last]))
