"""Behaviour without a signing key that SECRET_KEY can decrypt."""

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
    ring.clear()
    yield signed_in
    ring.clear()


class TestUnreadableSigningKey:
    def test_sign_in_is_503_and_opens_no_session(self, ada: Caller):
        before = Session.objects.count(), AuditEntry.objects.count()
        answer = ada.post("/api/v1/auth/login", {"email": ada.user.email, "password": PASSWORD})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert (Session.objects.count(), AuditEntry.objects.count()) == before

    def test_refresh_is_503_and_keeps_the_refresh_token(self, ada: Caller):
        answer = ada.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token})
        assert answer.status_code == 503
        assert Session.objects.get(pk=ada.session.pk).refreshed_at is None

    def test_readiness_probe_names_the_command_to_run(self, ada: Caller):
        answer = ada.get("/readyz")
        assert answer.status_code == 503
        assert "manage.py rotate_signing_key --now" in answer.json()["reason"]
