"""Finds a Chromium for the browser tests, or installs Debian's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

# The first one is the same without its windows, and costs a third of the processor time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium-headless-shell", "fonts-dejavu-core", "fonts-liberation")
# It is to speak to the server under test and to nobody else, whatever a page or the browser itself would like to ask.
FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
MISSING = (
    "The browser tests and the pictures need Chromium, and it cannot be installed from here: install it"
    f" (apt-get install {' '.join(PACKAGES)}), or name another with CHROMIUM=/path/to/one."
)


def found() -> str | None:
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [named] if named else NAMES)), None)


@contextmanager
def running(*more: str) -> Iterator[Browser]:
    """With `more` flags besides; of the same flag, the last one counts."""
    program = found()
    if program is None:
        raise FileNotFoundError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *more])
        try:
            yield browser
        finally:
            browser.close()


def install() -> bool:
    """Where there is an apt-get, and somebody who may use it without being asked for a password."""
    if not shutil.which("apt-get"):
        return False
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes"]
    if os.geteuid() != 0:
        apt = ["sudo", "--non-interactive", *apt]
        if not shutil.which("sudo") or subprocess.run(["sudo", "--non-interactive", "true"], check=False).returncode:
            return False
    print(f"Installing {', '.join(PACKAGES)}; CHROMIUM would name another browser.", flush=True)
    for act in (["update"], ["install", "--no-install-recommends", *PACKAGES]):
        if subprocess.run([*apt, *act], check=False, stdin=subprocess.DEVNULL).returncode:
            return False
    return found() is not None


def main() -> int:
    if found() is None and os.environ.get("CHROMIUM"):
        print(f"CHROMIUM names {os.environ['CHROMIUM']}, which is no program here.", file=sys.stderr)
        return 1
    if found() is None and not install():
        print(MISSING, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
