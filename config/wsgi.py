import gc
import os
import re
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";]*)\"?", re.IGNORECASE)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
try:
    _django = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.exit(str(error))

if settings.STATEMENT_TIMEOUT:
    # Set here and not in the settings, because commands and the worker have no time limit.
    _database: dict[str, Any] = settings.DATABASES["default"]
    _options = _database.setdefault("OPTIONS", {})
    _options["options"] = f"-c statement_timeout={settings.STATEMENT_TIMEOUT}s {_options.get('options', '')}"

get_resolver().url_patterns  # noqa: B018 - views are loaded now, not with the first request
# Loaded modules are never garbage. Scanning them every few requests took a tenth of the time of a request.
gc.collect()
gc.freeze()
gc.set_threshold(10_000)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Serve a request. Django needs a Content-Length, so a chunked body is read here, up to the size limit."""
    environ["PATH_INFO"] = without_prefix(environ["PATH_INFO"])
    environ["CONTENT_TYPE"] = in_utf8(environ.get("CONTENT_TYPE", ""))
    if "CONTENT_LENGTH" not in environ:
        body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return _django(environ, start_response)


def without_prefix(path: str) -> str:
    """Remove the URL prefix if it is there: some proxies strip it, and probes that bypass the proxy have none."""
    prefix = settings.URL_PREFIX
    return path[len(prefix) :] if path.startswith(f"{prefix}/") else path


def in_utf8(content_type: str) -> str:
    """Replace a charset other than UTF-8 by `other`, which the body parsers refuse.

    Django would otherwise decode the query string with the charset of the body, before any view can refuse it.
    """
    charset = _CHARSET.search(content_type)
    if charset is None:
        return content_type
    rest = content_type[: charset.start()] + content_type[charset.end() :]
    return rest if charset[1].lower() in ("utf-8", "utf8") else f"{rest}; charset=other"
