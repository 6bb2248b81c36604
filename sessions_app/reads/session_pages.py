"""A stretch of a list and the length of all of it, told by one statement: they are of the same moment."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, JSONField, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import JSONObject

from core.access import Principal, count_of, unfiltered
from core.lookups import pk_in
from sessions_app.authority import owner_filter, scope_of
from sessions_app.models import SessionState, SessionStateQuerySet
from sessions_app.reads.live_counts import live_total
from tenancy.models import Platform


class SessionPage(NamedTuple):
    total: int
    rows: list[dict[str, Any]]


def stretch_query(
    rows: QuerySet[Any],
    by: Sequence[OrderBy],
    *,
    names: Mapping[str, Any],
    columns: JSONObject,
    skip: int,
    most: int,
    total: Any = None,
) -> QuerySet[Any, Any]:
    """The query for a stretch.

    `by` may speak of `names`, and so may whatever has filtered the rows. `total` is how many there are, if somebody
    knows without counting them. What is skipped is only stepped over: no more than its ids is read.
    """
    ids = rows.order_by(*by).values("pk")[skip : skip + most]
    there = unfiltered(rows).filter(pk_in(ids)).alias(**names).order_by(*by)
    shown = ArraySubquery(there.values(about=columns))
    as_one_text = Func(
        shown, function="to_jsonb", output_field=JSONField()
    )  # which is read faster than one for each row
    return Platform.objects.order_by().values_list(total or count_of(rows), as_one_text)


def live_sessions(principal: Principal) -> SessionStateQuerySet:
    """Everything that is live within the caller's reach, without a look at what one act has ended all at once."""
    place = owner_filter(principal)
    return (
        SessionState.objects.visible_to(principal)
        .live_by_index(place.get("tenant_id"))
        .opened_since_last_scope_revocation(**place)
    )


def visible_live_total(principal: Principal) -> Any:
    """The same, as a number for use within a query: from the counters."""
    everything = scope_of(principal)
    return live_total(everything.reach, everything.target_id) if everything else None
