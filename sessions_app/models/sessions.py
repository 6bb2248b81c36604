"""A session is one sign-in. Its row stays when it has ended, and says who ended it, when and why."""

from typing import Any, Self
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, JSONObject, Now

from accounts.models import Application, Role, User
from accounts.models.users import PersonalQuerySet
from core.access import Principal, count_of
from core.ids import Prefix
from core.records import Record, one_of
from sessions_app.models import rule
from sessions_app.models.counts import State
from sessions_app.models.revocations import Reach, Revocation
from tenancy.models import Partner, Tenant, platform


class SessionQuerySet(PersonalQuerySet["Session"]):
    partner_path = "partner"

    def live(self) -> Self:
        """Sessions whose next request is let in. This is the rule; the authenticator runs this very query."""
        return self.unended().filter(rule.all_up(), last_activity_at__gt=Now() - F("idle_limit"))

    def unended(self) -> Self:
        """Live ones, and those that only rest: idle by now, or under something suspended that may come back."""
        return self.alias(floor=rule.floor(rule.an_administrators(), F("user__min_revision"))).filter(
            rule.stands_for_its_application("revision"),
            revoked_at=None,
            expires_at__gt=Now(),
            revision__gte=F("floor"),
        )

    def standing(self) -> Self:
        """Sessions that no act has ended, told from the row and the floors above it: an index alone will do.

        A floor of the user's own needs no look: raising it marks the rows, in the same transaction.
        """
        return self.alias(floor=rule.floor(rule.signed_in_to_administer())).filter(
            rule.stands_for_its_application("revision"), revoked_at=None, revision__gte=F("floor")
        )

    def lapsed(self, at: Any = None) -> Self:
        """Over by the clock, and not written down as that yet: the few since the last expiry pass."""
        return self.filter(rule.lapsed(at), revoked_at=None, due_at__lte=at or Now())

    def standing_in(self, tenant_id: UUID) -> Self:
        """The same of one tenant's: its floors are looked up once, and not for every row that is skipped."""
        floors = Greatest(platform("min_revision"), "min_revision", Coalesce("partner__min_revision", 0))
        stands_for = Application.objects.filter(pk=OuterRef("application"), min_revision__lte=OuterRef("revision"))
        return self.filter(
            Q(application=None) | Q(Exists(stands_for)),
            Q(role=Role.USER) | Q(revision__gte=platform("admin_min_revision")),
            tenant=tenant_id,
            revoked_at=None,
            revision__gte=Subquery(Tenant.objects.filter(pk=tenant_id).values(floor=floors)),
        )

    def counted(self, tenant_id: UUID | None = None, *, at: Any = None) -> Self:
        """The live ones, for totals and for skipping to a page: every act that ends sessions raises a floor or marks
        rows, so what stands and has not lapsed is live."""
        standing = self.standing() if tenant_id is None else self.standing_in(tenant_id)
        return standing.exclude(pk__in=Session.objects.lapsed(at).values("pk"))

    def in_state(self, state: State, *, tenant_id: UUID | None = None) -> Self:
        """Of one tenant's, many live ones are skipped quicker."""
        match state:
            case State.LIVE:
                return self.counted(tenant_id)
            case State.EXPIRED:
                lapsed = Q(pk__in=Session.objects.standing().lapsed().values("pk"))
                return self.filter(Q(revoked_at__isnull=False, is_expired=True) | lapsed)
            case State.REVOKED:
                below = Q(revision__lt=F("floor")) | ~rule.stands_for_its_application("revision")
                fallen = Q(revoked_at=None) & below
                by_an_act = Q(revoked_at__isnull=False, is_expired=False)
                return self.alias(floor=rule.floor(rule.signed_in_to_administer())).filter(by_an_act | fallen)
            case _:
                return self.all()

    def with_state(self) -> Self:
        """`state` as a column: what became of each, whether it is written down yet or not.

        What fell with its user is written down; what is not, under the user's floor, had run out before.
        """
        return self.alias(floor=rule.floor(rule.signed_in_to_administer())).annotate(
            state=Case(
                When(is_expired=True, then=Value(State.EXPIRED)),
                When(revoked_at__isnull=False, then=Value(State.REVOKED)),
                When(
                    ~rule.stands_for_its_application("revision") | Q(revision__lt=F("floor")), then=Value(State.REVOKED)
                ),
                When(rule.lapsed(), then=Value(State.EXPIRED)),
                When(~rule.all_up() | Q(revision__lt=F("user__min_revision")), then=Value(State.REVOKED)),
                default=Value(State.LIVE),
            )
        )

    def since_the_last_floor(self, *, tenant_id: UUID | None = None, partner_id: UUID | None = None) -> Self:
        """Skips what a floor has ended and the sweep has not marked. It saves work only; what is live is live."""
        raised: list[Any] = [platform("floor_raised_at")]
        if tenant_id is not None:
            tenant = Tenant.objects.filter(pk=tenant_id)
            raised.append(Subquery(tenant.values(at=Greatest("floor_raised_at", "partner__floor_raised_at"))))
        if partner_id is not None:
            raised.append(Subquery(Partner.objects.filter(pk=partner_id).values("floor_raised_at")))
        return self.filter(pk__gte=rule.first_id_since(Greatest(*raised) if len(raised) > 1 else raised[0]))

    def within(self, reach: Reach, target_id: UUID | None) -> Self:
        match reach:
            case Reach.PLATFORM:
                return self.all()
            case Reach.ADMINS:
                # By the sign-in: whose role has changed since has signed in anew, and what ran out before is nobody's.
                return self.filter(rule.signed_in_to_administer())
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

    def with_end(self) -> Self:
        """`state`, and `felled_by`: the revocation that ended it, where the row does not say so yet."""
        about = JSONObject(id="id", reach="reach", at="created_at", by="actor_id", reason="reason")
        felled_by = Revocation.objects.over_a_session().values(about=about)[:1]
        unsaid = Q(state=State.REVOKED, revoked_at=None)
        return self.with_state().annotate(felled_by=Case(When(unsaid, then=Subquery(felled_by))))

    def with_token_version(self) -> Self:
        """`token_version`: the one that was current when each was opened. Each time that all administrators are signed
        out makes the next, so it is as many behind as there have been of those since."""
        sign_outs = Revocation.objects.filter(reach=Reach.ADMINS, number__gt=0)
        numbers = ArraySubquery(sign_outs.order_by("number").values("number"))
        before = Func(F("revision"), numbers, function="width_bucket", output_field=IntegerField())
        return self.annotate(token_version=platform("token_version") - (count_of(sign_outs) - before))

    def with_applications(self) -> Self:
        reached = SessionApplication.objects.filter(session=OuterRef("pk")).order_by("accessed_at", "pk")
        about = JSONObject(id="application_id", name="application__name", accessed_at="accessed_at")
        return self.annotate(reached=ArraySubquery(reached.values(about=about)))

    def newest_first(self) -> Self:
        return self.order_by("-id")


