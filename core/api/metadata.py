from typing import Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request


class Metadata(SimpleMetadata):
    """What OPTIONS answers: the view, not its fields. Those are in the published schema."""

    def determine_actions(self, request: Request, view: Any) -> dict[str, Any]:
        return {}
