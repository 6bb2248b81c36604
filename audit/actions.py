from enum import StrEnum


class Action(StrEnum):
    """Everything that is ever recorded."""

    ACCESS_DENIED = "access.denied"
    ACT_REFUSED = "act.refused"
    API_KEY_CREATED = "api_key.created"
    API_KEY_DELETED = "api_key.deleted"
    APPLICATION_CREATED = "application.created"
    CLIENT_AUTHENTICATED = "authentication.client"
    MFA_DISABLED = "user.mfa_disabled"
    MFA_ENABLED = "user.mfa_enabled"
    MFA_ENROLLED = "user.mfa_enrolled"
    PARTNER_CREATED = "partner.created"
    PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 - the name of an event
    REFRESH_REPLAYED = "authentication.refresh_replayed"
    SESSION_REVOKED = "session.revoked"
    SESSIONS_REVOKED = "session.revoked_all"
    SIGNED_IN = "authentication.sign_in"
    SIGNED_OUT = "authentication.sign_out"
    SIGNING_KEY_ROTATED = "signing_key.rotated"
    SIGN_IN_UNLOCKED = "authentication.unlocked"
    TENANT_CREATED = "tenant.created"
    USER_CREATED = "user.created"


class Result(StrEnum):
    DENIED = "denied"
    FAILURE = "failure"
    SUCCESS = "success"
