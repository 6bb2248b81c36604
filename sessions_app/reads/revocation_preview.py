"""What a revocation would end, before anything is revoked."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, Q, Value, When
from django.db.models.functions import Coalesce, Now

from sessions_app import durations
from sessions_app.models import RevocationScope, SessionState
from sessions_app.models.expressions import opened_as_admin
from sessions_app.reads import live_counts
from sessions_app.reads.stats import NO_SESSIONS, session_stats
from sessions_app.selection import Selection
from tenancy.models import Tenant

COUNTED_SCOPES = (RevocationScope.PLATFORM, RevocationScope.PARTNER, RevocationScope.TENANT)
SAMPLE = 10
AGES = {"under 1h": "1h", "under 1d": "1d", "under 7d": "7d", "under 30d": "30d"}
OLDER = "30d and more"


@dataclass(frozen=True, slots=True)
class RevocationPreview:
    """The totals that a person confirms, and the newest sessions."""

    sessions: int
    users: int
    tenants: int
    administrators: int
    has_own_session: bool
    sample: list[SessionState]


@dataclass(frozen=True, slots=True)
class RevocationBreakdown:
    """The sessions that would be revoked, by tenant, device and age, for a command's output."""

    count: int
    by_tenant: dict[str, int]
    by_device: dict[str, int]
    by_age: dict[str, int]
    sample: list[dict[str, Any]]


def preview_revocation(selection: Selection) -> RevocationPreview:
    """Count what would be revoked: a large scope from its counters, anything else from the rows."""
    live = selection.sessions().live()
    own_id = selection.requested_by.session_id if selection.requested_by else None
    has_own_session = own_id is not None and live.filter(pk=own_id).exists()
    if selection.whole_scope and selection.whole_scope[0] in COUNTED_SCOPES:
        stats = session_stats(*selection.whole_scope, seen_by=None) or NO_SESSIONS
        tenants, administrators = live_counts.tenants_and_administrators(*selection.whole_scope)
        totals = (stats["active_sessions"], stats["unique_users"], tenants, administrators)
    else:
        counts = live.aggregate(
            sessions=Count("pk"),
            users=Count("user", distinct=True),
            tenants=Count("tenant", distinct=True, filter=Q(tenant__kind=Tenant.Kind.CUSTOMER)),
            administrators=Count("pk", filter=opened_as_admin()),
        )
        totals = (counts["sessions"], counts["users"], counts["tenants"], counts["administrators"])
    newest = live.opened_since_last_scope_revocation(**_scope_ids(selection)).newest_first()
    return RevocationPreview(*totals, has_own_session, list(newest[:SAMPLE]))


def _scope_ids(selection: Selection) -> dict[str, UUID | None]:
    return {f"{scope}_id": selection.scopes.get(scope) for scope in (RevocationScope.TENANT, RevocationScope.PARTNER)}


def break_down_revocation(selection: Selection) -> RevocationBreakdown:
    """Count what would be revoked by tenant, device and age, in one query."""
    live = selection.sessions().live()
    ages = [When(created_at__gt=Now() - durations.read(length), then=Value(label)) for label, length in AGES.items()]
    age = Case(*ages, default=Value(OLDER), output_field=CharField())
    tenant = Coalesce("tenant_slug", "tenant_name", output_field=CharField())
    groups = live.annotate(age=age).order_by().values_list(tenant, "device_type", "age").annotate(n=Count("*"))
    sums: tuple[dict[str, int], ...] = ({}, {}, dict.fromkeys([*AGES, OLDER], 0))
    total = 0
    for *values, n in groups:
        total += n
        for counts, value in zip(sums, values, strict=True):
            counts[value or "unknown"] = counts.get(value or "unknown", 0) + n
    return RevocationBreakdown(total, _largest_first(sums[0]), _largest_first(sums[1]), sums[2], _sample(live))


def _sample(live: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": each.handle,
            "user": each.user_email,
            "tenant": each.tenant_slug or each.tenant_name,
            "ip_address": each.ip_address,
            "device": " ".join(filter(None, [each.browser, each.os, each.device_type])),
            "created_at": each.created_at.isoformat(timespec="seconds"),
            "last_activity_at": each.last_activity_at.isoformat(timespec="seconds"),
        }
        for each in live.newest_first()[:SAMPLE]
    ]


def _largest_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
