from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore

from bench.peers.cookies import log_in
from bench.peers.urls import urlpatterns

__all__ = ["sign_in", "urlpatterns"]


def sign_in(user: User) -> str:
    return log_in(user, SessionStore())
