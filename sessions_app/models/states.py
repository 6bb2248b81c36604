"""What has become of each session, as the database's views tell it. The rule is written there, and nowhere else.

| | |
|---|---|
| `live()` | the next request is let in |
| `revocable()` | live, idle, or under something suspended: still worth ending |
| `not_revoked()` | no act has ended it; the clock and suspension are not looked at |
| `timed_out()` | ended by the clock, and not marked as that yet |
| `live_by_index()` | the same sessions as `live()`, for totals and for skipping to a page: an index alone will do |
| `in_state(...)` | what the lists can be asked for |

All of these are filters: rows are locked and written through `Session`. A statement that locks rows has to judge them
afterwards, in a statement of its own. Judged in the same one, a row that had to be waited for would pass as it was
before the wait, since only the locked table is read again.
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
        """Of one tenant's sessions, the floors are looked up once and not for every row that is skipped."""
        standing = self.filter(revoked_at=None)
        if tenant_id is None:
            return standing.filter(is_below_floor=False)
        floors = TenantState.objects.filter(pk=tenant_id)
        application = Application.objects.filter(pk=OuterRef("application_id")).values("min_revision")
        required = RequiredRevision(
            opened_as_admin(),
            Subquery(floors.values("min_revision")),
            Subquery(floors.values("admin_min_revision")),
            Case(When(application_id__isnull=False, then=Subquery(application))),
        )
        return standing.filter(tenant=tenant_id, revision__gte=required)

    def timed_out(self, at: Any = None) -> Self:
        """At a moment, or now: the few since the last expiry pass."""
        moment = at or Now()
        return self.filter(revoked_at=None, due_at__lte=moment, times_out_at__lte=moment)

    def live_by_index(self, tenant_id: UUID | None = None, *, at: Any = None) -> Self:
        """Every act that ends sessions raises a floor or marks rows, so what is not revoked and has not timed out is
        live."""
        return self.not_revoked(tenant_id).exclude(pk__in=SessionState.objects.timed_out(at).values("pk"))

    def in_state(self, state: State, *, tenant_id: UUID | None = None) -> Self:
        """As `state` has it, told without a look at the users. Of one tenant, many live ones are skipped quicker."""
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
        """`is_current`: whether it is the one that the request was made with."""
        is_current = Case(When(pk=principal.session_id, then=Value(True)), default=Value(False))
        return self.annotate(is_current=is_current if principal.session_id else Value(False))


class SessionState(SessionColumns):
    """A session with what its lists show beside the row, and what has become of it by the database's clock."""

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
