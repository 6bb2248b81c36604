"""News from tenancy that ends what is held here, inside the transaction that made it."""

from typing import Any

from django.dispatch import receiver

from accounts.models import Agent
from tenancy.operations import next_revision
from tenancy.signals import going_down


@receiver(going_down, sender=Agent)
def end_its_tokens(*, thing: Agent, **_: Any) -> int:
    """For good: they do not come back with it. An agent has no sessions."""
    Agent.objects.filter(pk=thing.pk).update(min_revision=next_revision())
    return 0
