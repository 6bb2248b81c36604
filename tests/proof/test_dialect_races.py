"""Concurrent requests to the panel and the admin tokens API on two server processes."""

from collections import Counter
from functools import partial
from typing import Any

import requests
from django.conf import settings

from tests.proof.browsers import Browser, at_once, browsers
from tests.servers import Servers
from tests.world import World

SESSIONS, REVOKE = "/api/admin/tokens/sessions", "/api/admin/tokens/revoke"
COUNT = "/api/account/sessions/count"
REVOCATIONS, CALLERS, OVER = 20, 8, 40
WITH_KEY = {"x-admin-key": settings.ADMIN_KEY}


def revoke(url: str) -> Any:
    return requests.post(f"{url}{REVOKE}", headers=WITH_KEY, timeout=60)


def test_concurrent_revocations_make_one_token_version_each(busy_servers: Servers, committed_world: World, claim):
    promise = claim(f"times {REVOCATIONS} revoked all admin tokens at once, of two processes", full=50, reduced=1)
    urls = busy_servers.urls
    for _ in range(promise.asked):
        operator = committed_world.signed_in(committed_world.super_admin.user)
        start = requests.get(f"{urls[0]}{SESSIONS}", headers=WITH_KEY, timeout=20).json()["currentTokenVersion"]
        answers = at_once(*(partial(revoke, urls[number % len(urls)]) for number in range(REVOCATIONS)))
        assert [answer.status_code for answer in answers] == [200] * REVOCATIONS
        versions = sorted(answer.json()["nextTokenVersion"] for answer in answers)
        assert versions == list(range(start + 1, start + REVOCATIONS + 1))
        for url in urls:
            told = requests.get(f"{url}{SESSIONS}", headers=WITH_KEY, timeout=20).json()
            assert (told["currentTokenVersion"], told["count"]) == (start + REVOCATIONS, 0)
            asked = {"Authorization": f"Bearer {operator.token}"}
            assert requests.get(f"{url}{SESSIONS}", headers=asked, timeout=20).status_code == 401
    promise.saw(promise.asked, f"{REVOCATIONS} versions each time")


def ask(browser: Browser, token: str, times: int) -> Counter[int]:
    return Counter(browser.ask("GET", COUNT, token=token).status for _ in range(times))


def test_panel_rate_limit_is_counted_across_processes(busy_servers: Servers, committed_world: World, claim):
    limit = settings.PANEL_RATE_LIMIT
    asked = limit + OVER
    name = f"requests of one person to two processes, of which {limit} may be"
    promise = claim(name, full=asked, reduced=asked, once=asked)
    token = committed_world.ada.token
    each = promise.asked // CALLERS
    with browsers(busy_servers.urls, CALLERS) as callers:
        answers = sum(at_once(*(partial(ask, caller, token, each) for caller in callers)), Counter())
    promise.saw(promise.asked, f"answers {dict(answers)}")
    assert answers == {200: limit, 429: each * CALLERS - limit}
