from collections.abc import Iterable

from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from core.api.renderers import OnlyJSON
from sessions_app.api.edge.wire.errors import NotAcceptable

_JSON = {"*/*", "application/*", "application/json"}


class JSONIfAccepted(OnlyJSON):
    """JSON if the client accepts it or has no `Accept` header; otherwise 406."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accepted = request.META.get("HTTP_ACCEPT", "")
        types = {each.partition(";")[0].strip().lower() for each in accepted.split(",")} - {""}
        if types and not types & _JSON:
            raise NotAcceptable(accepted)
        return super().select_renderer(request, renderers, format_suffix)
