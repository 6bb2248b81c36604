"""The demo's second factors and API keys."""

import base64

from django_otp.oath import totp

from accounts import operations as accounts
from accounts.models import TotpDevice, User
from accounts.operations.second_factor import PURPOSE
from accounts.operations.sign_in import as_principal
from core.access import Origin
from core.crypto import seal
from sessions_app.demo.people import People

MFA_SECRET = "CURFEWDEMO234567CURFEWDEMO234567"  # noqa: S105 - published, like the passwords
WITH_MFA = ["alan@north.example", "radia@south.example", "ned@springfield.example"]
API_KEYS = {
    "barbara@north.example": "nightly build",
    "donald@south.example": "laptop",
    "admin@south.example": "reports",
}


def give_credentials(people: People) -> None:
    for email in WITH_MFA:
        _turn_on_mfa(people[email])
    for email, name in API_KEYS.items():
        accounts.create_api_key(people[email], name, actor=as_principal(people[email], Origin()))


def _turn_on_mfa(user: User) -> None:
    """Enrol and confirm as users do, then replace the secret by the one that is published."""
    actor = as_principal(user, Origin())
    secret = base64.b32decode(accounts.enrol_totp(user, actor=actor).secret)
    accounts.confirm_totp(user, f"{totp(secret):06d}", actor=actor)
    sealed = seal(base64.b32decode(MFA_SECRET), purpose=PURPOSE)
    TotpDevice.objects.filter(user=user).update(sealed_secret=sealed, last_step=-1)
