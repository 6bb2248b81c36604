"""Sessions: one per sign-in. The row outlives the session, and holds who ended it, when and why.

Whether a session is live is decided by the database: see `SessionState`.
"""

from typing import Any, Self, TypeVar
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, Func, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Greatest, JSONObject, Now

from accounts.models import Application, Role, User
from accounts.models.users import PersonalQuerySet
from core.access import count_of
from core.ids import Prefix
from core.models import Record, one_of
from sessions_app.models import expressions
from sessions_app.models.revocations import Revocation, RevocationScope
from sessions_app.models.tenant_states import TenantState
from tenancy.models import Partner, Tenant, platform

M = TypeVar("M", bound=models.Model)


class SessionRowsQuerySet(PersonalQuerySet[M]):
    """Filters and annotations that work on both the table and the view."""

    partner_path = "partner"

    def opened_since_last_scope_revocation(
        self, *, tenant_id: UUID | None = None, partner_id: UUID | None = None
    ) -> Self:
        """Skip sessions that a floor has ended and no sweep has marked. An optimisation: live sessions all stay."""
        raised_at: Any = platform("floor_raised_at")
        if tenant_id is not None:
            raised_at = Subquery(TenantState.objects.filter(pk=tenant_id).values("floor_raised_at"))
        elif partner_id is not None:
            of_partner = Partner.objects.filter(pk=partner_id).values("floor_raised_at")
            raised_at = Greatest(raised_at, Subquery(of_partner))
        return self.filter(pk__gte=expressions.min_id_at(raised_at))

    def in_scope(self, scope: RevocationScope, target_id: UUID | None) -> Self:
        match scope:
            case RevocationScope.PLATFORM:
                return self.all()
            case RevocationScope.ADMINS:
                # The role at sign-in: a changed role revokes the user's sessions.
                return self.filter(expressions.opened_as_admin())
            case RevocationScope.SESSION:
                return self.filter(pk=target_id)
            case _:
                return self.filter(**{f"{scope}_id": target_id})

    def for_user(self, user_id: UUID | None) -> Self:
        return self.filter(user=user_id)

    def with_token_version(self) -> Self:
        """Annotate `token_version`, the one that was current when the session was opened.

        Every sign-out of all administrators starts a new version, so the session is as many versions behind as there
        have been since.
        """
        sign_outs = Revocation.objects.filter(reach=RevocationScope.ADMINS, number__gt=0)
        numbers = ArraySubquery(sign_outs.order_by("number").values("number"))
        before = Func(F("revision"), numbers, function="width_bucket", output_field=IntegerField())
        return self.annotate(token_version=platform("token_version") - (count_of(sign_outs) - before))

    def with_applications(self) -> Self:
        """Annotate `application_uses`, the applications that were used in the session."""
        uses = SessionApplication.objects.filter(session=OuterRef("pk")).order_by("accessed_at", "pk")
        about = JSONObject(id="application_id", name="application__name", accessed_at="accessed_at")
        return self.annotate(application_uses=ArraySubquery(uses.values(about=about)))

    def newest_first(self) -> Self:
        return self.order_by("-id")


class SessionQuerySet(SessionRowsQuerySet["Session"]):
    pass


class AuthMethod(models.TextChoices):
    API = "api"
    MFA = "mfa"
    PASSWORD = "password"  # noqa: S105 - the name of a method


