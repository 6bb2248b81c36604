from audit.admin.entries import AuditEntryAdmin
from audit.admin.quoting import RESULTS, chains, record_of

__all__ = ["RESULTS", "AuditEntryAdmin", "chains", "record_of"]
