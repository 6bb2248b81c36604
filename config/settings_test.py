"""The real settings, on a database of the tests' own."""

import os

os.environ.setdefault("CURFEW_ENV", "development")

from config.settings import *  # noqa: F403 - the real settings, after the environment