class AuthMethod(models.TextChoices):
    API = "api"
    MFA = "mfa"
    PASSWORD = "password"  # noqa: S105 - the name of a method


class Session(Record):
    prefix = Prefix.SESSION

    user = models.ForeignKey(User, models.PROTECT, related_name="sessions", db_index=False)
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="sessions", db_index=False)
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="sessions", db_index=False)
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="sessions", db_index=False)
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
    due_at = models.DateTimeField(null=True, db_default=Now())  # none once it is over: nothing is to come
    revision = models.BigIntegerField()
    era = models.BigIntegerField(default=0)
    is_newest = models.BooleanField(default=False)

    refresh_digest = models.BinaryField(max_length=32, null=True)
    spent_refresh_digest = models.BinaryField(max_length=32, null=True)
    refreshed_at = models.DateTimeField(null=True)
    refreshed_before_at = models.DateTimeField(null=True)
    key_digest = models.BinaryField(max_length=32, null=True)

    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=128, blank=True)
    revoke_reason = models.CharField(max_length=200, blank=True)
    revocation = models.ForeignKey(Revocation, models.PROTECT, null=True, related_name="sessions", db_index=False)
    is_expired = models.BooleanField(default=False)

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
            # What the rule asks of a row that has not ended, so that skipping a million of them reads this alone.
            models.Index(
                fields=["tenant", "-id"],
                condition=Q(revoked_at=None),
                include=["revision", "role", "application"],
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
                fields=["last_ip_address"], condition=Q(revoked_at=None) & rule.moved(), name="session_by_last_address"
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
