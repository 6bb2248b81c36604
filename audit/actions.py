from enum import StrEnum


class Action(StrEnum):
    """Every action that the audit log records."""

    ACCESS_DENIED = "access.denied"
    ACT_REFUSED = "act.refused"
    ADMINS_SIGNED_OUT = "session.admins_signed_out"
    AGENT_CREATED = "agent.created"
    AGENT_DELETED = "agent.deleted"
    AGENT_REACTIVATED = "agent.reactivated"
    AGENT_SECRET_ROTATED = "agent.secret_rotated"  # noqa: S105 - the name of an event
    AGENT_SUSPENDED = "agent.suspended"
    AGENT_UPDATED = "agent.updated"
    API_KEY_CREATED = "api_key.created"
    API_KEY_DELETED = "api_key.deleted"
    APPLICATION_CREATED = "application.created"
    APPLICATION_DELETED = "application.deleted"
    APPLICATION_REACTIVATED = "application.reactivated"
    APPLICATION_SECRET_ROTATED = "application.secret_rotated"  # noqa: S105 - the name of an event
    APPLICATION_SUSPENDED = "application.suspended"
    APPLICATION_UPDATED = "application.updated"
    CLIENT_AUTHENTICATED = "authentication.client"
    COUNTERS_REBUILT = "session.counters_rebuilt"
    GROUP_CREATED = "group.created"
    GROUP_DELETED = "group.deleted"
    GROUP_MEMBER_ADDED = "group.member_added"
    GROUP_MEMBER_REMOVED = "group.member_removed"
    GROUP_NESTED = "group.nested"
    GROUP_UNNESTED = "group.unnested"
    GROUP_UPDATED = "group.updated"
    IDENTITY_PROVIDER_CREATED = "identity_provider.created"
    IDENTITY_PROVIDER_DELETED = "identity_provider.deleted"
    IDENTITY_PROVIDER_REACTIVATED = "identity_provider.reactivated"
    IDENTITY_PROVIDER_SUSPENDED = "identity_provider.suspended"
    IDENTITY_PROVIDER_UPDATED = "identity_provider.updated"
    MFA_DISABLED = "user.mfa_disabled"
    MFA_ENABLED = "user.mfa_enabled"
    MFA_ENROLLED = "user.mfa_enrolled"
    PARTNER_CREATED = "partner.created"
    PARTNER_DELETED = "partner.deleted"
    PARTNER_REACTIVATED = "partner.reactivated"
    PARTNER_SUSPENDED = "partner.suspended"
    PARTNER_UPDATED = "partner.updated"
    PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 - the name of an event
    PASSWORD_RESET = "user.password_reset"  # noqa: S105 - the name of an event
    PASSWORD_RESET_ISSUED = "user.password_reset_issued"  # noqa: S105 - the name of an event
    RECORD_EXPORTED = "record.exported"
    REFRESH_REPLAYED = "authentication.refresh_replayed"
    ROLE_CHANGED = "user.role_changed"
    SESSIONS_EXPIRED = "session.expired"
    SESSIONS_EXPORTED = "session.exported"
    SESSIONS_PURGED = "session.purged"
    SESSIONS_REVOKED = "session.revoked_all"
    SESSION_POLICY_CHANGED = "session_policy.changed"
    SESSION_REVOKED = "session.revoked"
    SIGNED_IN = "authentication.sign_in"
    SIGNED_OUT = "authentication.sign_out"
    SIGNING_KEY_ROTATED = "signing_key.rotated"
    SIGN_IN_UNLOCKED = "authentication.unlocked"
    TENANT_CREATED = "tenant.created"
    TENANT_DELETED = "tenant.deleted"
    TENANT_MOVED = "tenant.moved"
    TENANT_REACTIVATED = "tenant.reactivated"
    TENANT_SUSPENDED = "tenant.suspended"
    TENANT_UPDATED = "tenant.updated"
    TOKEN_EXCHANGED = "authentication.token_exchange"  # noqa: S105 - the name of an event
    USER_CREATED = "user.created"
    USER_DELETED = "user.deleted"
    USER_REACTIVATED = "user.reactivated"
    USER_SUSPENDED = "user.suspended"
    USER_UPDATED = "user.updated"


class Result(StrEnum):
    DENIED = "denied"
    FAILURE = "failure"
    SUCCESS = "success"


class ResourceType(StrEnum):
    """Every type of resource that an action can be about."""

    AGENT = "agent"
    API_KEY = "api_key"
    APPLICATION = "application"
    GROUP = "group"
    IDENTITY_PROVIDER = "identity_provider"
    PARTNER = "partner"
    REVOCATION = "revocation"
    SESSION = "session"
    TENANT = "tenant"
    USER = "user"
