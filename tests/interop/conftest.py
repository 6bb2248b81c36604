from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.browser.visitor import PATIENCE
from tests.interop import cross_origin_page, install, nginx
from tests.interop.edge_clients import MAKERS, Client
from tests.interop.nginx import PREFIX
from tests.servers import Servers, free_port, wait_for

LIMITS = {"SIGN_IN_FAILURES_PER_ACCOUNT": "3", "STATEMENT_TIMEOUT": "2"}


@dataclass(frozen=True)
class Ways:
    """Where the same product is reached: at its own port, and below a path of two proxies. And whose pages may."""

    direct: str
    stripped: str
    kept: str
    named: dict[str, str]
    site: Path  # what the pages of the named origins are made of


@pytest.fixture(scope="session")
def ways(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    site = tmp_path_factory.mktemp("site")
    folder, stripping, keeping = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    urls = [f"http://127.0.0.1:{port}{PREFIX}" for port in (stripping, keeping)]
    with ExitStack() as stack:
        port = stack.enter_context(cross_origin_page.served(site))
        named = {"another port": f"http://127.0.0.1:{port}", "another site": f"http://{cross_origin_page.HOST}:{port}"}
        given = {"CORS_ALLOWED_ORIGINS": ",".join(named.values()), **LIMITS}
        proxied = {"PUBLIC_URL": urls[0], "TRUSTED_PROXIES": "127.0.0.1"}
        database = settings.DATABASES["default"]
        direct = stack.enter_context(Servers.running(database, count=1, threads=2, **given))
        behind = stack.enter_context(Servers.running(database, count=1, threads=2, **given, **proxied))
        for port, strips in ((stripping, True), (keeping, False)):
            place = nginx.location(behind.urls[0], is_stripping=strips)
            stack.enter_context(nginx.running(folder / str(port), port, place))
        for url in urls:
            wait_for(url)
        yield Ways(direct.urls[0], *urls, named, site)


@pytest.fixture(scope="session")
def stranger(ways: Ways) -> Iterator[str]:
    """The origin of the same page at a port that nobody has named."""
    with cross_origin_page.served(ways.site) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, chromium.running(cross_origin_page.RULES) as running:
        # Playwright keeps an event loop going in this thread, in which Django would refuse to ask the database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        expect.set_options(timeout=PATIENCE)
        yield running


@pytest.fixture(scope="session")
def client_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Client]:
    """Each is made ready once."""
    assert install.is_ready(), install.MISSING
    made: dict[str, Client] = {}

    def client_of(name: str) -> Client:
        if name not in made:
            made[name] = MAKERS[name](Path(tmp_path_factory.mktemp(name)))
        return made[name]

    return client_of
