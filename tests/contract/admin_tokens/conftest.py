import pytest

from accounts.models import SignInThrottle
from sessions_app.models import RevocationScope, Session


@pytest.fixture(autouse=True)
def nobody_administers(db: None) -> None:
    """What tests with real servers have left behind is no business of these; it is back when they are over."""
    Session.objects.in_scope(RevocationScope.ADMINS, None).delete()
    SignInThrottle.objects.all().delete()
