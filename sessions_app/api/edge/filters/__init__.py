"""The edge's filter language: read by a grammar into a tree, and only then asked of an allow-list of fields."""

from sessions_app.api.edge.filters.api_sessions import API_SESSIONS
from sessions_app.api.edge.filters.conditions import condition_of
from sessions_app.api.edge.filters.grammar import orderings_in, query_in
from sessions_app.api.edge.filters.identities import IDENTITIES
from sessions_app.api.edge.filters.logic import Condition
from sessions_app.api.edge.filters.ordering import ordered_by
from sessions_app.api.edge.filters.symbols import Symbols
from sessions_app.api.edge.filters.transformer import WrongFilter

__all__ = [
    "API_SESSIONS",
    "IDENTITIES",
    "Condition",
    "Symbols",
    "WrongFilter",
    "condition_of",
    "ordered_by",
    "orderings_in",
    "query_in",
]
