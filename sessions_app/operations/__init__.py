from sessions_app.operations.ending import Ended, end, revoke, sign_out
from sessions_app.operations.exchanging import Exchange, exchange
from sessions_app.operations.expiring import expire, purge, purge_administrators
from sessions_app.operations.exporting import export
from sessions_app.operations.opening import EndedMeanwhile, NoRoom, NotForThem, SignedIn, open, sign_in, touch  # noqa: A004 - `operations.open` reads as a sentence
from sessions_app.operations.reconciling import rebuild_counters
from sessions_app.operations.refreshing import RefreshRefused, refresh
from sessions_app.operations.revoking import bump_token_version, end_all, revoke_scope
from sessions_app.operations.selecting import revoke_selected
from sessions_app.operations.sweeping import sweep, sweep_before_it_moves
from sessions_app.operations.tightening import tighten, wait_for_openings

__all__ = [
    "Ended",
    "EndedMeanwhile",
    "Exchange",
    "NoRoom",
    "NotForThem",
    "RefreshRefused",
    "SignedIn",
    "bump_token_version",
    "end",
    "end_all",
    "exchange",
    "expire",
    "export",
    "open",
    "purge",
    "purge_administrators",
    "rebuild_counters",
    "refresh",
    "revoke",
    "revoke_scope",
    "revoke_selected",
    "sign_in",
    "sign_out",
    "sweep",
    "sweep_before_it_moves",
    "tighten",
    "touch",
    "wait_for_openings",
]
