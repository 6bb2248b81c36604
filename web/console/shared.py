"""What the pages of actions and of forms have in common."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from core.api.admin import ConsoleAdmin
from core.api.components import Link
from core.humanize import how_many


def with_session_count(message: str, sessions_ended: int) -> str:
    return f"{message} {how_many(sessions_ended, 'session')} revoked." if sessions_ended else message


def secret_page(request: HttpRequest, admin: ConsoleAdmin, instance: Any, secret: str) -> HttpResponse:
    """The response to the request that made the secret. Nothing keeps it, so it is shown only here."""
    back = admin.url_of(instance.handle)
    context = {
        "title": f"Client secret of {instance}",
        "crumbs": [Link(admin.plural, admin.list_url), Link(str(instance), back)],
        "instance": instance,
        "secret": secret,
        "back": back,
    }
    return admin.rendered(request, "console/secret.html", context, HTTPStatus.OK)
