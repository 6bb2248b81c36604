import pytest

from accounts.models import SignInThrottle


@pytest.fixture(autouse=True)
def nobody_has_been_here(db: None) -> None:
    """What tests with real servers have left behind is no business of these; it is back when they are over."""
    SignInThrottle.objects.all().delete()
