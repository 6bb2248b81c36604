from typing import Any

from django.db import transaction

from audit.actions import Action
from audit.operations import record
from core.access import Principal
from tenancy.models import Partner, Platform, SessionPolicy, Tenant
from tenancy.operations.locks import rows_of
from tenancy.signals import send_and_count, session_policy_changed


@transaction.atomic
def set_session_policy(owner: Platform | Partner | Tenant, *, actor: Principal, **policy: Any) -> int:
    """Set how long sessions last and how many a user may have; return how many sessions that revoked.

    Stricter values apply to live sessions at once.
    """
    names = [field.name for field in SessionPolicy._meta.fields]  # noqa: SLF001 - a documented API
    changes = {name: [getattr(owner, name), policy[name]] for name in names if name in policy}
    send_and_count(session_policy_changed, owner, actor=actor, is_written=False)
    rows_of(owner).filter(pk=owner.pk).update(**{name: value for name, (_, value) in changes.items()})
    owner.refresh_from_db(fields=list(changes))
    revoked = send_and_count(session_policy_changed, owner, actor=actor, is_written=True)
    resource = None if isinstance(owner, Platform) else owner
    tenant_id = owner.pk if isinstance(owner, Tenant) else None
    record(Action.SESSION_POLICY_CHANGED, actor=actor, resource=resource, tenant_id=tenant_id, changes=changes)
    return revoked
