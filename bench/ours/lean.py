"""The same with nothing in front but what a check needs, as the peers have it."""

from bench.ours.settings import *  # noqa: F403 - the product's own

MIDDLEWARE = ["core.api.middleware.RequestMiddleware"]  # whose request it is, and from where
