"""Settings, read from the environment. Production is the default and does not start with a required one missing."""

import ipaddress
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from config import postgres
from config.public_url import public_url, web_origin

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

DEVELOPMENT = env("CURFEW_ENV", default="production") == "development"
DEBUG = False  # tracebacks go to the log, never to the client


def required(name: str) -> str:
    value = env(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it in the environment or in .env (.env.example shows how)."
            ' For a trial installation use make run, and make manage ARGS="..." for commands.'
        )
    return value


def development_secret() -> str:
    """Return a generated key. It is kept in a file, so that sessions survive a restart."""
    path = postgres.home() / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def strong(name: str, value: str) -> str:
    """Return `value` if it is empty or hard to guess: such a key grants access by itself."""
    if value and (len(value) < 32 or len(set(value)) < 10 or not all("!" <= letter <= "~" for letter in value)):
        raise ImproperlyConfigured(
            f"{name} is too weak: it takes 32 or more letters, digits and signs, of ten kinds or more, without spaces."
            ' Make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return value


def between(lowest: int, highest: int, name: str, value: int) -> int:
    if not lowest <= value <= highest:
        raise ImproperlyConfigured(f"{name} is {value}; it takes {lowest} to {highest}.")
    return value


YEAR = 365 * 24 * 3600

# Product

PRODUCT = "Curfew"
VERSION = "0.1.0"
ISSUER = env("ISSUER", default="curfew")
AUDIENCE = env("AUDIENCE", default="curfew")
SECRET_KEY = development_secret() if DEVELOPMENT and not env("SECRET_KEY", default="") else required("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = (
    ["127.0.0.1", "localhost", "[::1]"]
    if DEVELOPMENT and not env("ALLOWED_HOSTS", default="")
    else required("ALLOWED_HOSTS").split(",")
)

# The public address. Behind a proxy it may include a path, which then begins every link.

PUBLIC_URL = public_url(
    "PUBLIC_URL",
    env("PUBLIC_URL", default="http://127.0.0.1:8000" if DEVELOPMENT else f"https://{ALLOWED_HOSTS[0]}"),
)
URL_PREFIX = urlsplit(PUBLIC_URL).path
FORCE_SCRIPT_NAME = URL_PREFIX or None

# Database

EMBEDDED = DEVELOPMENT and not env("DATABASE_URL", default="")
DATABASES: dict[str, Any] = {
    "default": postgres.connection(postgres.home()) if EMBEDDED else env.db_url_config(required("DATABASE_URL"))
}
DATABASES["default"] |= {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None}
_options = DATABASES["default"].setdefault("OPTIONS", {})
# JIT compilation takes longer than any of our statements takes to run.
_options["options"] = f"-c jit=off {_options.get('options', '')}".strip()
STATEMENT_TIMEOUT = env.int("STATEMENT_TIMEOUT", default=30)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Applications and middleware

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # before the admin, so that its templates win
    "django.contrib.admin.apps.SimpleAdminConfig",  # web/console registers the models
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "audit",
    "tenancy",
    "accounts",
    "sessions_app",
]
MIDDLEWARE = [
    "core.api.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "corsheaders.middleware.CorsMiddleware",  # first of those that may refuse: errors need CORS headers
    "core.api.middleware.RequestLimitsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = f"{URL_PREFIX}/static/"
STATIC_ROOT = None if DEVELOPMENT else BASE_DIR / "staticfiles"  # in development, files are served from the packages
WHITENOISE_USE_FINDERS = DEVELOPMENT
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful"}  # the revocation row keeps the outcome

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
APPEND_SLASH = False

# Users and passwords

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["accounts.hashers.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SIGN_IN_FAILURES_PER_ACCOUNT = env.int("SIGN_IN_FAILURES_PER_ACCOUNT", default=10)
SIGN_IN_FAILURES_PER_ADDRESS = env.int("SIGN_IN_FAILURES_PER_ADDRESS", default=100)
SIGN_IN_WINDOW = env.int("SIGN_IN_WINDOW", default=15 * 60)
SIGN_IN_FIRST_WAIT = env.int("SIGN_IN_FIRST_WAIT", default=30)
SIGN_IN_LONGEST_WAIT = env.int("SIGN_IN_LONGEST_WAIT", default=15 * 60)
PASSWORD_RESET_LIFETIME = env.int("PASSWORD_RESET_LIFETIME", default=24 * 3600)

# Keys for operators. Without a key, the endpoints that accept it refuse every request.

ADMIN_KEY = strong("ADMIN_KEY", env("ADMIN_KEY", default=""))
CRON_SECRET = strong("CRON_SECRET", env("CRON_SECRET", default=""))

# Mail

vars().update(env.email_url("EMAIL_URL", default="consolemail://" if DEVELOPMENT else "smtp://localhost:25"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default=f"{PRODUCT} <no-reply@{ALLOWED_HOSTS[0]}>")

# Sessions

GEOIP_PATH = env("GEOIP_PATH", default="")
SESSION_RETENTION_DAYS = env.int("SESSION_RETENTION_DAYS", default=90)
# Two minutes is also the minimum of a session policy.
ADMIN_SESSION_LIFETIME = between(
    120, 10 * YEAR, "ADMIN_SESSION_LIFETIME", env.int("ADMIN_SESSION_LIFETIME", default=24 * 3600)
)
ADMIN_SESSION_RETENTION_DAYS = between(
    0, 3650, "ADMIN_SESSION_RETENTION_DAYS", env.int("ADMIN_SESSION_RETENTION_DAYS", default=7)
)

# Expensive requests (revoking everything, statistics), for each caller and process

EXPENSIVE_REQUESTS_PER_MINUTE = env.int("EXPENSIVE_REQUESTS_PER_MINUTE", default=600)

# Requests of one user to the panel API in one window (in seconds), across all processes

PANEL_RATE_LIMIT = env.int("PANEL_RATE_LIMIT", default=600)
PANEL_RATE_WINDOW = env.int("PANEL_RATE_WINDOW", default=300)

# HTTP

TRUSTED_PROXIES = [ipaddress.ip_network(each) for each in env.list("TRUSTED_PROXIES", default=[])]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
SECURE_PROXY_SSL_HEADER = (
    "HTTP_X_FORWARDED_PROTO",
    "https",
)  # removed by the request middleware unless a trusted proxy set it
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEVELOPMENT)
SECURE_REDIRECT_EXEMPT = [rf"^{re.escape(URL_PREFIX)[1:]}/?(healthz|readyz)$"]
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEVELOPMENT
SESSION_COOKIE_SECURE = not DEVELOPMENT
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "admin.E408",  # the console authenticates by itself, so that other requests do not pay for it
    "admin.E409",  # likewise for messages
    "admin.E410",  # it uses our own sessions
    "security.W003",  # the cookie authenticators check the origin of the request
]

# Cross-origin requests: allowed origins and headers. Cookies are never included.

CORS_ALLOWED_ORIGINS = [
    web_origin("CORS_ALLOWED_ORIGINS", each) for each in env.list("CORS_ALLOWED_ORIGINS", default=[])
]
CORS_URLS_REGEX = r"^/(api|edge|openapi|version|\.well-known)\b"
CORS_PREFLIGHT_MAX_AGE = 600  # a removed origin keeps its access for this long
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-encoding", "content-type", "idempotency-key", "if-match", "if-none-match"),
    *("prefer", "user-agent", "x-admin-key", "x-api-key", "x-request-id", "x-requested-with", "zt-session"),
]
CORS_EXPOSE_HEADERS = [
    *("Allow", "ETag", "expiration-seconds", "expires-at", "Idempotency-Replayed", "Location", "Preference-Applied"),
    *("Retry-After", "Server", "Sessions-Ended", "Sessions-Truncated", "WWW-Authenticate", "X-Request-ID"),
    "zt-session",
]
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Console: form tokens and messages

