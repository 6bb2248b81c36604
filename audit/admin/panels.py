"""Parts of other pages that show the audit log."""

from collections.abc import Sequence

from django.urls import reverse

from audit.models import AuditEntry
from audit.queries import broken_chains
from core.access import Principal
from core.api.components import Badge, Link, Table

RESULTS = {"success": "success", "denied": "danger", "failure": "warning"}
MAX_ROWS = 20


def audit_panel(handles: Sequence[str], principal: Principal) -> Table:
    """Return the newest entries about some resources that the operator may see."""
    rows = AuditEntry.objects.visible_to(principal).filter(resource_id__in=handles).order_by("-pk")[:MAX_ROWS]
    cells = [
        (
            each.created_at,
            Link(each.action, reverse("admin:audit_auditentry_change", args=[each.handle])),
            each.actor_label or each.actor_type,
            Badge(each.result, RESULTS[each.result]),
            each.changes.get("reason", ""),
        )
        for each in rows
    ]
    more = Link("All audit log entries", f"{reverse('admin:audit_auditentry_changelist')}?q={handles[0]}")
    return Table(
        "Audit history",
        ("Time", "Action", "Actor", "Result", "Reason"),
        cells,
        empty="Nothing yet.",
        more=more if len(cells) == MAX_ROWS else None,
    )


def chain_badge() -> Badge:
    """Show whether the end of each chain matches it. The command `verify_audit` verifies every entry."""
    broken = broken_chains()
    return Badge(f"{broken} broken", "danger") if broken else Badge("OK", "success")
