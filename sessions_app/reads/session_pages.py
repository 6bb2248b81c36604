"""Read a page of a list and its total in one statement, so that they match."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, JSONField, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import JSONObject

from core.access import Principal, count_of, unfiltered
from core.lookups import pk_in
from sessions_app.models import SessionState, SessionStateQuerySet
from sessions_app.reads.live_counts import live_total
from sessions_app.scopes import owner_filter, scope_of
from tenancy.models import Platform


class SessionPage(NamedTuple):
    total: int
    rows: list[dict[str, Any]]


def page_query(
    rows: QuerySet[Any],
    ordering: Sequence[OrderBy],
    *,
    annotations: Mapping[str, Any],
    columns: JSONObject,
    skip: int,
    limit: int,
    total: Any = None,
) -> QuerySet[Any, Any]:
    """Build the query of a page.

    The ordering and the rows' filters may use the annotations. `total` is an expression for the number of rows, if it
    is known without counting. Skipped rows are read from the index only.
    """
    ids = rows.order_by(*ordering).values("pk")[skip : skip + limit]
    page = unfiltered(rows).filter(pk_in(ids)).alias(**annotations).order_by(*ordering)
    array = ArraySubquery(page.values(about=columns))
    as_json = Func(array, function="to_jsonb", output_field=JSONField())  # faster to read than one value per row
    return Platform.objects.order_by().values_list(total or count_of(rows), as_json)


def live_sessions(principal: Principal) -> SessionStateQuerySet:
    """Return the live sessions that the principal can see, by a query that skips scope-wide revocations quickly."""
    owner_ids = owner_filter(principal)
    return (
        SessionState.objects.visible_to(principal)
        .live_by_index(owner_ids.get("tenant_id"))
        .opened_since_last_scope_revocation(**owner_ids)
    )


def visible_live_total(principal: Principal) -> Any:
    """Return the number of live sessions that the principal can see, as an expression on the counters."""
    scope = scope_of(principal)
    return live_total(scope.scope, scope.target_id) if scope else None
