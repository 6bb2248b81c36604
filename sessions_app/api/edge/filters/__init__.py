"""The edge's filter language. A grammar parses text into a tree; only then are its names looked up in an allow-list."""

from sessions_app.api.edge.filters.api_sessions import API_SESSIONS
from sessions_app.api.edge.filters.conditions import condition_of
from sessions_app.api.edge.filters.grammar import parse_orderings, parse_query
from sessions_app.api.edge.filters.identities import IDENTITIES
from sessions_app.api.edge.filters.logic import Condition
from sessions_app.api.edge.filters.order import order_by
from sessions_app.api.edge.filters.symbols import Symbols
from sessions_app.api.edge.filters.transformer import InvalidFilter

__all__ = [
    "API_SESSIONS",
    "IDENTITIES",
    "Condition",
    "InvalidFilter",
    "Symbols",
    "condition_of",
    "order_by",
    "parse_orderings",
    "parse_query",
]
