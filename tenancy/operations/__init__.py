from tenancy.operations.changes import (
    HIDDEN,
    PartnerHasTenants,
    bump_version,
    change,
    delete,
    reactivate,
    record_created,
    suspend,
)
from tenancy.operations.limits import LimitReached, check_limit, enforce_limit
from tenancy.operations.locks import Versions, lock, lock_tenant_for_create
from tenancy.operations.partners import create_partner
from tenancy.operations.revisions import next_revision
from tenancy.operations.session_policies import set_session_policy
from tenancy.operations.tenants import change_tenant, create_tenant

__all__ = [
    "HIDDEN",
    "LimitReached",
    "PartnerHasTenants",
    "Versions",
    "bump_version",
    "change",
    "change_tenant",
    "check_limit",
    "create_partner",
    "create_tenant",
    "delete",
    "enforce_limit",
    "lock",
    "lock_tenant_for_create",
    "next_revision",
    "reactivate",
    "record_created",
    "set_session_policy",
    "suspend",
]
