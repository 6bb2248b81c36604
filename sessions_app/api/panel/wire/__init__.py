"""The panel's formats: authentication, paging, errors, and how a session is represented."""

from sessions_app.api.panel.wire.authentication import ApiKeyAuthentication, RateThrottle, TokenAuthentication
from sessions_app.api.panel.wire.errors import ERRORS, MissingToken, error, exception_handler
from sessions_app.api.panel.wire.pages import PARAMETERS, PER_PAGE, Page
from sessions_app.api.panel.wire.sessions import COLUMNS, page

__all__ = [
    "COLUMNS",
    "ERRORS",
    "PARAMETERS",
    "PER_PAGE",
    "ApiKeyAuthentication",
    "MissingToken",
    "Page",
    "RateThrottle",
    "TokenAuthentication",
    "error",
    "exception_handler",
    "page",
]
