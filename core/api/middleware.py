"""Middleware for every request: its id, the client's address, one spelling of its path, and a size limit."""

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.access import Origin
from core.api.error_views import error_response
from core.ids import uuid7

ORIGIN = "curfew.origin"
EDGE_ROOTS = ("/edge/management/v1/", "/edge/client/v1/")
ROOTS = ("/api/v1/", *EDGE_ROOTS)  # paths below these may end with a slash or not
PROBES = ("/healthz", "/readyz")  # called by IP address; they reveal nothing
MAX_DISCARDED_BODY = 2 * 1024 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_IN_BRACKETS = re.compile(r"\[([^]]*:[^]]*)\](?::[0-9]{1,5})?")
_IPV4_AND_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_USER_AGENT_LENGTH = 512


class RequestMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META[ORIGIN] = origin = origin_of(request)
        trust_the_scheme(request)
        drop_trailing_slash(request)
        response = self.get_response(request)
        response["X-Request-ID"] = origin.request_id
        return response


class RequestLimitsMiddleware:
    """Refuse requests that no view should see. This runs inside the security headers, so refusals have them too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.refusal(request) or self.get_response(request)

    def refusal(self, request: HttpRequest) -> HttpResponse | None:
        if request.path_info not in PROBES:
            request.get_host()  # raises DisallowedHost, which becomes a 400
            if request.META[ORIGIN].ip_address is None and comes_by_proxy(request):
                return error_response(request, HTTPStatus.BAD_REQUEST)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            return error_response(request, HTTPStatus.BAD_REQUEST)
        if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            if int(length) <= MAX_DISCARDED_BODY:
                request.read()  # a proxy that is interrupted while sending would report a 502
            return error_response(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return None


def origin_of(request: HttpRequest) -> Origin:
    request_id = request.META.get("HTTP_X_REQUEST_ID", "")
    return Origin(
        ip_address=client_ip(request),
        user_agent=clean_header(request.META.get("HTTP_USER_AGENT", "")),
        request_id=request_id if _REQUEST_ID.fullmatch(request_id) else uuid7().hex,
    )


def client_ip(request: HttpRequest) -> str | None:
    """Return the nearest address that is not one of our own proxies.

    X-Forwarded-For is read from the right, as long as each hop is a trusted proxy: anything further left can be
    forged by the client. If a hop is not an address, the client is unknown. A hop may be empty, since granian empties
    a header that has any byte outside ASCII.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    hops = [] if forwarded is None else forwarded.split(",")
    while peer is not None and hops and is_trusted(peer):
        peer = _address(_without_port(hops.pop().strip()))
    return str(peer) if peer else None


def is_trusted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)


def trust_the_scheme(request: HttpRequest) -> None:
    """Accept X-Forwarded-Proto from our own proxies, and drop it otherwise."""
    if "HTTP_X_FORWARDED_PROTO" in request.META and not comes_by_proxy(request):
        del request.META["HTTP_X_FORWARDED_PROTO"]


def comes_by_proxy(request: HttpRequest) -> bool:
    """Whether the request comes from one of our own proxies, whose headers are trusted."""
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    return peer is not None and is_trusted(peer)


def drop_trailing_slash(request: HttpRequest) -> None:
    """Accept a path with or without a slash at its end, since a redirect would lose the body of a POST.

    The roots need their slash, and in the panel's paths it has a meaning. The edge's web console appends two slashes
    to ids.
    """
    path = request.path_info
    if path.startswith(EDGE_ROOTS) and path.endswith("//"):
        request.path_info = path.removesuffix("//")
    elif path.startswith(ROOTS) and path not in ROOTS and path.endswith("/") and not path.endswith("//"):
        request.path_info = path[:-1]


def clean_header(value: str) -> str:
    text = value.encode("latin-1", "replace").decode("utf-8", "replace")
    return _UNPRINTABLE.sub(" ", text)[:_USER_AGENT_LENGTH]


def _without_port(hop: str) -> str:
    """Remove the port and the brackets that some proxies add to an address."""
    match = _IN_BRACKETS.fullmatch(hop) or _IPV4_AND_PORT.fullmatch(hop)
    return match[1] if match else hop


@lru_cache(maxsize=4_096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
