from sessions_app.operations.ending import RevocationResult, revoke, revoke_rows, sign_out
from sessions_app.operations.exchanging import Exchange, exchange
from sessions_app.operations.expiring import expire, purge, purge_administrators
from sessions_app.operations.exporting import export
from sessions_app.operations.opening import (
    RevokedDuringSignIn,
    SessionLimitReached,
    SignedIn,
    TierTooLow,
    open,
    sign_in,
    touch,
)
from sessions_app.operations.reconciling import rebuild_counters
from sessions_app.operations.refreshing import RefreshRefused, refresh
from sessions_app.operations.revoking import bump_token_version, end_all, revoke_scope
from sessions_app.operations.selecting import revoke_selected
from sessions_app.operations.sweeping import sweep, sweep_tenant_before_move
from sessions_app.operations.tightening import apply_session_policy, block_sign_ins

__all__ = [
    "Exchange",
    "RefreshRefused",
    "RevocationResult",
    "RevokedDuringSignIn",
    "SessionLimitReached",
    "SignedIn",
    "TierTooLow",
    "apply_session_policy",
    "block_sign_ins",
    "bump_token_version",
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
    "revoke_rows",
    "revoke_scope",
    "revoke_selected",
    "sign_in",
    "sign_out",
    "sweep",
    "sweep_tenant_before_move",
    "touch",
]
