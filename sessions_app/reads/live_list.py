"""The lists that are asked for nearly always, put together once: the live sessions of a tenant, of a partner or of
everybody, newest first, from the start or from where the last page ended."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from core.access import Principal, Tier
from core.ids import NIL_ID
from core.lookups import pk_in
from core.prepared import Prepared
from sessions_app.authority import visible_tenants
from sessions_app.models import Reach, SessionState, SessionStateQuerySet
from sessions_app.reads.live_counts import live_total

_TARGET, _TENANT, _PARTNER, _SESSION, _AFTER = (UUID(int=number) for number in range(3, 8))  # where values go
_LENGTHS = (21, 101)  # the usual page and the longest, and the row that tells whether there is more


def live_in_tenant(tenant_id: UUID, *, seen_by: Principal) -> int | None:
    """None when there is no such tenant for them."""
    found = _total(seen_by.tier).fetch(tenant_id, seen_by.tenant_id, seen_by.partner_id)
    return found[0][0] if found else None


def live_page(
    reach: Reach, target_id: UUID | None, *, seen_by: Principal, columns: Sequence[str], most: int, after: UUID | None
) -> list[dict[str, Any]]:
    """At most so many rows. Only two lengths are planned: one for every length would fill a connection's memory."""
    planned = next(length for length in _LENGTHS if length >= most)
    statement = _page(reach, seen_by.tier, tuple(columns), planned, after is not None)
    whose = (seen_by.tenant_id, seen_by.partner_id, seen_by.session_id or NIL_ID)
    return [dict(zip(columns, row, strict=True)) for row in statement.fetch(target_id, *whose, after)[:most]]


@cache
def _total(tier: Tier) -> Prepared:
    place = visible_tenants(_somebody(tier)).filter(pk=_TARGET).order_by()
    total = place.values_list(live_total(Reach.TENANT, _TARGET))
    return Prepared(lambda: total, {_TARGET: "uuid", _TENANT: "uuid", _PARTNER: "uuid"})


@cache
def _page(reach: Reach, tier: Tier, columns: tuple[str, ...], most: int, is_behind: bool) -> Prepared:
    stand_ins = dict.fromkeys((_TARGET, _TENANT, _PARTNER, _SESSION, _AFTER), "uuid")
    return Prepared(lambda: _rows(reach, _somebody(tier), columns, most, is_behind), stand_ins)


def _rows(reach: Reach, seen_by: Principal, columns: tuple[str, ...], most: int, is_behind: bool) -> QuerySet[Any]:
    """The ids, told by an index alone; then those few rows."""
    tenant_id = _TARGET if reach is Reach.TENANT else None
    rows: SessionStateQuerySet = (
        SessionState.objects.visible_to(seen_by).within(reach, _TARGET).live_by_index(tenant_id)
    )
    partner_id = _TARGET if reach is Reach.PARTNER else None
    rows = rows.opened_since_last_scope_revocation(tenant_id=tenant_id, partner_id=partner_id).newest_first()
    ids = (rows.filter(pk__lt=_AFTER) if is_behind else rows).values("pk")[:most]
    return SessionState.objects.filter(pk_in(ids)).with_is_current(seen_by).newest_first().values_list(*columns)


def _somebody(tier: Tier) -> Principal:
    return replace(Principal.system(""), tier=tier, tenant_id=_TENANT, partner_id=_PARTNER, session_id=_SESSION)
