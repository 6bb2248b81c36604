"""What other pages quote of the record."""

from collections.abc import Sequence

from django.urls import reverse

from audit.models import AuditEntry
from audit.queries import broken_chains
from core.access import Principal
from core.api.components import Badge, Link, Table

RESULTS = {"success": "success", "denied": "danger", "failure": "warning"}
QUOTED = 20


def audit_panel(handles: Sequence[str], principal: Principal) -> Table:
    """What was done to these, the newest first, as far as the operator may read of it."""
    rows = AuditEntry.objects.visible_to(principal).filter(resource_id__in=handles).order_by("-pk")[:QUOTED]
    lines = [
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
        lines,
        empty="Nothing yet.",
        more=more if len(lines) == QUOTED else None,
    )


def chain_badge() -> Badge:
    """Whether the end of each fits it; `verify_audit` computes them anew."""
    loose = broken_chains()
    return Badge(f"{loose} broken", "danger") if loose else Badge("OK", "success")
