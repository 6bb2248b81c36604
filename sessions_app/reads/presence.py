"""Which users are signed in."""

from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from accounts.models import User
from core.lookups import AnyOf
from core.prepared import Prepared
from sessions_app.models import SessionState

_USERS = "the ids of the users"


def users_with_live_session(user_ids: list[UUID]) -> set[UUID]:
    """Return which of these users have a live session."""
    return {user_id for (user_id,) in _WITH_LIVE_SESSION.fetch(user_ids)} if user_ids else set()


def _with_live_session() -> QuerySet[User, tuple[UUID]]:
    # One session per user is enough, and PostgreSQL cannot turn a scalar subquery into a join. Bounds instead of an
    # equality keep the user in the order, which only the index on users' sessions has, so it is used whatever the
    # planner estimates.
    live = SessionState.objects.live().filter(user__gte=OuterRef("pk"), user__lte=OuterRef("pk"))
    newest = Subquery(live.order_by("user", "-pk").values("pk")[:1])
    users = User.objects.filter(AnyOf(F("pk"), RawSQL("%s", [_USERS])))
    return users.alias(newest=newest).filter(newest__isnull=False).values_list("pk")


_WITH_LIVE_SESSION = Prepared(_with_live_session, {_USERS: "uuid[]"})
