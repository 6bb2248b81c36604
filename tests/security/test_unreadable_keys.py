import pytest
from django.conf import LazySettings

from accounts.keyring import ring
from audit.models import AuditEntry
from sessions_app.models import Session
from tests.world import PASSWORD, Caller, World


@pytest.fixture
def ada(world: World, settings: LazySettings):
    """Signed in before a restart with a SECRET_KEY that this database was not filled under."""
    signed_in = world.ada
    settings.SECRET_KEY = "another one, of the same length as any and known to nobody at all"
    ring.forget()
    yield signed_in
    ring.forget()


class TestWithoutAKeyThatSigns:
    def test_a_sign_in_is_a_503_that_leaves_nothing_behind(self, ada: Caller):
        before = Session.objects.count(), AuditEntry.objects.count()
        answer = ada.post("/api/v1/auth/login", {"email": ada.user.email, "password": PASSWORD})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert (Session.objects.count(), AuditEntry.objects.count()) == before

    def test_a_refresh_is_a_503_that_spends_nothing(self, ada: Caller):
        answer = ada.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token})
        assert answer.status_code == 503
        assert Session.objects.get(pk=ada.session.pk).refreshed_at is None

    def test_readiness_says_what_to_do(self, ada: Caller):
        answer = ada.get("/readyz")
        assert answer.status_code == 503
        assert "manage.py rotate_signing_key --now" in answer.json()["reason"]
