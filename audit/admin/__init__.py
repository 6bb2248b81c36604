from audit.admin.entries import AuditEntryAdmin
from audit.admin.panels import RESULTS, audit_panel, chain_badge

__all__ = ["RESULTS", "AuditEntryAdmin", "audit_panel", "chain_badge"]
