"""The product as it is shipped, with two views beside its own that do nothing but check the caller's session."""

from config.settings import *  # noqa: F403 - the product's own
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework.authtoken"]  # the idiomatic view sets' tokens, in the same database
ROOT_URLCONF = "bench.ours.urls"
# One caller asks thousands of times a minute here. The limits are kept and counted, but not reached.
EXPENSIVE_REQUESTS_PER_MINUTE = PANEL_RATE_LIMIT = SIGN_IN_FAILURES_PER_ADDRESS = 10**9
