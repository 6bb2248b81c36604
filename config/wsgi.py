import os
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
try:
    _django = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.exit(str(error))

if settings.STATEMENT_TIMEOUT:
    # Here and not in the settings: a command and the worker may take as long as they need.
    _database: dict[str, Any] = settings.DATABASES["default"]
    _options = _database.setdefault("OPTIONS", {})
    _options["options"] = f"-c statement_timeout={settings.STATEMENT_TIMEOUT}s {_options.get('options', '')}"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django reads as far as Content-Length says. A chunked body has none, so it is measured here, up to the limit."""
    if "CONTENT_LENGTH" not in environ:
        body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return _django(environ, start_response)
