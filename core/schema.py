"""What the published schema says beyond what drf-spectacular reads off a view: the errors every view can give."""

from functools import cache
from typing import Any, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers

from core.v1 import V1ViewSet

WORDS = {
    401: "Not signed in, or no longer",
    403: "Signed in, and not allowed",
    404: "Not there, or not yours to see",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request is well formed and not valid",
    503: "The database cannot be reached",
}


class V1Schema(AutoSchema):
    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is not None:
            for status in self.refusals(path, takes_body="requestBody" in operation):
                operation["responses"].setdefault(str(status), refusal(status))
        return operation

    def refusals(self, path: str, *, takes_body: bool) -> list[int]:
        found = [503]
        view = cast(V1ViewSet, self.view)
        if view.action not in view.public:
            found += [401, 403, 404] if "{" in path else [401, 403]
        if takes_body:
            found += [413, 415, 422]
        return sorted(found)


def refused(description: str) -> OpenApiResponse:
    return OpenApiResponse({"$ref": "#/components/schemas/Error"}, description=description)


class MetaResponse(serializers.Serializer):
    request_id = serializers.CharField(allow_null=True)
    timestamp = serializers.DateTimeField()


@cache
def enveloped(serializer: type[serializers.Serializer], *, many: bool = False) -> serializers.Serializer:
    name = f"ApiResponse_{'list_' if many else ''}{serializer.__name__}"
    return inline_serializer(name, {"data": serializer(many=many), "meta": MetaResponse()})


def refusal(status: int) -> dict[str, Any]:
    name = "HTTPValidationError" if status == 422 else "Error"
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": WORDS[status], "content": content}
