"""Helpers for the tests of v1's session endpoints."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from sessions_app.models import Session
from tests.world import Caller

SESSIONS = "/api/v1/admin/sessions"
REVOKE_ALL = f"{SESSIONS}/revoke-all"
SESSION_LIST_ITEM = {
    "id",
    "user_id",
    "user_email",
    "ip_address",
    "user_agent",
    "device_type",
    "is_current",
    "created_at",
    "last_activity_at",
    "expires_at",
    "app_count",
}


def is_alive(caller: Caller) -> bool:
    return caller.get("/api/v1/me").status_code == 200


def row(caller: Caller) -> Session:
    assert caller.session is not None
    return Session.objects.get(pk=caller.session.pk)


def change(caller: Caller, **columns: Any) -> None:
    assert caller.session is not None
    assert Session.objects.filter(pk=caller.session.pk).update(**columns) == 1


def run_out(caller: Caller) -> None:
    """Its time is over, a second ago."""
    past = Now() - timedelta(seconds=1)
    change(caller, created_at=Now() - timedelta(days=40), expires_at=past, due_at=past)


def fall_idle(caller: Caller) -> None:
    """Nobody has been here for as long as is allowed, and a second more."""
    change(caller, last_activity_at=Now() - timedelta(days=7, seconds=1), due_at=Now() - timedelta(seconds=1))
