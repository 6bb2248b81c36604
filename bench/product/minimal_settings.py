"""Settings with only the middleware that a session check needs, as the peers have it."""

from bench.product.settings import *  # noqa: F403 - the product's settings

MIDDLEWARE = ["core.api.middleware.RequestMiddleware"]  # the request's id and the client's address
