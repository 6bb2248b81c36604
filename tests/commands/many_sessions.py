"""Creates very many sessions as copies of one that was opened through the product."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from core.ids import uuid7
from sessions_app.models import Session
from tests.world import Caller

OWN = {"id", "is_newest", "refresh_digest"}


def create_sessions(like: Caller, count: int, **columns: Any) -> None:
    """`count` more sessions of the same user; `columns` are what differs."""
    names = [field.column for field in Session._meta.concrete_fields if field.column not in OWN]
    values = ", ".join("%s" if name in columns else name for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO sessions_app_session (id, is_newest, {', '.join(names)})"
            f" SELECT unnest(%s::uuid[]), false, {values} FROM sessions_app_session WHERE id = %s",
            [[uuid7() for _ in range(count)], *(columns[name] for name in names if name in columns), like.session.pk],
        )


def update_session(caller: Caller, **columns: Any) -> Caller:
    Session.objects.filter(pk=caller.session.pk).update(**columns)
    return caller


def opened(caller: Caller, ago: timedelta) -> Caller:
    """With an id of that time."""
    earlier = UUID(int=caller.session.pk.int - (int(ago.total_seconds() * 1000) << 80))
    Session.objects.filter(pk=caller.session.pk).update(id=earlier)
    caller.session.pk = earlier
    return caller


def aged(caller: Caller, age: timedelta) -> Caller:
    """Opened, and last used, that long ago."""
    session = Session.objects.get(pk=caller.session.pk)
    update_session(caller, created_at=session.created_at - age, last_activity_at=session.last_activity_at - age)
    return opened(caller, age)
