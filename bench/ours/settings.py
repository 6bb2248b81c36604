"""The product as it is shipped, with two views beside its own that do nothing but check the caller's session."""

from config.settings import *  # noqa: F403 - the product's own

ROOT_URLCONF = "bench.ours.urls"
