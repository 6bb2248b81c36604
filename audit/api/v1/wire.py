"""An audit log entry as v1 represents it."""

from collections.abc import Mapping
from typing import Any

from core.access import ActorType, Tier
from core.ids import Prefix, encode_id

COLUMNS = (
    *("id", "created_at", "actor_id", "actor_label", "actor_type", "actor_tier", "action", "resource_type"),
    *("resource_id", "tenant_id", "partner_id", "result", "ip_address", "user_agent", "request_id", "changes"),
)
PEOPLE = (ActorType.USER, ActorType.API_KEY)
ROLES = {Tier.SUPER: "super_admin", Tier.PARTNER: "partner_admin", Tier.TENANT: "tenant_admin", Tier.USER: "user"}


def entry(row: Mapping[str, Any], *, seen_by: Tier) -> dict[str, Any]:
    tenant_id, partner_id = row["tenant_id"], row["partner_id"]
    is_person = row["actor_type"] in PEOPLE
    return {
        "id": encode_id(Prefix.AUDIT_ENTRY, row["id"]),
        "timestamp": row["created_at"],
        "actor_id": row["actor_id"] or None,
        "actor_email": row["actor_label"] or None,
        "actor_type": row["actor_type"],
        "actor_role": ROLES.get(Tier[row["actor_tier"].upper()]) if is_person else None,
        "action": row["action"],
        "resource_type": row["resource_type"] or None,
        "resource_id": row["resource_id"] or None,
        "tenant_id": encode_id(Prefix.TENANT, tenant_id) if tenant_id else None,
        "partner_id": encode_id(Prefix.PARTNER, partner_id) if partner_id else None,
        "result": row["result"],
        "ip_address": row["ip_address"],
        "user_agent": row["user_agent"] or None,
        "request_id": row["request_id"] or None,
        "changes": changes(row["changes"], seen_by=seen_by),
    }


def changes(recorded: Mapping[str, Any], *, seen_by: Tier) -> dict[str, Any]:
    """Return an entry's changes. Only super admins see between which partners a tenant moved."""
    return {name: values for name, values in recorded.items() if seen_by is Tier.SUPER or name != "partner_id"}
