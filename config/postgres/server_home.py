"""The folder of the embedded database, and the account that owns it."""

import hashlib
import itertools
import os
import pwd
import re
import subprocess
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Any

COMPLETE = "curfew.complete"


class PostgresError(Exception):
    """PostgreSQL cannot be started. The message says what happened and what to do next."""


def home() -> Path:
    """Return CURFEW_HOME, or the default state folder of this account."""
    if chosen := os.environ.get("CURFEW_HOME"):
        return Path(chosen).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/curfew")
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser().resolve() / "curfew"


def private(path: str, flags: int) -> int:
    """Open a file that only this account can read, and never follow a symbolic link."""
    return os.open(path, flags | os.O_NOFOLLOW, mode=0o600)


class ServerHome:
    """The folder that holds the database, its sockets, locks and log. As root, PostgreSQL's account owns the parts."""

    def __init__(self, home: Path) -> None:
        self.path = home.resolve()
        self.log = self.path / "server.log"

    @cached_property
    def data(self) -> Path:
        """The first of data, data-2, data-3, ... that is complete or does not exist. Other folders are left alone."""
        names = itertools.chain(["data"], (f"data-{number}" for number in itertools.count(2)))
        paths = (self.path / name for name in names)
        return next(path for path in paths if not os.path.lexists(path) or (path / COMPLETE).exists())

    @cached_property
    def sockets(self) -> Path:
        """The socket folder: in the home, unless that path is too long or has characters that libpq would interpret."""
        inside = self.path / "run"
        if re.fullmatch(r"[\w./+-]{1,85}", str(inside), re.ASCII):
            return inside
        digest = hashlib.sha256(bytes(self.path)).hexdigest()[:16]
        return Path(f"/tmp/curfew-{digest}")  # noqa: S108 - must be short; owner and mode are checked

    @cached_property
    def account(self) -> dict[str, Any]:
        """Arguments of subprocess that drop root privileges, because PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {}
        if self.data.exists():
            owner = self.data.stat()
            return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                entry = pwd.getpwnam(name)
                return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        raise PostgresError("PostgreSQL cannot run as root, and there is no account named postgres or nobody. Add one.")

    def make_home(self) -> None:
        # As root others may pass through, or the account of the server could not.
        mode, umask = (0o711, 0o022) if os.geteuid() == 0 else (0o700, 0o077)
        before = os.umask(umask)
        try:
            self.path.mkdir(mode, parents=True, exist_ok=True)
        finally:
            os.umask(before)

    def lock_file(self, name: str) -> IO[str]:
        return open(self.path / f"{name}.lock", "a", opener=private)

    def check_access(self) -> None:
        for folder in [*reversed(self.path.parents), self.path]:
            command = ["/bin/sh", "-c", 'cd "$0"', str(folder)]
            if subprocess.run(command, stderr=subprocess.DEVNULL, **self.account).returncode:
                account = pwd.getpwuid(self.account["user"]).pw_name
                advice = f"chmod o+x {folder}, or set CURFEW_HOME to a folder that {account} can reach."
                raise PostgresError(f"PostgreSQL runs as {account} here, and {account} cannot enter {folder}: {advice}")

    def make_sockets(self) -> None:
        with suppress(FileExistsError):
            self.sockets.mkdir(0o700)
        if self.sockets.lstat().st_uid == os.geteuid():
            self.change_owner(self.sockets)
        status = self.sockets.lstat()
        if (status.st_uid, status.st_mode) != (self.account.get("user", os.geteuid()), 0o40700):
            raise PostgresError(f"{self.sockets} is not a private folder of PostgreSQL's account here: remove it.")

    def change_owner(self, folder: Path) -> None:
        if self.account:
            os.chown(folder, self.account["user"], self.account["group"], follow_symlinks=False)
