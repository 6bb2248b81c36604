"""What the published schema says beyond what drf-spectacular reads off a view: the errors every view can give."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers

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
            for status in self.refusals(path, method):
                operation["responses"].setdefault(str(status), refusal(status))
        return operation

    def refusals(self, path: str, method: str) -> list[int]:
        found = [503]
        if self.view.action not in self.view.public:
            found += [401, 403]
        if "{" in path and self.view.action not in self.view.public:
            found.append(404)
        if self.get_request_serializer() is not None:
            found += [413, 415, 422]
        return sorted(found)


def refused(description: str) -> OpenApiResponse:
    return OpenApiResponse({"$ref": "#/components/schemas/Error"}, description=description)


class MetaResponse(serializers.Serializer):
    request_id = serializers.CharField(allow_null=True)
    timestamp = serializers.DateTimeField()


def enveloped(serializer: type[serializers.Serializer], *, many: bool = False) -> serializers.Serializer:
    name = f"ApiResponse_{'list_' if many else ''}{serializer.__name__}"
    return inline_serializer(name, {"data": serializer(many=many), "meta": MetaResponse()})


def refusal(status: int) -> dict[str, Any]:
    name = "HTTPValidationError" if status == 422 else "Error"
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": WORDS[status], "content": content}
