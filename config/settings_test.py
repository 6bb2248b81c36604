"""The real settings, on a PostgreSQL of the tests' own."""

import os
from pathlib import Path


def home() -> Path:
    """A folder for what may be deleted at any time. As root, one that PostgreSQL's account can reach."""
    if os.geteuid() == 0:
        return Path("/var/cache/curfew-tests")
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "curfew-tests"


os.environ |= {
    "CURFEW_ENV": "development",
    "CURFEW_HOME": str(home()),
    "DATABASE_URL": "",  # empty, not absent: a .env beside the project may name a database that is no test's
    "SECRET_KEY": "only for tests, which have nothing to hide and two processes that must agree",
    "ADMIN_KEY": "only-for-tests:what-an-operator-has",
    "CRON_SECRET": "only-for-tests:what-a-scheduler-has",
}

from config.settings import *  # noqa: E402, F403 - the real settings, once the environment is ours

PASSWORD_HASHERS = ["tests.hashers.CheapArgon2"]
WHITENOISE_AUTOREFRESH = True  # every test client loads the middleware: it need not walk through all static files
