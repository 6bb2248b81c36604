"""The overview page: active sessions, the activity of the last days, and the state of the system."""

from datetime import timedelta
from typing import Any

from django.db.models import Subquery, Sum
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from audit.admin import RESULTS, chain_badge
from audit.models import AuditEntry
from core.access import Principal, Tier, count_of
from core.api.admin import principal_of
from core.api.components import Badge, DefinitionList, Link, Table
from core.ids import Prefix, encode_id
from sessions_app.models import CounterKind, RevocationScope
from sessions_app.reads.dashboard import hourly_activity
from sessions_app.reads.live_counts import counters_within
from sessions_app.reads.stats import NO_SESSIONS
from sessions_app.scopes import scope_of
from tenancy.models import Platform
from web.console.charts import first_of_week, spans

MOST, RECENT = 8, 10
SILENT = timedelta(minutes=2)  # a worker says every ten seconds that it is there


def dashboard(request: HttpRequest, context: dict[str, Any]) -> TemplateResponse:
    me = principal_of(request)
    all_of_it = scope_of(me)
    sessions = all_of_it.stats if all_of_it else NO_SESSIONS
    now = timezone.now()
    activity = spans(hourly_activity(me, first_of_week(now)), now)
    own_context = {
        "title": "Overview",
        "sessions": sessions,
        "spans": activity,
        "parts": [
            _shares("Device", sessions["by_device_type"], "device"),
            _shares("Browser", sessions["by_browser"]),
            *([_tenants(me)] if me.tier > Tier.TENANT else []),
            *([_health()] if me.tier is Tier.SUPER else []),
            _recent(me),
        ],
    }
    return TemplateResponse(request, "console/dashboard.html", {**context, **own_context})


def _shares(name_of_each: str, counts: dict[str, int], filter_name: str = "") -> Table:
    everything = sum(counts.values())
    largest = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
    there = reverse("admin:sessions_app_session_changelist")
    rows = [
        (
            Link(name, f"{there}?{filter_name}={name}") if filter_name and name != "unknown" else name,
            f"{n:,}",
            f"{100 * n / everything:.1f} %",
        )
        for name, n in largest
    ]
    return Table(f"{name_of_each}s", (name_of_each, "Active sessions", "Share"), rows, empty="Nobody is signed in.")


def _tenants(me: Principal) -> Table:
    scope, target_id = (
        (RevocationScope.PLATFORM, None) if me.tier is Tier.SUPER else (RevocationScope.PARTNER, me.partner_id)
    )
    counted = counters_within(scope, target_id).current().filter(kind=CounterKind.ALL, tenant__kind="CUSTOMER")
    sums = counted.order_by().values_list("tenant_id", "tenant__name").annotate(n=Sum("n")).order_by("-n", "tenant_id")
    rows = [
        (Link(name, reverse("admin:tenancy_tenant_change", args=[encode_id(Prefix.TENANT, pk)])), f"{n:,}")
        for pk, name, n in sums[:MOST]
        if n > 0
    ]
    return Table("Largest tenants", ("Tenant", "Active sessions"), rows, empty="Nobody is signed in.")


def _health() -> DefinitionList:
    """Whether the worker runs, and whether the end of every chain of the audit log fits it."""
    heard = ProcrastinateWorker.objects.order_by("-last_heartbeat").values("last_heartbeat")[:1]
    waiting = ProcrastinateJob.objects.filter(status="todo", scheduled_at=None)
    failed = ProcrastinateJob.objects.filter(status="failed")
    state: Any = Platform.objects.values(seen=Subquery(heard), waiting=count_of(waiting), failed=count_of(failed))[0]
    is_running = state["seen"] is not None and timezone.now() - state["seen"] < SILENT
    return DefinitionList(
        "System status",
        [
            ("Worker", Badge("running", "success") if is_running else Badge("not running", "danger")),
            ("Last heartbeat", state["seen"]),
            ("Jobs waiting", f"{state['waiting'] or 0:,}"),
            ("Jobs failed", f"{state['failed'] or 0:,}"),
            ("Audit log integrity", chain_badge()),
        ],
    )


def _recent(me: Principal) -> Table:
    rows = [
        (
            each.created_at,
            Link(each.action, reverse("admin:audit_auditentry_change", args=[each.handle])),
            each.actor_label or each.actor_type,
            Badge(each.result, RESULTS[each.result]),
        )
        for each in AuditEntry.objects.visible_to(me).order_by("-pk")[:RECENT]
    ]
    more = Link("Full audit log", reverse("admin:audit_auditentry_changelist"))
    return Table("Recent activity", ("Time", "Action", "Actor", "Result"), rows, empty="Nothing yet.", more=more)
