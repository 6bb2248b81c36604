"""Extend drf-spectacular: texts, parameters, headers and errors that it cannot read from a view."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from core.api.fields import IdField, StrictString, UniqueList
from core.api.filters import FilterSet
from core.api.lists import ListViewSet
from core.api.pagination import LAST_PAGE, MAX_PER_PAGE
from core.api.resources import ResourceViewSet
from core.api.response_fields import Count, Id
from core.api.schema_examples import example
from core.api.schema_parameters import ENDED, ETAG, IDEMPOTENCY_KEY, IF_MATCH, in_path, parameters_of
from core.api.schema_texts import ERRORS, describe, summarize
from core.api.v1 import V1ViewSet
from core.api.views import PolicyViewSet
from core.models import defaults_of

JSON = "application/json"
VERBS = {"list": "list", "create": "create", "retrieve": "show", "update": "update", "destroy": "delete"}


class V1Schema(AutoSchema):
    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is not None and isinstance(self.view, V1ViewSet):  # the other dialects declare theirs one by one
            for status in self.refusals(path, operation.get("requestBody", {}).get("content", {})):
                operation["responses"].setdefault(str(status), refusal(status))
        return operation

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # lists are in an envelope, which is an object

    def get_override_parameters(self) -> list[Any]:
        """A list's own parameters are declared once, where they are read."""
        own = parameters_of(self.filterset) if self.filterset else []
        return [*super().get_override_parameters(), *own, *self.headers]

    def _get_parameters(self) -> list[dict[str, Any]]:
        """Add the patterns of ids, and that filters may be empty."""
        parameters = super()._get_parameters()
        filters = self.filterset.base_filters if self.filterset else ()
        for parameter in parameters:
            if parameter["in"] == "path":
                parameter |= in_path(parameter, with_pattern=isinstance(self.view, V1ViewSet))
            if parameter["in"] == "query" and parameter["name"] in filters:
                parameter["allowEmptyValue"] = True
        return parameters

    def _get_serializer_name(self, serializer: Any, direction: Any, *args: Any, **options: Any) -> str:
        """Do not append `Request` to a name that already ends with it."""
        name = super()._get_serializer_name(serializer, direction, *args, **options)
        return name.removesuffix("Request") if name.endswith("RequestRequest") else name

    @property
    def headers(self) -> list[OpenApiParameter]:
        """The headers for safe retries and for optimistic locking."""
        view = cast(V1ViewSet, self.view)
        parameters = [IDEMPOTENCY_KEY] if view.action in getattr(view, "repeatable", ()) else []
        if self.resource and view.action in ("update", "destroy"):
            parameters += [IF_MATCH, ENDED]
        if view.action == "rotate_secret":
            parameters.append(IF_MATCH)
        if self.resource and view.action in ("create", "retrieve", "update"):
            parameters.append(ETAG)
        return parameters

    @property
    def filterset(self) -> type[FilterSet] | None:
        return self.view.get_filterset_class() if isinstance(self.view, ListViewSet) else None

    @property
    def resource(self) -> ResourceViewSet | None:
        """The view, if the action is one of the five that every resource has."""
        return self.view if isinstance(self.view, ResourceViewSet) and self.view.action in VERBS else None

    def get_operation_id(self) -> str:
        view = self.resource
        if view is None:
            return super().get_operation_id()
        return f"{VERBS[view.action]}_{view.resource_name}{'s' if view.action == 'list' else ''}"

    def get_request_serializer(self) -> Any:
        view = self.resource
        if view is None:
            return super().get_request_serializer()
        return view.get_serializer_class() if view.action in ("create", "update") else None

    def get_response_serializers(self) -> Any:
        view = self.resource
        if view is None:
            return super().get_response_serializers()
        match view.action:
            case "list":
                return paginated(view.serializer_class)
            case "destroy":
                return {204: None}
            case "create":
                return {201: enveloped(view.created_serializer_class or view.serializer_class)}
            case _:
                return enveloped(view.serializer_class)

    def get_tags(self) -> list[str]:
        return [cast(V1ViewSet, self.view).tag]

    def get_summary(self) -> str:
        return summarize(self.get_description())

    def get_description(self) -> str:  # type: ignore[override]  # drf-stubs know only the schema of DRF itself
        """Return the action's docstring, or the text of this action for all resources with the view's own note."""
        view = self.resource
        if view is None:
            return " ".join(super().get_description().split())
        return describe(view.action, view.resource_name, view.notes.get(view.action, ""))

    def refusals(self, path: str, body: dict[str, Any]) -> list[int]:
        statuses = [503]
        view = cast(V1ViewSet, self.view)
        if view.action not in view.public:
            statuses += [401, 403]
        if "{" in path:
            statuses.append(404)
        if body:
            statuses += [413, 415]
        if not view.ignores_unknown_parameters:
            statuses.append(422)
        if view.is_limited:
            statuses.append(429)
        if self.resource and view.action in ("create", "update", "destroy"):
            statuses.append(409)
        if (self.resource and view.action in ("update", "destroy")) or view.action == "rotate_secret":
            statuses.append(412)
        return sorted(statuses)

    def _get_request_body(self, direction: str = "request") -> Any:
        """Describe the body of a DELETE too: removing MFA takes the password."""
        if not isinstance(self.view, V1ViewSet):
            return super()._get_request_body(direction)
        method = self.method
        self.method = "POST" if method == "DELETE" else method
        body = super()._get_request_body(direction)
        self.method = method
        is_form = body and any("required" in content["schema"] for content in body["content"].values())
        if is_form or (body and hasattr(self.get_request_serializer(), "rules")):
            body["required"] = True  # a form, or rules that an empty body breaks
        return body

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "request":
            fields = force_instance(serializer).fields
            _add_defaults(schema, {name: field.default for name, field in fields.items()})
            if self.resource and self.resource.action == "create":
                _add_defaults(schema, defaults_of(self.resource.model))
            schema["additionalProperties"] = False  # `InputSerializer` refuses unknown fields
            schema |= getattr(serializer, "rules", {})  # the rules of its `validate`
        return schema

    def _get_serializer_field_meta(self, field: Any, *args: Any) -> dict[str, Any]:
        text = description_of(field, cast(PolicyViewSet, self.view).descriptions)
        return ({"description": text} if text else {}) | super()._get_serializer_field_meta(field, *args)

    def _map_serializer_field(self, field: Any, *args: Any, **options: Any) -> Any:
        schema = super()._map_serializer_field(field, *args, **options)
        if isinstance(field, UniqueList):
            schema |= {"uniqueItems": True}
        if isinstance(field, StrictString | Id):
            schema |= {"pattern": field.pattern}
        if isinstance(field, IdField):
            schema.pop("minLength", None)  # an empty id is valid, and belongs to nothing
        is_v1 = isinstance(self.view, V1ViewSet)  # the examples are what v1's fields of these names hold
        value = example(field) if is_v1 else None
        has_rules = hasattr(field.parent, "rules")  # then not all of its fields go together
        return schema if value is None or has_rules or "$ref" in schema else schema | {"examples": [value]}


