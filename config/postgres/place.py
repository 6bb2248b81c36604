"""Where the database lives, and the account it belongs to."""

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
    """PostgreSQL cannot be had: what happened, and what to do next."""


def home() -> Path:
    """CURFEW_HOME, or the usual folder for the state of this account's programs."""
    if chosen := os.environ.get("CURFEW_HOME"):
        return Path(chosen).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/curfew")
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser().resolve() / "curfew"


def private(path: str, flags: int) -> int:
    """Opens a file for this account alone, never through a link that somebody planted."""
    return os.open(path, flags | os.O_NOFOLLOW, mode=0o600)


class Place:
    """The home and what is in it. As root, the folders made here are given to an account without rights."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.log = self.home / "server.log"

    @cached_property
    def data(self) -> Path:
        """The first of data, data-2, data-3, ... that we completed or that is free. Others are not ours to touch."""
        names = itertools.chain(["data"], (f"data-{number}" for number in itertools.count(2)))
        paths = (self.home / name for name in names)
        return next(path for path in paths if not os.path.lexists(path) or (path / COMPLETE).exists())

    @cached_property
    def sockets(self) -> Path:
        """In the home, unless its path is too long for a socket or holds signs that libpq reads differently."""
        inside = self.home / "run"
        if re.fullmatch(r"[\w./+-]{1,85}", str(inside), re.ASCII):
            return inside
        digest = hashlib.sha256(bytes(self.home)).hexdigest()[:16]
        return Path(f"/tmp/curfew-{digest}")  # noqa: S108 - must be short; owner and mode are checked

    @cached_property
    def account(self) -> dict[str, Any]:
        """How subprocess is told to step down from root: PostgreSQL refuses to run as root."""
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
            self.home.mkdir(mode, parents=True, exist_ok=True)
        finally:
            os.umask(before)

    def lock_file(self, name: str) -> IO[str]:
        return open(self.home / f"{name}.lock", "a", opener=private)

    def check_reach(self) -> None:
        for folder in [*reversed(self.home.parents), self.home]:
            enter = ["/bin/sh", "-c", 'cd "$0"', str(folder)]
            if subprocess.run(enter, stderr=subprocess.DEVNULL, **self.account).returncode:
                who = pwd.getpwuid(self.account["user"]).pw_name
                advice = f"chmod o+x {folder}, or set CURFEW_HOME to a folder that {who} can reach."
                raise PostgresError(f"PostgreSQL runs as {who} here, and {who} cannot enter {folder}: {advice}")

    def make_sockets(self) -> None:
        with suppress(FileExistsError):
            self.sockets.mkdir(0o700)
        if self.sockets.lstat().st_uid == os.geteuid():
            self.give(self.sockets)
        found = self.sockets.lstat()
        if (found.st_uid, found.st_mode) != (self.account.get("user", os.geteuid()), 0o40700):
            raise PostgresError(f"{self.sockets} is not a private folder of PostgreSQL's account here: remove it.")

    def give(self, folder: Path) -> None:
        if self.account:
            os.chown(folder, self.account["user"], self.account["group"], follow_symlinks=False)
