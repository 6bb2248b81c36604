"""What the peers have in common: Django as lean as it gets, on the same server as the product."""

import os

from config import postgres

SECRET_KEY = "nothing to hide here"  # noqa: S105 - a database that is thrown away
ALLOWED_HOSTS = ["127.0.0.1"]
# Persistent connections, as the product has them: Django's default of one a request would cost the peers most of it.
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
