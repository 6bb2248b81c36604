from accounts.operations.clients import ClientRefused, issue_platform_token
from accounts.operations.groups import (
    WouldContainItself,
    add_member,
    create_group,
    nest,
    remove_member,
    unnest,
)
from accounts.operations.identity_providers import change_identity_provider, create_identity_provider
from accounts.operations.keys import (
    create_api_key,
    delete_api_key,
    ensure_signing_key,
    note_key_use,
    rotate_signing_key,
)
from accounts.operations.mfa import (
    CodeWrong,
    Enrolment,
    TotpUnavailable,
    confirm_totp,
    disable_totp,
    enrol_totp,
    remove_totp,
)
from accounts.operations.passwords import PasswordUnfit, PasswordWrong, change_password, require_fit
from accounts.operations.people import (
    LastOperator,
    change_user,
    create_application,
    create_user,
    delete_user,
)
from accounts.operations.resetting import (
    IssuedReset,
    ResetRefused,
    issue_password_reset,
    pending_reset,
    reset_password,
)
from accounts.operations.sign_in import (
    Candidate,
    Credentials,
    Proof,
    SecondFactorMissing,
    SignInRefused,
    candidate_for,
    prove,
)
from accounts.operations.throttle import Throttled, unlock

__all__ = [
    "Candidate",
    "ClientRefused",
    "CodeWrong",
    "Credentials",
    "Enrolment",
    "IssuedReset",
    "LastOperator",
    "PasswordUnfit",
    "PasswordWrong",
    "Proof",
    "ResetRefused",
    "SecondFactorMissing",
    "SignInRefused",
    "Throttled",
    "TotpUnavailable",
    "WouldContainItself",
    "add_member",
    "candidate_for",
    "change_identity_provider",
    "change_password",
    "change_user",
    "confirm_totp",
    "create_api_key",
    "create_application",
    "create_group",
    "create_identity_provider",
    "create_user",
    "delete_api_key",
    "delete_user",
    "disable_totp",
    "enrol_totp",
    "ensure_signing_key",
    "issue_password_reset",
    "issue_platform_token",
    "nest",
    "note_key_use",
    "pending_reset",
    "prove",
    "remove_member",
    "remove_totp",
    "require_fit",
    "reset_password",
    "rotate_signing_key",
    "unlock",
    "unnest",
]
