"""Session counters. Triggers append a row per change; `counter_maintenance.fold` sums them up."""

from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import Application
from tenancy.models import Tenant


class State(models.TextChoices):
    ANY = "any"
    EXPIRED = "expired"
    LIVE = "live"
    REVOKED = "revoked"


class CounterKind(models.TextChoices):
    """What a row counts. Ended sessions have only a total."""

    AGE = "age"
    ALL = "all"
    AUTH_METHOD = "auth_method"
    BROWSER = "browser"
    DEVICE_TYPE = "device_type"
    OPENED = "opened"
    OS = "os"
    SEEN = "seen"
    USER = "user"


class CountColumns(models.Model):
    is_admin = models.BooleanField()
    era = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices)
    kind = models.CharField(max_length=12, choices=CounterKind.choices)
    value = models.CharField(max_length=64)
    slot = models.BigIntegerField()
    n = models.BigIntegerField()
    is_folded = models.BooleanField(default=False)

    class Meta:
        abstract = True


class SessionCount(CountColumns):
    """A sum of sessions, or a change to be added to it. The counter's value is the total `n` of its rows.

    `slot` is a span of five minutes, in which the sessions were last used, or opened.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    application = models.ForeignKey(
        Application, models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False
    )

    KEY = ("tenant", "is_admin", "application", "era", "state", "kind", "value", "slot")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "is_admin", "application", "era", "state", "kind", "value", "slot"],
                condition=Q(is_folded=True),
                nulls_distinct=False,
                name="session_count_is_folded_once",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "kind"], name="session_count_of_tenant"),
            models.Index(fields=["id"], condition=Q(is_folded=False), name="session_count_to_fold"),
        ]

    def __str__(self) -> str:
        return f"{self.n} {self.state} by {self.kind} {self.value or self.slot}"


class SessionCountStateQuerySet(models.QuerySet["SessionCountState"]):
    def current(self) -> Self:
        """Keep counters of live sessions. A raised floor excludes all older eras at once, without an update."""
        return self.filter(is_current=True, state=State.LIVE)


class SessionCountState(CountColumns):
    """A counter, and whether its era is above the floors. Mapped to a view."""

    tenant = models.ForeignKey(Tenant, models.DO_NOTHING, related_name="+")
    application = models.ForeignKey(Application, models.DO_NOTHING, null=True, related_name="+")
    is_current = models.BooleanField()

    objects = SessionCountStateQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "session_count_state"

    def __str__(self) -> str:
        return f"{self.n} {self.state} by {self.kind} {self.value or self.slot}"
