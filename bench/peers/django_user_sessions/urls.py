from django.contrib.auth.models import User
from user_sessions.backends.db import SessionStore

from bench.load.http_request import USER_AGENT
from bench.peers.cookies import log_in
from bench.peers.urls import urlpatterns

__all__ = ["sign_in", "urlpatterns"]


def sign_in(user: User) -> str:
    # The address and user agent of the requests: with others, each request would write the session again.
    return log_in(user, SessionStore(user_agent=USER_AGENT, ip="127.0.0.1"))
