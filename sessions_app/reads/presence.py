"""Who is signed in, of some users."""

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
    # One session of each user is enough, and a scalar subquery cannot be made a join with those of all others. Bounds
    # instead of an equality leave the user in the order: only the index of users' sessions has that order, so
    # PostgreSQL takes it whatever it believes of how many sessions there are and of whom.
    theirs = SessionState.objects.live().filter(user__gte=OuterRef("pk"), user__lte=OuterRef("pk"))
    newest = Subquery(theirs.order_by("user", "-pk").values("pk")[:1])
    users = User.objects.filter(AnyOf(F("pk"), RawSQL("%s", [_USERS])))
    return users.alias(newest=newest).filter(newest__isnull=False).values_list("pk")


_WITH_LIVE_SESSION = Prepared(_with_live_session, {_USERS: "uuid[]"})
