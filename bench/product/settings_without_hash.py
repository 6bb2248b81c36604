"""The product's settings, but without the time that hashing a password takes."""

from bench.product.settings import *  # noqa: F403 - the product's settings

PASSWORD_HASHERS = ["bench.product.hashers.AcceptAnyPassword"]
