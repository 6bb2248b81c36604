"""The admin-tokens formats: authentication, errors, and how an administrator's session is represented."""

from sessions_app.api.admin_tokens.wire.authentication import (
    AdminCookieAuthentication,
    AdminKeyAuthentication,
    CronAuthentication,
    TokenAuthentication,
)
from sessions_app.api.admin_tokens.wire.errors import (
    NO_STORE,
    cron_error,
    cron_exception_handler,
    error,
    exception_handler,
)
from sessions_app.api.admin_tokens.wire.sessions import TRUNCATED, session_list

__all__ = [
    "NO_STORE",
    "TRUNCATED",
    "AdminCookieAuthentication",
    "AdminKeyAuthentication",
    "CronAuthentication",
    "TokenAuthentication",
    "cron_error",
    "cron_exception_handler",
    "error",
    "exception_handler",
    "session_list",
]
