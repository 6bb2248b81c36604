"""The parameters that the published schema describes: in headers, in queries, and the ids in paths."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from core import ids
from core.api.filters import FilterSet
from core.api.pagination import LAST_PAGE, MAX_PER_PAGE, PER_PAGE
from core.api.resources import SESSIONS_ENDED
from core.api.schema_examples import id_of
from core.ids import Prefix

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    OpenApiParameter.HEADER,
    description="A unique key of your own for this request. If you send the same request again with it within "
    "24 hours, it is not done twice: you get the first response again, with `Idempotency-Replayed: true`.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` you received when you read the resource. If it has changed since, nothing is done and the "
    "response is 412.",
)
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 201], description="The resource's version, for `If-Match`."
)
ENDED = OpenApiParameter(
    SESSIONS_ENDED,
    int,
    OpenApiParameter.HEADER,
    response=[200, 204],
    description="How many sessions this request revoked.",
)
CURSOR = (
    "The `next_cursor` of the previous page. Use it instead of `page` to walk through a long list: every page costs "
    "the same, and nothing is skipped or repeated."
)
IN_PATHS: dict[str, tuple[Prefix | None, str]] = {
    "agent_id": (Prefix.AGENT, "The agent's ID."),
    "application_id": (Prefix.APPLICATION, "The application's ID."),
    "child_group_id": (Prefix.GROUP, "The ID of the nested group."),
    "entry_id": (Prefix.AUDIT_ENTRY, "The ID of the audit log entry."),
    "group_id": (Prefix.GROUP, "The group's ID."),
    "identity_provider_id": (Prefix.IDENTITY_PROVIDER, "The identity provider's ID."),
    "identity_id": (None, "The user's ID."),
    "jti": (None, "The session's ID."),
    "key_id": (Prefix.API_KEY, "The API key's ID."),
    "partner_id": (Prefix.PARTNER, "The partner's ID."),
    "revocation_id": (Prefix.REVOCATION, "The revocation's ID."),
    "session_id": (Prefix.SESSION, "The session's ID."),
    "slug": (None, "The tenant's slug."),
    "spec_id": (None, "The document's ID."),
    "tenant_id": (Prefix.TENANT, "The tenant's ID."),
    "token": (None, "The session's ID."),
    "user_id": (Prefix.USER, "The user's ID."),
}


def parameters_of(filterset: type[FilterSet]) -> list[OpenApiParameter]:
    """Return the parameters of a list: first paging and ordering, then the filters."""

    def parameter(name: str, description: str, **schema: Any) -> OpenApiParameter:
        return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)

    filters = [
        parameter(name, each.label, **each.parameter(), **_example_of(each))
        for name, each in filterset.base_filters.items()
    ]
    if not filterset.ordering_fields:
        return filters
    return [
        parameter("page", "The number of the page.", type="integer", minimum=1, maximum=LAST_PAGE, default=1),
        parameter(
            "per_page",
            "How many items a page holds.",
            type="integer",
            minimum=1,
            maximum=MAX_PER_PAGE,
            default=PER_PAGE,
        ),
        parameter("cursor", CURSOR, type="string"),
        parameter(
            "ordering",
            "The field to sort by; `-` in front of it sorts in descending order.",
            type="string",
            enum=filterset.orderings(),
            default=filterset.orderings()[0],
        ),
        *filters,
    ]


def in_path(parameter: dict[str, Any], *, with_pattern: bool) -> dict[str, Any]:
    """Describe a path parameter and, if it is an id of v1, its pattern."""
    prefix, description = IN_PATHS[parameter["name"]]
    looks = {"pattern": ids.pattern(prefix), "examples": [id_of(prefix)]} if prefix and with_pattern else {}
    return {"schema": parameter["schema"] | looks, "description": description}


def _example_of(filter_: Any) -> dict[str, Any]:
    prefix = getattr(filter_, "prefix", None)
    return {"examples": [id_of(prefix)]} if prefix else {}
