"""Partners and tenants at the console."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html

from audit.admin import audit_panel
from core.access import Principal, Tier
from core.api.admin import ConsoleAdmin
from core.api.components import Badge, DefinitionList, Link, Table, time_tag
from core.humanize import how_long
from core.models import Entity, Status
from tenancy.models import OnSessionLimit, Partner, SessionPolicy, Tenant

WHEN_FULL = {OnSessionLimit.DENY: "refuse the sign-in", OnSessionLimit.EVICT: "revoke the oldest session"}
KINDS = {Status.ACTIVE: "success", Status.SUSPENDED: "danger"}


class EntityAdmin(ConsoleAdmin):
    """Things with a life: shown with their status, and what goes by them with the sessions that stand on them."""

    asked_as = ""  # what the list of sessions calls it, if sessions stand on it

    @admin.display(description="Status")
    def standing(self, row: Entity) -> str:
        return format_html('<span class="console-badge {}">{}</span>', KINDS[Status(row.status)], row.status.lower())

    @admin.display(description="Created (UTC)")
    def made(self, row: Entity) -> str:
        return time_tag(row.created_at)

    def acts(self, thing: Any, principal: Principal) -> Iterable[Link]:
        if self.asked_as:
            about = f"{self.asked_as}={thing.handle}"
            yield Link("Active sessions", f"{reverse('admin:sessions_app_session_changelist')}?{about}")
            yield Link("Revoke sessions…", f"{reverse('admin:sessions_app_session_end')}?{about}")

    def parts(self, thing: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield DefinitionList("Details", [*self.about(thing), *life_of(thing)])
        yield from self.more(thing, principal)
        yield audit_panel((thing.handle,), principal)

    def about(self, thing: Any) -> Iterable[tuple[str, Any]]:
        return [("Name", str(thing))]

    def more(self, thing: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        return ()


class PartnerAdmin(EntityAdmin):
    slug, icon, since, asked_as = "partners", "handshake", Tier.SUPER, "partner"
    list_display = ("name", "slug", "tenants", "standing", "made")
    list_display_links = ("name",)
    search_fields = ("name", "slug", "contact_email")

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return Partner.objects.visible_to(principal).not_deleted()

    def shown(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        present = Q(tenants__deleted_at=None, tenants__kind=Tenant.Kind.CUSTOMER)
        return rows.annotate(tenant_count=Count("tenants", filter=present))

    @admin.display(description="Tenants")
    def tenants(self, row: Any) -> str:
        return str(row.tenant_count)

    def about(self, thing: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", thing.name),
            ("Slug", thing.slug),
            ("Contact", thing.contact_email),
            ("Tenants", f"{thing.tenant_count:,} ({_at_most(thing.max_tenants)})"),
            ("Users per tenant", _at_most(thing.max_users_per_tenant)),
            ("Applications per tenant", _at_most(thing.max_applications_per_tenant)),
        ]

    def more(self, thing: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield policy_of(thing)


class TenantAdmin(EntityAdmin):
    slug, icon, asked_as = "tenants", "apartment", "tenant"
    list_display = ("name", "slug", "partner", "standing", "made")
    list_display_links = ("name",)
    search_fields = ("name", "slug", "contact_email")

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return Tenant.objects.visible_to(principal).not_deleted().filter(partner__deleted_at=None)

    def shown(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("partner")

    def about(self, thing: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", thing.name),
            ("Slug", thing.slug),
            ("Partner", thing.partner.name),
            ("Contact", thing.contact_email),
        ]

    def more(self, thing: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield policy_of(thing)


def life_of(thing: Entity) -> list[tuple[str, Any]]:
    return [
        ("Status", Badge(thing.status.lower(), KINDS[Status(thing.status)])),
        ("ID", thing.handle),
        ("Created", thing.created_at),
        ("Updated", thing.updated_at),
    ]


def policy_of(thing: SessionPolicy) -> DefinitionList:
    """What it says itself; whatever stands above may be stricter, and then holds."""
    return DefinitionList(
        "Session policy",
        [
            ("Maximum lifetime", _length(thing.session_lifetime)),
            ("Idle timeout", _length(thing.idle_timeout)),
            ("Sessions per user", "inherited" if thing.max_sessions is None else f"at most {thing.max_sessions}"),
            ("At the session limit", WHEN_FULL[OnSessionLimit(thing.when_full)] if thing.when_full else "inherited"),
        ],
    )


def _length(seconds: int | None) -> str:
    return "inherited" if seconds is None else how_long(seconds)


def _at_most(number: int | None) -> str:
    return "no limit" if number is None else f"at most {number:,}"