class SessionColumns(Record):
    """The columns that the table and the view share, except the foreign keys."""

    prefix = Prefix.SESSION

    role = models.CharField(max_length=16, choices=Role.choices)
    auth_method = models.CharField(max_length=16, choices=AuthMethod.choices)

    ip_address = models.GenericIPAddressField(null=True)
    last_ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=512, blank=True)
    browser = models.CharField(max_length=64, blank=True)
    os = models.CharField(max_length=64, blank=True)
    device_type = models.CharField(max_length=16, blank=True)
    location = models.CharField(max_length=128, blank=True)
    country = models.CharField(max_length=2, blank=True)

    last_activity_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    idle_limit = models.DurationField()
    due_at = models.DateTimeField(null=True, db_default=Now())  # when it may time out; null once the session has ended
    revision = models.BigIntegerField()  # the platform's when the session was opened; floors are compared with it
    era = models.BigIntegerField(default=0)  # the highest floor when it was opened; counters are kept for each era
    is_newest = models.BooleanField(default=False)  # of its user's sessions; counters count users by it

    key_digest = models.BinaryField(max_length=32, null=True)
    refreshed_at = models.DateTimeField(null=True)

    # How the session ended, by revocation or by timing out (is_expired).
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=128, blank=True)
    revoke_reason = models.CharField(max_length=200, blank=True)
    is_expired = models.BooleanField(default=False)

    class Meta:
        abstract = True


class Session(SessionColumns):
    user = models.ForeignKey(User, models.PROTECT, related_name="sessions", db_index=False)
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="sessions", db_index=False)
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="sessions", db_index=False)
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="sessions", db_index=False)
    revocation = models.ForeignKey(Revocation, models.PROTECT, null=True, related_name="sessions", db_index=False)

    refresh_digest = models.BinaryField(max_length=32, null=True)
    spent_refresh_digest = models.BinaryField(max_length=32, null=True)
    refreshed_before_at = models.DateTimeField(null=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None, revocation=None, is_expired=False)
                | Q(revoked_at__isnull=False, revocation__isnull=False, is_expired=False)
                | Q(revoked_at__isnull=False, revocation=None, is_expired=True),
                name="session_end_names_its_revocation",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="session_ends_after_it_began"),
            models.CheckConstraint(condition=Q(revision__gte=F("era")), name="session_is_not_born_dead"),
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(is_newest=False), name="session_that_is_over_is_not_the_newest"
            ),
            one_of("auth_method", AuthMethod, "session_auth_method_is_known"),
            one_of("role", Role, "session_role_is_known"),
        ]
        indexes = [
            # Holds everything that the view's rule reads, so that skipping a million rows is an index-only scan. The
            # user is included because the planner drops the view's join to users too late.
            models.Index(
                fields=["tenant", "-id"],
                condition=Q(revoked_at=None),
                include=["revision", "role", "application", "user"],
                name="session_live_of_tenant",
            ),
            models.Index(fields=["user", "-id"], condition=Q(revoked_at=None), name="session_of_user"),
            models.Index(fields=["partner", "-id"], condition=Q(revoked_at=None), name="session_of_partner"),
            models.Index(fields=["application", "-id"], condition=Q(revoked_at=None), name="session_for_application"),
            models.Index(fields=["-id"], condition=Q(revoked_at=None), name="session_live"),
            models.Index(
                fields=["tenant", "device_type", "-id"], condition=Q(revoked_at=None), name="session_by_device"
            ),
            models.Index(fields=["ip_address"], condition=Q(revoked_at=None), name="session_by_address"),
            models.Index(
                fields=["last_ip_address"],
                condition=Q(revoked_at=None) & expressions.address_changed(),
                name="session_by_last_address",
            ),
            models.Index(fields=["due_at"], condition=Q(revoked_at=None), name="session_due"),
            models.Index(fields=["-id"], condition=~Q(role=Role.USER), name="session_of_administrators"),
            models.Index(fields=["tenant", "-id"], name="session_ever_of_tenant"),
            models.Index(fields=["user", "-id"], name="session_ever_of_user"),
            models.Index(fields=["partner", "-id"], name="session_ever_of_partner"),
        ]

    def __str__(self) -> str:
        return self.handle


class SessionApplication(models.Model):
    """An application that was used in a session."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="applications", db_index=False)
    application = models.ForeignKey(Application, models.PROTECT, related_name="+")
    accessed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "application"], name="session_application_is_listed_once")
        ]

    def __str__(self) -> str:
        return f"{self.application_id} in {self.session_id}"
