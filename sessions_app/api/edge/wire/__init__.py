"""The edge's formats: envelopes, errors, authentication, and how sessions and identities are represented."""

from sessions_app.api.edge.wire.authentication import ZtSessionAuthentication, session_key_of
from sessions_app.api.edge.wire.credentials import parse_credentials
from sessions_app.api.edge.wire.errors import HEADERS, Code, EdgeError, RequestError, error, exception_handler
from sessions_app.api.edge.wire.identities import IDENTITY_COLUMNS, identity
from sessions_app.api.edge.wire.negotiation import JSONIfAccepted
from sessions_app.api.edge.wire.pages import Page, parse_page
from sessions_app.api.edge.wire.sessions import SESSION_COLUMNS, Row, current_session, go_time, seconds_until, session

__all__ = [
    "HEADERS",
    "IDENTITY_COLUMNS",
    "SESSION_COLUMNS",
    "Code",
    "EdgeError",
    "JSONIfAccepted",
    "Page",
    "RequestError",
    "Row",
    "ZtSessionAuthentication",
    "current_session",
    "error",
    "exception_handler",
    "go_time",
    "identity",
    "parse_credentials",
    "parse_page",
    "seconds_until",
    "session",
    "session_key_of",
]
