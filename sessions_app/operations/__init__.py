"""What happens to sessions. Each operation is one transaction, and writes its audit entry.

| to revoke | call |
|---|---|
| the session of a user who signs out | `sign_out` |
| some sessions, given as a queryset | `revoke` |
| everything in a scope: a user, tenant, partner, application, all administrators, the platform | `revoke_scope` |
| everything that an operator's filter matches, in batches | `revoke_selected` |
| every administrator, with a new token version | `bump_token_version` |

`..._unaudited` are for operations that write an entry of their own, such as suspending a user.
"""

from sessions_app.operations.bulk_revocation import revoke_selected
from sessions_app.operations.counter_maintenance import rebuild_counters
from sessions_app.operations.expiry import expire, purge, purge_administrators
from sessions_app.operations.revocation import RevocationResult, revoke, revoke_rows_unaudited, sign_out
from sessions_app.operations.scope_revocation import bump_token_version, revoke_scope, revoke_scope_unaudited
from sessions_app.operations.session_export import export
from sessions_app.operations.session_policy import apply_session_policy, block_sign_ins
from sessions_app.operations.sign_ins import (
    RevokedDuringSignIn,
    SessionLimitReached,
    SignedIn,
    TierTooLow,
    open,  # noqa: A004 - `operations.open` reads as a sentence
    sign_in,
    touch,
)
from sessions_app.operations.sweeps import sweep, sweep_tenant_before_move
from sessions_app.operations.token_exchange import Exchange, exchange
from sessions_app.operations.token_refresh import RefreshRefused, refresh

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
    "exchange",
    "expire",
    "export",
    "open",
    "purge",
    "purge_administrators",
    "rebuild_counters",
    "refresh",
    "revoke",
    "revoke_rows_unaudited",
    "revoke_scope",
    "revoke_scope_unaudited",
    "revoke_selected",
    "sign_in",
    "sign_out",
    "sweep",
    "sweep_tenant_before_move",
    "touch",
]
