"""The product's settings, and two more views that check the caller's session and do nothing else."""

from config.settings import *  # noqa: F403 - the product's settings
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework.authtoken"]  # for the idiomatic view sets on the same database
ROOT_URLCONF = "bench.product.urls"
# One client sends thousands of requests a minute. The limits are still checked, but never reached.
EXPENSIVE_REQUESTS_PER_MINUTE = PANEL_RATE_LIMIT = SIGN_IN_FAILURES_PER_ADDRESS = 10**9
