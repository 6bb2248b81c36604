"""Verification of second factors. Each code works once: the statement that uses it up decides."""

import hmac
import logging
import time

from django_otp.oath import hotp

from accounts.models import RecoveryCode, TotpDevice, User
from core.crypto import SecretUnreadable, digest, unseal

PURPOSE = "totp"
STEP_SECONDS = 30
log = logging.getLogger(__name__)


def verify_second_factor(user: User, totp_code: str | None, recovery_code: str | None) -> bool:
    if totp_code:
        return verify_totp(user, totp_code, confirmed=True)
    deleted, _ = RecoveryCode.objects.filter(user=user, digest=digest(bare(recovery_code or ""))).delete()
    return deleted == 1


def verify_totp(user: User, code: str, *, confirmed: bool) -> bool:
    device = TotpDevice.objects.filter(user=user, confirmed_at__isnull=not confirmed).first()
    if device is None:
        return False
    try:
        key = unseal(bytes(device.sealed_secret), purpose=PURPOSE)
    except SecretUnreadable:
        log.warning("A second factor cannot be read under this SECRET_KEY; its user needs a recovery code")
        return False
    now = int(time.time()) // STEP_SECONDS
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(f"{hotp(key, step):06d}".encode(), code.encode()):
            return TotpDevice.objects.filter(user=user, last_step__lt=step).update(last_step=step) == 1
    return False


def bare(recovery_code: str) -> str:
    return recovery_code.replace("-", "").replace(" ", "").lower()
