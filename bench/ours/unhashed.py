"""The product as it is shipped, but for the time that a password's hash takes."""

from bench.ours.settings import *  # noqa: F403 - the product's own

PASSWORD_HASHERS = ["bench.ours.hashers.Unhashed"]
