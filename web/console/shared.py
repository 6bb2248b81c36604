"""Pages that acts and forms have in common."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from core.api.admin import ConsoleAdmin
from core.api.components import Link
from core.humanize import how_many
from sessions_app.admin.revoke_view import agreed_in
from sessions_app.operations.bulk_revocation import MoreThanConfirmed

MORE_BY_NOW = "This would now revoke more sessions than you confirmed. Review the new number and confirm again."


def hold_to(request: HttpRequest, ended: int) -> None:
    """No more than they were shown: in a transaction that this undoes, and who has come meanwhile is counted, too."""
    if ended > (agreed_in(request.POST) or 0):
        raise MoreThanConfirmed


def done_with(words: str, ended: int) -> str:
    """What was done, and how many sessions ended with it."""
    return f"{words} {how_many(ended, 'session')} revoked." if ended else words


def secret_page(request: HttpRequest, admin: ConsoleAdmin, thing: Any, secret: str) -> HttpResponse:
    """The answer to the act itself, which nothing keeps: there is no address to see it at again."""
    place = admin.url_of(thing.handle)
    said = {
        "title": f"Client secret of {thing}",
        "crumbs": [Link(admin.plural, admin.list_url), Link(str(thing), place)],
        "thing": thing,
        "secret": secret,
        "back": place,
    }
    return admin.rendered(request, "console/secret.html", said, HTTPStatus.OK)
