"""Background jobs."""

from uuid import UUID

from django.conf import settings
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import mail
from accounts.operations import pending_reset, throttle
from accounts.operations.password_reset import PURPOSE
from core.crypto import unseal


@app.periodic(cron="17 * * * *")
@app.task(name="forget_old_failures")
def purge_sign_in_throttles(timestamp: int) -> None:
    throttle.purge()


@app.task(name="mail_password_reset", retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def mail_password_reset(user_id: str, sealed: str) -> None:
    """Send a reset code, unless it has been used, replaced or expired."""
    code = unseal(sealed.encode(), purpose=PURPOSE).decode()
    user = pending_reset(UUID(user_id), code)
    if user:
        hours = settings.PASSWORD_RESET_LIFETIME / 3600
        mail.send(user, "password_reset", code=code, url=f"{settings.PUBLIC_URL}/reset-password", hours=hours)