CSRF_COOKIE_NAME = "curfew_csrf" if DEVELOPMENT else "__Host-curfew_csrf"
CSRF_COOKIE_SECURE = not DEVELOPMENT
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "web.console.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL.removesuffix(URL_PREFIX)]
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
UNFOLD = {
    "SITE_TITLE": PRODUCT,
    "SITE_HEADER": PRODUCT,
    "SITE_SYMBOL": "shield_person",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [{"rel": "icon", "href": "data:,"}],
    "ACCOUNT": {
        "navigation": [
            {"title": "Your sessions", "link": reverse_lazy("account-sessions")},
            {"title": "Change your password", "link": reverse_lazy("account-password")},
        ]
    },
    "COLORS": {
        "primary": {
            "50": "#f0f6fb",
            "100": "#dceaf6",
            "200": "#bdd8ee",
            "300": "#8fc1ee",
            "400": "#5c9dd6",
            "500": "#3a7fbd",
            "600": "#1f4e79",
            "700": "#1b4369",
            "800": "#183857",
            "900": "#152f48",
            "950": "#0d1e30",
        }
    },
}

# APIs

# Path prefixes, and who renders errors that occur before a view is called.
DIALECTS: dict[str, str] = {
    "/api/account/": "sessions_app.api.panel.wire.error",
    "/api/admin/": "sessions_app.api.admin_tokens.wire.error",
    "/api/cron/": "sessions_app.api.admin_tokens.wire.cron_error",
    "/edge/": "sessions_app.api.edge.wire.error",
}
API_DOCS = env.bool("API_DOCS", default=DEVELOPMENT)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["sessions_app.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.DenyAll"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.api.renderers.OnlyJSON",
    "DEFAULT_METADATA_CLASS": "core.api.metadata.Metadata",
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.V1Schema",
    "EXCEPTION_HANDLER": "audit.api.refusal_log.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SIMPLE_JWT = {"TOKEN_TYPE_CLAIM": "typ"}  # accounts.access_tokens moves it to the header of that name
SPECTACULAR_SETTINGS = {
    "TITLE": PRODUCT,
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": URL_PREFIX}] if URL_PREFIX else [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["core.api.schema.name_path_parameters"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "AdminSessionStatus": "sessions_app.api.admin_tokens.serializers.STATUSES",
        "RevocationScopeEnum": "sessions_app.api.v1.filters.WireScope",
        "RevocationStatusEnum": "sessions_app.api.v1.serializers.RevocationStatus",
        "ScopeEnum": "accounts.models.applications.ApplicationScope",
        "SessionStatusEnum": "sessions_app.api.v1.filters.SessionStatus",
        "StatusEnum": "core.models.Status",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},  # refused requests are not logged: their paths are text of the caller
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "procrastinate": {"level": "WARNING"},  # the sweep that runs every minute is not logged
    },
}
