"""The page at the root: what runs here, and where to go from it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from web.account.page import page


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return page(request, "home.html", {"has_docs": settings.API_DOCS})
