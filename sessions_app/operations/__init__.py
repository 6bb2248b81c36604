from sessions_app.operations.opening import SignedIn, open, sign_in, touch  # noqa: A004 - `operations.open` reads as a sentence
from sessions_app.operations.refreshing import RefreshRefused, refresh
from sessions_app.operations.revoking import Ended, end_all, revoke, revoke_scope, sign_out
from sessions_app.operations.sweeping import sweep

__all__ = [
    "Ended",
    "RefreshRefused",
    "SignedIn",
    "end_all",
    "open",
    "refresh",
    "revoke",
    "revoke_scope",
    "sign_in",
    "sign_out",
    "sweep",
    "touch",
]
