from collections.abc import Iterable

from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from core.api.renderers import OnlyJSON
from sessions_app.api.edge.wire.errors import NotAcceptable

_JSON = {"*/*", "application/*", "application/json"}


class JSONIfAccepted(OnlyJSON):
    """JSON for whoever accepts it or does not say, 406 for whoever accepts only something else."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accepted = request.META.get("HTTP_ACCEPT", "")
        types = {each.partition(";")[0].strip().lower() for each in accepted.split(",")} - {""}
        if types and not types & _JSON:
            raise NotAcceptable(accepted)
        return super().select_renderer(request, renderers, format_suffix)
