"""`make screenshots`: takes the documentation's screenshots of the demo data, on a server of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser import chromium
from tests.servers import free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "pictures"
LARGEST = 150_000
PASSWORD = "curfew-demo"
CHROME = "(KHTML, like Gecko) Chrome/141.0.0.0"
DESK: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 720},
    "user_agent": f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {CHROME} Safari/537.36",
}
TELEPHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 760},
    "color_scheme": "dark",
    "user_agent": f"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 {CHROME} Mobile Safari/537.36",
}
Walk = Callable[[Page], Iterator[str]]


def console(page: Page) -> Iterator[str]:
    """Says what is to be seen whenever there is something."""
    page.goto("/console/")
    sign_in(page, "super@curfew.example")
    yield "console-overview"
    page.get_by_role("link", name="Sessions", exact=True).click()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("User", exact=True).fill("ada@north.example")
    page.get_by_role("button", name="Apply filters").click()
    page.get_by_role("link", name="Revoke all matching").wait_for()
    yield "console-sessions"
    page.locator("#result_list").get_by_role("link").first.click()
    page.get_by_role("heading", name="Timeline").wait_for()
    yield "console-session"
    page.get_by_role("link", name="Revoke all sessions of this user…").click()
    page.get_by_label("Reason").fill("her laptop was stolen")
    yield "console-preview"
    page.get_by_role("button", name="now").click()
    page.get_by_text("sessions revoked.").wait_for()
    yield "console-ended"


def account(page: Page) -> Iterator[str]:
    page.goto("/account/sessions/")
    sign_in(page, "grace@north.example")
    yield "account"


def account_at_night(page: Page) -> Iterator[str]:
    yield from (f"{name}-phone-dark" for name in account(page))


WALKS: list[tuple[dict[str, Any], Walk]] = [(DESK, console), (DESK, account), (TELEPHONE, account_at_night)]


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """What `make run` runs, with its own database, gone afterwards."""
    port = free_port()
    surroundings = {**os.environ, "CURFEW_HOME": str(home / "home"), "PORT": str(port), "DATABASE_URL": ""}
    with (home / "log").open("w") as log:
        command = [sys.executable, "-m", "config.run"]
        process = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}", patience=120)
            yield f"http://127.0.0.1:{port}"
        except TimeoutError:
            print((home / "log").read_text(), file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait(timeout=30)


def take(page: Page, walk: Walk) -> None:
    for name in walk(page):
        path = FOLDER / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        size = path.stat().st_size
        print(f"{path.relative_to(ROOT)}: {size:,} bytes", flush=True)
        if size > LARGEST:
            sys.exit(f"That is more than {LARGEST:,}: show less of the page.")


def main() -> None:
    print("Starting a server with the demo data; that takes half a minute.", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="curfew-pictures-") as home:
        Path(home).chmod(0o711)  # as root, PostgreSQL's own account has to pass
        with serving(Path(home)) as url, chromium.running() as browser:
            for more, walk in WALKS:
                context = browser.new_context(base_url=url, **more)
                take(context.new_page(), walk)
                context.close()


if __name__ == "__main__":
    main()
