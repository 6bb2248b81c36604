from sessions_app.admin.revocations import RevocationAdmin
from sessions_app.admin.sessions import SessionAdmin

__all__ = ["RevocationAdmin", "SessionAdmin"]
