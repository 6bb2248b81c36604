"""Settings that all peers share: a minimal Django project on the same database server as the product."""

import os

from config import postgres

SECRET_KEY = "not-a-secret"  # noqa: S105 - the database is removed after the run
ALLOWED_HOSTS = ["127.0.0.1"]
# Persistent connections like the product's: with Django's default, connecting would be most of a request's cost.
DATABASES = {
    "default": {
        **postgres.connection(postgres.home()),
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["BENCH_DATABASE"],
        "CONN_MAX_AGE": None,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"]
MIDDLEWARE: list[str] = []
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}
USE_TZ = True
USE_I18N = False
