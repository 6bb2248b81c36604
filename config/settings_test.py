"""The real settings, on a PostgreSQL of the tests' own in a folder that goes away with them."""

import os
import sys
import tempfile

if "pytest" in sys.modules and "CURFEW_TEST_HOME" not in os.environ:  # workers inherit their controller's
    os.environ["CURFEW_TEST_HOME"] = tempfile.mkdtemp(prefix="curfew-test-")
    os.chmod(os.environ["CURFEW_TEST_HOME"], 0o755)  # noqa: S103 - the server runs as somebody else when we are root
os.environ |= {
    "CURFEW_ENV": "development",
    "CURFEW_HOME": os.environ.get("CURFEW_TEST_HOME", "nowhere: only the type checker gets here"),
    "DATABASE_URL": "",  # empty, not absent: a .env beside the project may name a database that is no test's
    "SECRET_KEY": "only for tests, which have nothing to hide and two processes that must agree",
    "ADMIN_KEY": "only-for-tests:what-an-operator-has",
    "CRON_SECRET": "only-for-tests:what-a-scheduler-has",
}

from config.settings import *  # noqa: F403 - the real settings, once the environment is ours
