from sessions_app.models.counts import Kind, SessionCount, SessionCountQuerySet, State
from sessions_app.models.revocations import Reach, Revocation
from sessions_app.models.rule import floor
from sessions_app.models.sessions import AuthMethod, Session, SessionApplication, SessionQuerySet

__all__ = [
    "AuthMethod",
    "Kind",
    "Reach",
    "Revocation",
    "Session",
    "SessionApplication",
    "SessionCount",
    "SessionCountQuerySet",
    "SessionQuerySet",
    "State",
    "floor",
]
