"""Prepared statements for the most common lists: live sessions of a tenant, a partner or everybody, newest first."""

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
from sessions_app.models import RevocationScope, SessionState, SessionStateQuerySet
from sessions_app.reads.live_counts import live_total
from sessions_app.scopes import visible_tenants

_TARGET, _TENANT, _PARTNER, _SESSION, _AFTER = (
    UUID(int=number) for number in range(3, 8)
)  # placeholders for the values
_LENGTHS = (21, 101)  # the default and the longest page, and one more row that shows whether there is a next page


def live_in_tenant(tenant_id: UUID, *, seen_by: Principal) -> int | None:
    """Return the number of live sessions in a tenant, or None if `seen_by` cannot see it."""
    rows = _total(seen_by.tier).fetch(tenant_id, seen_by.tenant_id, seen_by.partner_id)
    return rows[0][0] if rows else None


def live_page(
    scope: RevocationScope,
    target_id: UUID | None,
    *,
    seen_by: Principal,
    columns: Sequence[str],
    most: int,
    after: UUID | None,
) -> list[dict[str, Any]]:
    """Return at most `most` rows. Two lengths are prepared; one for each would fill the connection's memory."""
    planned = next(length for length in _LENGTHS if length >= most)
    statement = _page(scope, seen_by.tier, tuple(columns), planned, after is not None)
    ids = (seen_by.tenant_id, seen_by.partner_id, seen_by.session_id or NIL_ID)
    return [dict(zip(columns, row, strict=True)) for row in statement.fetch(target_id, *ids, after)[:most]]


@cache
def _total(tier: Tier) -> Prepared:
    tenant = visible_tenants(_stand_in(tier)).filter(pk=_TARGET).order_by()
    total = tenant.values_list(live_total(RevocationScope.TENANT, _TARGET))
    return Prepared(lambda: total, {_TARGET: "uuid", _TENANT: "uuid", _PARTNER: "uuid"})


@cache
def _page(scope: RevocationScope, tier: Tier, columns: tuple[str, ...], most: int, is_continued: bool) -> Prepared:
    stand_ins = dict.fromkeys((_TARGET, _TENANT, _PARTNER, _SESSION, _AFTER), "uuid")
    return Prepared(lambda: _rows(scope, _stand_in(tier), columns, most, is_continued), stand_ins)


def _rows(
    scope: RevocationScope, seen_by: Principal, columns: tuple[str, ...], most: int, is_continued: bool
) -> QuerySet[Any]:
    """Select the ids from an index, and then read only those rows."""
    tenant_id = _TARGET if scope is RevocationScope.TENANT else None
    rows: SessionStateQuerySet = (
        SessionState.objects.visible_to(seen_by).in_scope(scope, _TARGET).live_by_index(tenant_id)
    )
    partner_id = _TARGET if scope is RevocationScope.PARTNER else None
    rows = rows.opened_since_last_scope_revocation(tenant_id=tenant_id, partner_id=partner_id).newest_first()
    ids = (rows.filter(pk__lt=_AFTER) if is_continued else rows).values("pk")[:most]
    return SessionState.objects.filter(pk_in(ids)).with_is_current(seen_by).newest_first().values_list(*columns)


def _stand_in(tier: Tier) -> Principal:
    return replace(Principal.system(""), tier=tier, tenant_id=_TENANT, partner_id=_PARTNER, session_id=_SESSION)
