from bench.peers.settings import *  # noqa: F403 - the settings that all peers share
from bench.peers.settings import INSTALLED_APPS, REST_FRAMEWORK

INSTALLED_APPS = [*INSTALLED_APPS, "knox"]
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_AUTHENTICATION_CLASSES": ["knox.auth.TokenAuthentication"]}
ROOT_URLCONF = "bench.peers.django_rest_knox.urls"
