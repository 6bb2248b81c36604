"""Did a page of another site send this? For requests that change something and may carry a cookie."""

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from core.api.middleware import comes_by_proxy


def is_cross_site(request: HttpRequest) -> bool:
    """Browsers say where a request comes from; what says nothing of the kind is no page."""
    if request.headers.get("Sec-Fetch-Site", "").strip().lower() == "cross-site":
        return True
    origin = request.headers.get("Origin")
    return origin is not None and origin.strip().lower() != own_origin(request)


def is_allowed_origin(request: HttpRequest) -> bool:
    """A page of an origin that the operator lets call the API, with credentials that the page itself holds."""
    return request.headers.get("Origin") in settings.CORS_ALLOWED_ORIGINS


def own_origin(request: HttpRequest) -> str:
    """As the browser knows us: what a proxy of ours says that it was asked for, or else what we were asked for."""
    return f"{request.scheme}://{forwarded_host(request) or request.get_host()}".lower()


def forwarded_host(request: HttpRequest) -> str:
    """One of ours that the nearest proxy was asked for. Further left is whatever the client chose to write."""
    if not comes_by_proxy(request):
        return ""
    host = request.headers.get("X-Forwarded-Host", "").rpartition(",")[2].strip()
    domain, _ = split_domain_port(host)
    return host if domain and validate_host(domain, settings.ALLOWED_HOSTS) else ""
