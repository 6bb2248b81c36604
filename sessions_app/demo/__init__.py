"""Demo data: two partners, three tenants, their users and programs, and a few hundred sessions of the last weeks."""

import random

from django.db import transaction

from core.access import Principal
from sessions_app.demo.clients import create_clients, create_platform_applications
from sessions_app.demo.credentials import MFA_SECRET, give_credentials
from sessions_app.demo.groups import create_groups
from sessions_app.demo.history import History
from sessions_app.demo.origins import NETWORKS, USER_AGENTS
from sessions_app.demo.people import PASSWORD, create_people
from tenancy.models import Partner

__all__ = ["MFA_SECRET", "NETWORKS", "PASSWORD", "USER_AGENTS", "History", "load"]


@transaction.atomic
def load() -> bool:
    """Create the demo data. Return False if it is already there."""
    if Partner.objects.filter(slug="acme").exists():
        return False
    actor = Principal.system("load_demo")
    applications = create_platform_applications(actor)
    people = create_people(actor)
    create_groups(actor, people)
    applications += create_clients(actor, people)
    give_credentials(people)
    history = History(random.Random(1707), applications, people)  # noqa: S311 - believable, not secret
    history.write()
    return True
