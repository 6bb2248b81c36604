from django.contrib.auth.models import User
from user_sessions.backends.db import SessionStore

from bench.load.http import USER_AGENT
from bench.peers.cookies import remember
from bench.peers.urls import urlpatterns

__all__ = ["sign_in", "urlpatterns"]


def sign_in(user: User) -> str:
    # From where the requests will come: told of another place, it would write the session again on each of them.
    return remember(user, SessionStore(user_agent=USER_AGENT, ip="127.0.0.1"))
