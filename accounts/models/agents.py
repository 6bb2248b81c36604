from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.clients import Client, ClientQuerySet
from accounts.models.users import User
from core.access import Principal
from core.ids import Prefix
from core.models import Status, is_active, one_of
from tenancy.models import Tenant, TenantOwnedQuerySet, tenant_is_active


class AgentQuerySet(ClientQuerySet["Agent"], TenantOwnedQuerySet["Agent"]):  # type: ignore[override]  # managers the plugin made up
    def writable_by(self, principal: Principal) -> "AgentQuerySet":
        return self.visible_to(principal).editable_by_machine(principal)


class Agent(Client):
    """A program that acts in one tenant under its own name. It has an owner unless a service created it."""

    prefix = Prefix.AGENT
    client_id_prefix = "agent-"

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="agents")
    owner_user = models.ForeignKey(User, models.PROTECT, related_name="agents", null=True)
    name = models.CharField(max_length=200)
    agent_type = models.CharField(max_length=32, default="mcp")
    allowed_tools = ArrayField(models.CharField(max_length=128), default=list, blank=True)
    rate_limit_rpm = models.PositiveIntegerField(null=True)

    objects = AgentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(client_id__startswith="agent-"), name="agent_is_named_like_one"),
            models.CheckConstraint(
                condition=Q(rate_limit_rpm=None) | Q(rate_limit_rpm__gte=1), name="agent_rate_limit_lets_something_in"
            ),
            one_of("status", Status, "agent_status_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class AgentMinute(models.Model):
    """The number of an agent's accepted requests in its most recent minute with any."""

    agent = models.OneToOneField(Agent, models.CASCADE, primary_key=True, related_name="minute")
    began_at = models.DateTimeField(db_default=Now())
    requests = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.requests} of {self.agent_id}"


def agent_is_active(path: str = "") -> Q:
    """Match if the agent at `path`, its tenant and its partner are active and not deleted."""
    return is_active(path) & tenant_is_active(f"{path}tenant__")
