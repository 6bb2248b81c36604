"""Detect requests from pages of other sites, for requests that change something and may carry a cookie."""

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from core.api.middleware import comes_by_proxy


def is_cross_site(request: HttpRequest) -> bool:
    """Whether a page of another site sent this. Browsers send these headers; a request without them is not a page's."""
    if request.headers.get("Sec-Fetch-Site", "").strip().lower() == "cross-site":
        return True
    origin = request.headers.get("Origin")
    return origin is not None and origin.strip().lower() != own_origin(request)


def is_allowed_origin(request: HttpRequest) -> bool:
    """Whether the operator allows this origin to call the API, with credentials that the page itself holds."""
    return request.headers.get("Origin") in settings.CORS_ALLOWED_ORIGINS


def own_origin(request: HttpRequest) -> str:
    """Return the origin by which the browser knows us: as our proxy received it, or else as we did."""
    return f"{request.scheme}://{forwarded_host(request) or request.get_host()}".lower()


def forwarded_host(request: HttpRequest) -> str:
    """Return the host that the nearest proxy was called by, if it is ours. Hosts further left can be forged."""
    if not comes_by_proxy(request):
        return ""
    host = request.headers.get("X-Forwarded-Host", "").rpartition(",")[2].strip()
    domain, _ = split_domain_port(host)
    return host if domain and validate_host(domain, settings.ALLOWED_HOSTS) else ""
