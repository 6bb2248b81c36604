"""The real settings, with a PostgreSQL server for the tests alone."""

import os
from pathlib import Path


def home() -> Path:
    """Return a cache folder. As root, it is one that PostgreSQL's account can reach."""
    if os.geteuid() == 0:
        return Path("/var/cache/curfew-tests")
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "curfew-tests"


os.environ |= {
    "CURFEW_ENV": "development",
    "CURFEW_HOME": str(home()),
    "DATABASE_URL": "",  # empty, not absent: a .env file may name another database
    "SECRET_KEY": "only for tests, which have nothing to hide and two processes that must agree",
    "ADMIN_KEY": "only-for-tests:what-an-operator-has",
    "CRON_SECRET": "only-for-tests:what-a-scheduler-has",
}

from config.settings import *  # noqa: E402, F403 - the real settings, once the environment is ours

PASSWORD_HASHERS = ["tests.hashers.CheapArgon2"]
WHITENOISE_AUTOREFRESH = True  # so that the middleware of each test client does not scan all static files
