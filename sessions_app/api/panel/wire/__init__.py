"""The panel's formats and words: who may call it, how it pages, how it shows a session, and what its errors say."""

from sessions_app.api.panel.wire.authentication import ApiKeyAuthentication, Pace, TokenAuthentication
from sessions_app.api.panel.wire.errors import ERRORS, MissingToken, error, exception_handler
from sessions_app.api.panel.wire.paging import PARAMETERS, PER_PAGE, Page
from sessions_app.api.panel.wire.sessions import COLUMNS, page

__all__ = [
    "COLUMNS",
    "ERRORS",
    "PARAMETERS",
    "PER_PAGE",
    "ApiKeyAuthentication",
    "MissingToken",
    "Pace",
    "Page",
    "TokenAuthentication",
    "error",
    "exception_handler",
    "page",
]
