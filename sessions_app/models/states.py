"""The state of each session, read from the database view `session_state`, which alone defines "live".

Its SQL is in migrations/0008_session_state.py. A session is live unless it is revoked, timed out, below a floor, or
owned by something that is suspended or deleted.

| | |
|---|---|
| `live()` | the next request is accepted |
| `revocable()` | live, idle, or under something suspended: still worth revoking |
| `not_revoked()` | not revoked; ignores timeouts and suspension |
| `timed_out()` | timed out, and not marked yet |
| `live_by_index()` | the same sessions as `live()`, answered from an index, for totals and for skipping to a page |
| `in_state(...)` | the states that lists filter by |

These only filter: rows are locked and written through `Session`. Lock rows first and filter by state in a second
statement. In a single one, a row that was locked by others would pass with the state it had before the wait, since
PostgreSQL reads only the locked table again.
"""

from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Now

from accounts.models import Application, Role, User
from core.access import Principal
from sessions_app.models.counters import State
from sessions_app.models.expressions import RequiredRevision, opened_as_admin
from sessions_app.models.revocations import Revocation
from sessions_app.models.sessions import SessionColumns, SessionRowsQuerySet
from sessions_app.models.tenant_states import TenantState
from tenancy.models import Partner, Tenant, TenantKind


class SessionStateQuerySet(SessionRowsQuerySet["SessionState"]):
    def live(self) -> Self:
        return self.filter(is_live=True)

    def revocable(self) -> Self:
        return self.filter(is_revocable=True)

    def not_revoked(self, tenant_id: UUID | None = None) -> Self:
        """Keep sessions that are not revoked. With `tenant_id`, its floors are read once and not for every row."""
        rows = self.filter(revoked_at=None)
        if tenant_id is None:
            return rows.filter(is_below_floor=False)
        floors = TenantState.objects.filter(pk=tenant_id)
        application = Application.objects.filter(pk=OuterRef("application_id")).values("min_revision")
        required = RequiredRevision(
            opened_as_admin(),
            Subquery(floors.values("min_revision")),
            Subquery(floors.values("admin_min_revision")),
            Case(When(application_id__isnull=False, then=Subquery(application))),
        )
        return rows.filter(tenant=tenant_id, revision__gte=required)

    def timed_out(self, at: Any = None) -> Self:
        """Keep sessions that have timed out by `at`, or by now: the few since the expiry job last ran."""
        moment = at or Now()
        return self.filter(revoked_at=None, due_at__lte=moment, times_out_at__lte=moment)

    def live_by_index(self, tenant_id: UUID | None = None, *, at: Any = None) -> Self:
        """Keep live sessions, answered from an index.

        Everything that ends sessions raises a floor or marks rows, so a session is live if it is neither revoked nor
        timed out.
        """
        return self.not_revoked(tenant_id).exclude(pk__in=SessionState.objects.timed_out(at).values("pk"))

    def in_state(self, state: State, *, tenant_id: UUID | None = None) -> Self:
        """Keep sessions in a state, without reading the users. `tenant_id` makes it faster to skip many live ones."""
        match state:
            case State.LIVE:
                return self.live_by_index(tenant_id)
            case State.EXPIRED:
                timed_out = SessionState.objects.not_revoked().timed_out()
                return self.filter(Q(is_expired=True) | Q(pk__in=timed_out.values("pk")))
            case State.REVOKED:
                marked = Q(revoked_at__isnull=False, is_expired=False)
                return self.filter(marked | Q(revoked_at=None, is_below_floor=True))
            case _:
                return self.all()

    def with_is_current(self, principal: Principal) -> Self:
        """Annotate `is_current`: whether the request was made in this session."""
        is_current = Case(When(pk=principal.session_id, then=Value(True)), default=Value(False))
        return self.annotate(is_current=is_current if principal.session_id else Value(False))


class SessionState(SessionColumns):
    """A session with its state by the database's clock, and the columns of its owners that lists show."""

    user = models.ForeignKey(User, models.DO_NOTHING, related_name="+")
    tenant = models.ForeignKey(Tenant, models.DO_NOTHING, related_name="+")
    partner = models.ForeignKey(Partner, models.DO_NOTHING, null=True, related_name="+")
    application = models.ForeignKey(Application, models.DO_NOTHING, null=True, related_name="+")
    revocation = models.ForeignKey(Revocation, models.DO_NOTHING, null=True, related_name="+")

    user_email = models.EmailField(max_length=254)
    user_display_name = models.CharField(max_length=200)
    user_first_name = models.CharField(max_length=100)
    user_last_name = models.CharField(max_length=100)
    user_role = models.CharField(max_length=16, choices=Role.choices)
    tenant_kind = models.CharField(max_length=16, choices=TenantKind.choices)
    tenant_slug = models.SlugField(max_length=63, null=True)
    tenant_name = models.CharField(max_length=200)
    tenant_partner_id = models.UUIDField(null=True)
    app_count = models.IntegerField()

    required_revision = models.BigIntegerField()
    is_below_floor = models.BooleanField()
    times_out_at = models.DateTimeField()
    has_timed_out = models.BooleanField()
    is_revocable = models.BooleanField()
    is_live = models.BooleanField()
    state = models.CharField(max_length=8, choices=State.choices)
    pending_revocation = models.JSONField(null=True)

    objects = SessionStateQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "session_state"

    def __str__(self) -> str:
        return self.handle
