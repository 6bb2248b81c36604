from sessions_app.models.counters import CounterKind, SessionCount, SessionCountState, SessionCountStateQuerySet, State
from sessions_app.models.revocations import Revocation, RevocationScope
from sessions_app.models.sessions import AuthMethod, Session, SessionApplication, SessionQuerySet
from sessions_app.models.states import SessionState, SessionStateQuerySet
from sessions_app.models.tenant_states import TenantState

__all__ = [
    "AuthMethod",
    "CounterKind",
    "Revocation",
    "RevocationScope",
    "Session",
    "SessionApplication",
    "SessionCount",
    "SessionCountState",
    "SessionCountStateQuerySet",
    "SessionQuerySet",
    "SessionState",
    "SessionStateQuerySet",
    "State",
    "TenantState",
]
