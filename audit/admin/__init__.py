from audit.admin.entries import AuditEntryAdmin
from audit.admin.quoting import RESULTS, record_of

__all__ = ["RESULTS", "AuditEntryAdmin", "record_of"]
