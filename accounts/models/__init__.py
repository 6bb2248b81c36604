from accounts.models.agents import Agent, AgentMinute
from accounts.models.applications import Application
from accounts.models.counters import UserCount
from accounts.models.groups import Group, GroupMembership, GroupNesting
from accounts.models.identity_providers import IdentityProvider
from accounts.models.keys import ApiKey, SigningKey
from accounts.models.mfa import RecoveryCode, TotpDevice
from accounts.models.resets import PasswordReset
from accounts.models.throttle import SignInThrottle
from accounts.models.users import Role, User, user_is_active

__all__ = [
    "Agent",
    "AgentMinute",
    "ApiKey",
    "Application",
    "Group",
    "GroupMembership",
    "GroupNesting",
    "IdentityProvider",
    "PasswordReset",
    "RecoveryCode",
    "Role",
    "SignInThrottle",
    "SigningKey",
    "TotpDevice",
    "User",
    "UserCount",
    "user_is_active",
]
