"""The parameters that the published schema describes: in headers, in queries, and the ids in paths."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from core import ids
from core.ids import Prefix
from core.paging import LAST_PAGE, MOST_PER_PAGE, PER_PAGE, Listing
from core.resources import SESSIONS_ENDED
from core.schema_examples import id_of

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    OpenApiParameter.HEADER,
    description="Your own name for this request. Sent again within a day, it is answered again and not done twice.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of what you have read: if it has been changed since, nothing is done.",
)
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 201], description="The version; for If-Match."
)
ENDED = OpenApiParameter(
    SESSIONS_ENDED, int, OpenApiParameter.HEADER, response=[200, 204], description="How many sessions this has ended."
)
IDS_IN_PATHS = {
    "child_group_id": Prefix.GROUP,
    "entry_id": Prefix.AUDIT_ENTRY,
    "key_id": Prefix.API_KEY,
    "revocation_id": Prefix.REVOCATION,
    "session_id": Prefix.SESSION,
    "tenant_id": Prefix.TENANT,
    "user_id": Prefix.USER,
}


def parameters_of(listing: Listing) -> list[OpenApiParameter]:
    """Where in the list, and then what of it."""

    def parameter(name: str, description: str, **schema: Any) -> OpenApiParameter:
        return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)

    filters = [
        parameter(name, each.label, **each.parameter(), **_example_of(each))
        for name, each in listing.filters.base_filters.items()
    ]
    if not listing.orderings:
        return filters
    behind = "Instead of a page: `next_cursor` of the page before, which costs the same however far down it is."
    return [
        parameter("page", "", type="integer", minimum=1, maximum=LAST_PAGE, default=1),
        parameter("per_page", "", type="integer", minimum=1, maximum=MOST_PER_PAGE, default=PER_PAGE),
        parameter("cursor", behind, type="string"),
        parameter("ordering", "", type="string", enum=listing.words, default=listing.words[0]),
        *filters,
    ]


def id_in_path(name: str, resource: Prefix | None) -> dict[str, Any]:
    """How the schema describes an id in a path; nothing for what is no id."""
    prefix = resource if name == "resource_id" else IDS_IN_PATHS.get(name)
    return {"pattern": ids.pattern(prefix), "examples": [id_of(prefix)]} if prefix else {}


def _example_of(filter_: Any) -> dict[str, Any]:
    prefix = getattr(filter_, "prefix", None)
    return {"examples": [id_of(prefix)]} if prefix else {}
