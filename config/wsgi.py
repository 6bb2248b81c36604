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
    # Here and not in the settings: a command and the worker may take as long as they need.
    _database: dict[str, Any] = settings.DATABASES["default"]
    _options = _database.setdefault("OPTIONS", {})
    _options["options"] = f"-c statement_timeout={settings.STATEMENT_TIMEOUT}s {_options.get('options', '')}"

get_resolver().url_patterns  # noqa: B018 - views are loaded now, not with the first request
# What is loaded stays. Looked through for garbage with every few requests, it was a tenth of a request's time.
gc.collect()
gc.freeze()
gc.set_threshold(10_000)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django reads as far as Content-Length says. A chunked body has none, so it is measured here, up to the limit."""
    environ["PATH_INFO"] = without_prefix(environ["PATH_INFO"])
    environ["CONTENT_TYPE"] = in_utf8(environ.get("CONTENT_TYPE", ""))
    if "CONTENT_LENGTH" not in environ:
        body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return _django(environ, start_response)


def without_prefix(path: str) -> str:
    """Some proxies take the prefix off and some leave it on; probes that come past the proxy never had one."""
    prefix = settings.URL_PREFIX
    return path[len(prefix) :] if path.startswith(f"{prefix}/") else path


def in_utf8(content_type: str) -> str:
    """Django would read the whole query by whatever codec a body claims, before anybody can say what is wrong with it.
    UTF-8 goes without saying; what claims another is told so by whoever reads bodies."""
    said = _CHARSET.search(content_type)
    if said is None:
        return content_type
    rest = content_type[: said.start()] + content_type[said.end() :]
    return rest if said[1].lower() in ("utf-8", "utf8") else f"{rest}; charset=other"
