"""The second factor: a TOTP app, and recovery codes in case it is lost."""

import base64
import secrets
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import segno
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import RecoveryCode, TotpDevice, User
from accounts.operations.passwords import require_password
from accounts.operations.rights import require_other_user
from accounts.operations.second_factor import PURPOSE, bare, verify_totp
from accounts.signals import mfa_disabled, send_and_count
from audit.actions import Action
from audit.operations import record
from core import ids
from core.access import Principal
from core.crypto import digest, seal
from tenancy.operations import bump_version, lock

RECOVERY_CODES = 10


class CodeWrong(Exception):
    """The code is not the current one, the previous or the next, or it was used before."""


class TotpUnavailable(Exception):
    """A device is already confirmed, or there is none to confirm or remove."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    secret: str = field(repr=False)
    otpauth_uri: str = field(repr=False)
    qr_svg: str = field(repr=False)


@transaction.atomic
def enrol_totp(user: User, *, actor: Principal) -> Enrolment:
    """Return a new secret, shown once. It is required at sign-in as soon as a first code has confirmed it."""
    device = TotpDevice.objects.select_for_update().filter(user=user).first()  # waits for a concurrent confirmation
    if device and device.confirmed_at:
        raise TotpUnavailable
    key = secrets.token_bytes(20)
    TotpDevice.objects.update_or_create(
        user=user, defaults={"sealed_secret": seal(key, purpose=PURPOSE), "last_step": -1}
    )
    record(Action.MFA_ENROLLED, actor=actor, resource=user)
    secret = base64.b32encode(key).decode()
    label = quote(f"{settings.PRODUCT}:{user.email}")
    uri = f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': settings.PRODUCT})}"
    return Enrolment(secret, uri, segno.make(uri, micro=False).svg_inline(scale=4))


@transaction.atomic
def confirm_totp(user: User, code: str, *, actor: Principal) -> list[str]:
    """Enable the second factor, and return the recovery codes, which are shown once."""
    device = TotpDevice.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    if device is None:
        raise TotpUnavailable
    if not verify_totp(user, code, confirmed=False):
        raise CodeWrong
    TotpDevice.objects.filter(user=user).update(confirmed_at=Now())
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=digest(bare(code))) for code in codes)
    record(Action.MFA_ENABLED, actor=actor, resource=user)
    return codes


def disable_totp(user: User, password: str, *, actor: Principal) -> int:
    """Disable a user's own second factor, revoke their other sessions and return how many."""
    require_password(user, password, action=Action.MFA_DISABLED, actor=actor)
    return _remove(user, actor=actor)


def remove_totp(user: User, *, actor: Principal) -> int:
    """Remove the second factor of another user who has lost it, revoke their sessions and return how many."""
    require_other_user(user, actor=actor)
    return _remove(user, actor=actor)


@transaction.atomic
def _remove(user: User, *, actor: Principal) -> int:
    if not TotpDevice.objects.filter(user=user, confirmed_at__isnull=False).exists():
        raise TotpUnavailable
    revoked = send_and_count(mfa_disabled, user, actor=actor)
    lock(user, actor=actor)
    TotpDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    bump_version(user)
    partner_id, changes = user.tenant.partner_id, {"sessions_ended": revoked}
    record(Action.MFA_DISABLED, actor=actor, resource=user, partner_id=partner_id, changes=changes)
    return revoked


def _recovery_code() -> str:
    letters = "".join(secrets.choice(ids.ALPHABET) for _ in range(20))
    return "-".join(letters[i : i + 5] for i in range(0, 20, 5))
