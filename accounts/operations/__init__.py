from accounts.operations.clients import ClientRefused, issue_platform_token
from accounts.operations.keys import (
    create_api_key,
    delete_api_key,
    ensure_signing_key,
    note_key_use,
    rotate_signing_key,
)
from accounts.operations.mfa import CodeWrong, Enrolment, TotpUnavailable, confirm_totp, disable_totp, enrol_totp
from accounts.operations.passwords import PasswordUnfit, PasswordWrong, change_password, require_fit
from accounts.operations.people import (
    LastOperator,
    change_user,
    create_application,
    create_user,
    delete_user,
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
    "LastOperator",
    "PasswordUnfit",
    "PasswordWrong",
    "Proof",
    "SecondFactorMissing",
    "SignInRefused",
    "Throttled",
    "TotpUnavailable",
    "candidate_for",
    "change_password",
    "change_user",
    "confirm_totp",
    "create_api_key",
    "create_application",
    "create_user",
    "delete_api_key",
    "delete_user",
    "disable_totp",
    "enrol_totp",
    "ensure_signing_key",
    "issue_platform_token",
    "note_key_use",
    "prove",
    "require_fit",
    "rotate_signing_key",
    "unlock",
]