def refused(description: str) -> OpenApiResponse:
    return OpenApiResponse({"$ref": "#/components/schemas/Error"}, description=description)


class MetaResponse(serializers.Serializer):
    request_id = serializers.CharField(allow_null=True)
    timestamp = serializers.DateTimeField()


@cache
def enveloped(
    serializer: type[serializers.Serializer], *, many: bool = False, name: str | None = None
) -> serializers.Serializer:
    """Return the envelope of a single object, named as Pydantic names a generic model."""
    name = name or (f"list_{serializer.__name__}_" if many else serializer.__name__)
    return inline_serializer(f"ApiResponse_{name}_", {"data": serializer(many=many), "meta": MetaResponse()})


class PaginationMeta(serializers.Serializer):
    page = serializers.IntegerField(min_value=1, max_value=LAST_PAGE)
    per_page = serializers.IntegerField(min_value=1, max_value=MAX_PER_PAGE)
    total = Count()
    total_items = Count()
    total_pages = Count()
    next_cursor = serializers.CharField(allow_null=True)


@cache
def paginated(serializer: type[serializers.Serializer]) -> serializers.Serializer:
    name = f"PaginatedResponse_{serializer.__name__}_"
    return inline_serializer(
        name, {"data": serializer(many=True), "pagination": PaginationMeta(), "meta": MetaResponse()}
    )


def _add_defaults(schema: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    """Add the defaults of optional fields."""
    for name in defaults.keys() & schema["properties"].keys() - set(schema.get("required", ())):
        default = defaults[name]
        if default is not serializers.empty:
            schema["properties"][name]["default"] = default() if callable(default) else default


def refusal(status: int) -> dict[str, Any]:
    name = "HTTPValidationError" if status == 422 else "Error"
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": ERRORS[status], "content": content}


def description_of(field: Any, descriptions: Mapping[str, str]) -> str | None:
    """Look a field up by its serializer and name, then by its name alone."""
    name = field.field_name or ""
    return descriptions.get(f"{type(field.parent).__name__}.{name}", descriptions.get(name))


def name_path_parameters(endpoints: list[Any], **_: Any) -> list[Any]:
    """Call a resource's id after the resource: `{user_id}` for the `{resource_id}` of the URL."""
    return [
        (_with_resource_id(path, callback.cls), _with_resource_id(regex, callback.cls), method, callback)
        for path, regex, method, callback in endpoints
    ]


def _with_resource_id(path: str, view: type) -> str:
    return path.replace("resource_id", f"{view.resource_name}_id") if issubclass(view, ResourceViewSet) else path
