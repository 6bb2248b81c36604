"""A session is one sign-in. Its row stays when it has ended, and says who ended it, when and why."""

from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import BooleanField, Case, Count, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest, Now

from accounts.models import Application, Role, User, user_is_up
from accounts.models.users import PersonalQuerySet, is_admin
from core.access import Principal
from core.ids import Prefix
from core.records import Record, is_up, one_of
from tenancy.models import Partner, Tenant, platform


class Reach(models.TextChoices):
    """How much one revocation ends."""

    ADMINS = "admins"
    APPLICATION = "application"
    PARTNER = "partner"
    PLATFORM = "platform"
    SESSION = "session"
    TENANT = "tenant"
    USER = "user"


class Revocation(Record):
    """One act of ending sessions, however many. It holds from its commit; the sweep only writes it down on the rows."""

    prefix = Prefix.REVOCATION

    number = models.BigIntegerField(null=True, unique=True)
    reach = models.CharField(max_length=16, choices=Reach.choices)
    target_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=200)
    actor_id = models.CharField(max_length=128)
    actor_label = models.CharField(max_length=320)
    tenant_id = models.UUIDField(null=True)
    partner_id = models.UUIDField(null=True)
    revoked_count = models.BigIntegerField(default=0)
    swept_count = models.BigIntegerField(default=0)
    swept_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [one_of("reach", Reach, "revocation_reach_is_known")]
        indexes = [models.Index(fields=["id"], condition=Q(swept_at=None), name="revocation_to_sweep")]

    def __str__(self) -> str:
        return f"{self.reach}: {self.reason}"


class SessionQuerySet(PersonalQuerySet["Session"]):
    partner_path = "partner"

    def live(self) -> Self:
        """Sessions whose next request is let in. This is the rule; the authenticator runs this very query."""
        return self.unended().filter(
            user_is_up("user__"),
            # What an application belongs to is the user's own tenant or partner, or the platform: judged already.
            Q(application=None) | is_up("application__"),
            last_activity_at__gt=Now() - F("idle_limit"),
        )

    def unended(self) -> Self:
        """Live ones, and those that only rest: idle by now, or under something suspended that may come back."""
        return self.alias(floor=floor()).filter(
            Q(application=None) | Q(application__min_revision__lte=F("revision")),
            revoked_at=None,
            expires_at__gt=Now(),
            revision__gte=F("floor"),
        )

    def within(self, reach: Reach, target_id: UUID | None) -> Self:
        match reach:
            case Reach.PLATFORM:
                return self.all()
            case Reach.ADMINS:
                return self.filter(an_administrators())
            case Reach.SESSION:
                return self.filter(pk=target_id)
            case _:
                return self.filter(**{f"{reach}_id": target_id})

    def for_user(self, user_id: UUID | None) -> Self:
        return self.filter(user=user_id)

    def seen_by(self, principal: Principal) -> Self:
        """With what a list shows beside the row itself."""
        reached = SessionApplication.objects.filter(session=OuterRef("pk")).values("session").annotate(n=Count("*"))
        is_current = Case(When(pk=principal.session_id, then=True), default=False, output_field=BooleanField())
        return self.annotate(
            user_email=F("user__email"),
            app_count=Coalesce(Subquery(reached.values("n"), output_field=IntegerField()), 0),
            is_current=is_current if principal.session_id else Value(False),
        )

    def newest_first(self) -> Self:
        return self.order_by("-id")


def an_administrators() -> Q:
    """Of somebody who administers, or did when they signed in: losing the role revives nothing."""
    return is_admin("user__") | ~Q(role=Role.USER)


def floor() -> Greatest:
    """The lowest revision that is still good enough for everything above a session."""
    return Greatest(
        platform("min_revision"),
        Case(When(an_administrators(), then=platform("admin_min_revision")), default=Value(0)),
        Coalesce(F("user__tenant__partner__min_revision"), 0),
        F("user__tenant__min_revision"),
        F("user__min_revision"),
    )


class AuthMethod(models.TextChoices):
    API = "api"
    MFA = "mfa"
    PASSWORD = "password"  # noqa: S105 - the name of a method


class Session(Record):
    prefix = Prefix.SESSION

    user = models.ForeignKey(User, models.PROTECT, related_name="sessions", db_index=False)
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="sessions", db_index=False)
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="sessions", db_index=False)
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="sessions")
    role = models.CharField(max_length=16, choices=Role.choices)
    auth_method = models.CharField(max_length=16, choices=AuthMethod.choices)

    ip_address = models.GenericIPAddressField(null=True)
    last_ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=512, blank=True)
    browser = models.CharField(max_length=64, blank=True)
    os = models.CharField(max_length=64, blank=True)
    device_type = models.CharField(max_length=16, blank=True)
    location = models.CharField(max_length=128, blank=True)

    last_activity_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    idle_limit = models.DurationField()
    revision = models.BigIntegerField()

    refresh_digest = models.BinaryField(max_length=32, null=True)
    spent_refresh_digest = models.BinaryField(max_length=32, null=True)
    refreshed_at = models.DateTimeField(null=True)
    refreshed_before_at = models.DateTimeField(null=True)

    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=128, blank=True)
    revoke_reason = models.CharField(max_length=200, blank=True)
    revocation = models.ForeignKey(Revocation, models.PROTECT, null=True, related_name="sessions", db_index=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None, revocation=None) | Q(revoked_at__isnull=False, revocation__isnull=False),
                name="session_end_names_its_revocation",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="session_ends_after_it_began"),
            one_of("auth_method", AuthMethod, "session_auth_method_is_known"),
            one_of("role", Role, "session_role_is_known"),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], condition=Q(revoked_at=None), name="session_of_user"),
            models.Index(fields=["tenant", "-id"], condition=Q(revoked_at=None), name="session_of_tenant"),
            models.Index(fields=["partner", "-id"], condition=Q(revoked_at=None), name="session_of_partner"),
        ]

    def __str__(self) -> str:
        return self.handle


class SessionApplication(models.Model):
    """An application that was reached in a session."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="applications", db_index=False)
    application = models.ForeignKey(Application, models.PROTECT, related_name="+")
    accessed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "application"], name="session_application_is_listed_once")
        ]

    def __str__(self) -> str:
        return f"{self.application_id} in {self.session_id}"
