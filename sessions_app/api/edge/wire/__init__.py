"""The edge's manner: its envelopes, its errors, who may come in, and how sessions and identities are shown."""

from sessions_app.api.edge.wire.authentication import ZtSessionAuthentication, session_key_in
from sessions_app.api.edge.wire.credentials import credentials_in
from sessions_app.api.edge.wire.errors import HEADERS, Code, Failure, Told, error, exception_handler
from sessions_app.api.edge.wire.identities import IDENTITY_COLUMNS, identity
from sessions_app.api.edge.wire.negotiation import JSONIfAccepted
from sessions_app.api.edge.wire.paging import Page, page_in
from sessions_app.api.edge.wire.sessions import SESSION_COLUMNS, Row, current_session, go_time, seconds_until, session

__all__ = [
    "HEADERS",
    "IDENTITY_COLUMNS",
    "SESSION_COLUMNS",
    "Code",
    "Failure",
    "JSONIfAccepted",
    "Page",
    "Row",
    "Told",
    "ZtSessionAuthentication",
    "credentials_in",
    "current_session",
    "error",
    "exception_handler",
    "go_time",
    "identity",
    "page_in",
    "seconds_until",
    "session",
    "session_key_in",
]
