from django.contrib.auth.models import User
from knox.models import AuthToken

from bench.peers.urls import urlpatterns

__all__ = ["sign_in", "urlpatterns"]


def sign_in(user: User) -> str:
    _, token = AuthToken.objects.create(user)
    return f"Authorization: Token {token}"
