from bench.peers.settings import *  # noqa: F403 - the settings that all peers share
from bench.peers.settings import INSTALLED_APPS, REST_FRAMEWORK

INSTALLED_APPS = [*INSTALLED_APPS, "user_sessions"]
MIDDLEWARE = [
    "user_sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
SESSION_ENGINE = "user_sessions.backends.db"
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
}
ROOT_URLCONF = "bench.peers.django_user_sessions.urls"
