"""The browser tests fail on console errors, failed requests and external requests of a page."""

import pytest
from playwright.sync_api import Browser, Error

from tests.browser.visitor import Fault, visiting
from tests.servers import Servers

PAGE = "/account/sign-in/"
FAULTS = {
    "asked elsewhere": "location.assign('http://elsewhere.example/')",
    "against the policy": "document.head.append(Object.assign(document.createElement('script'), {src: '/x.js'}))",
    "on the console: oh dear": "console.error('oh dear')",
    "error on the page": "setTimeout(() => { throw new Error('oh dear') })",
    "500 from": "location.assign('/broken')",
}


def visit_with(script: str, browser: Browser, home: str) -> None:
    with visiting(browser, home) as visitor:
        visitor.page.route("**/broken", lambda route: route.fulfill(status=500, body="broken"))
        visitor.open(PAGE)
        visitor.page.evaluate(script)
        for _ in range(50):
            visitor.page.wait_for_timeout(100)
            if visitor.faults:
                break


@pytest.mark.parametrize("fault", FAULTS)
def test_page_fault_fails_the_visit(fault: str, browser: Browser, servers: Servers):
    with pytest.raises(Fault, match=fault):
        visit_with(FAULTS[fault], browser, servers.urls[0])


def test_refused_sign_in_is_no_page_fault(browser: Browser, servers: Servers):
    with visiting(browser, servers.urls[0]) as visitor:
        visitor.open(PAGE)
        visitor.page.get_by_label("E-mail").fill("nobody@nowhere.example")
        visitor.page.get_by_label("Password").fill("wrong")
        with visitor.page.expect_navigation() as answer:
            visitor.page.get_by_role("button", name="Sign in").click()
        assert answer.value.status == 401


def test_browser_cannot_resolve_external_hosts(browser: Browser, servers: Servers):
    """Should a page contact another host nevertheless, the browser has no name service."""
    page = browser.new_page()
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://localhost.example/")
    page.close()
