"""What accounts tells the packages to its right. Sent inside the act's transaction; receivers answer how many sessions they ended."""

from django.dispatch import Signal

password_changed = Signal()
mfa_disabled = Signal()
