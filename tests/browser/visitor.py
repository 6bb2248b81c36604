"""A visitor with a browser of their own; errors and external requests of any page fail the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Request, Response

from accounts.models import User
from tests.console.browser import COOKIE
from tests.world import PASSWORD, Caller

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"
PATIENCE = 15_000  # milliseconds, on a machine that is busy with the other tests
NOT_LOADED = "Failed to load resource"
TELL = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`against the policy: ${event.effectiveDirective} ${event.blockedURI}`))"""


class Fault(AssertionError):
    """A page did what none may do."""


class Visitor:
    """`faults` tells what went wrong. A page that refuses something with a 4xx is none; what a page lacks is one."""

    def __init__(self, browser: Browser, home: str, **more: Any) -> None:
        self.home = home
        self.context = browser.new_context(base_url=home, service_workers="block", **more)
        self.context.set_default_timeout(PATIENCE)
        self._seen: list[str] = []
        self._errors: list[tuple[str, str]] = []
        self._refusals: set[str] = set()
        self.context.add_init_script(TELL)
        self.context.on("request", self._watch_request)
        self.context.on("response", self._watch_response)
        self.context.on("console", self._watch_console)
        self.context.on("weberror", lambda error: self._seen.append(f"error on the page: {error.error}"))
        self.page = self.context.new_page()

    def open(self, path: str) -> None:
        self.page.goto(self.home + path)

    def sign_in(self, user: User, code: str = "") -> None:
        """On whichever page has the form."""
        self.page.get_by_label("E-mail").fill(user.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("MFA code").fill(code)
        self.page.get_by_role("button", name="Sign in").click()

    def be(self, caller: Caller) -> None:
        """Go on as the browser that has opened the caller's session."""
        self.context.add_cookies([{"name": COOKIE, "value": caller.key, "url": self.home, "httpOnly": True}])

    @property
    def at(self) -> str:
        return self.page.url.removeprefix(self.home).partition("?")[0]

    @property
    def is_keeping_a_key(self) -> bool:
        return COOKIE in {cookie["name"] for cookie in self.context.cookies()}

    @property
    def faults(self) -> list[str]:
        unexpected = [
            f"on the console: {text} {url}"
            for text, url in self._errors
            if not (text.startswith(NOT_LOADED) and url in self._refusals)
        ]
        return self._seen + unexpected

    def _watch_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.home}/", "data:")):
            self._seen.append(f"asked elsewhere: {request.url}")

    def _watch_response(self, response: Response) -> None:
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._seen.append(f"{response.status} from {response.url}")
        elif response.status >= HTTPStatus.BAD_REQUEST and response.request.is_navigation_request():
            self._refusals.add(response.url)

    def _watch_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._errors.append((message.text, message.location["url"]))


@contextmanager
def visiting(browser: Browser, home: str, **more: Any) -> Iterator[Visitor]:
    """Whoever saw a fault on the way is not let go without a word of it."""
    visitor = Visitor(browser, home, **more)
    try:
        yield visitor
    finally:
        visitor.context.close()
    if visitor.faults:
        raise Fault("\n".join(visitor.faults))
