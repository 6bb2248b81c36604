"""Partners and tenants in the console."""

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
    """Models with a status, whose pages link the sessions that depend on them."""

    session_filter = ""  # the parameter of the session list that selects those of one row, if there is one

    @admin.display(description="Status")
    def status_badge(self, row: Entity) -> str:
        return format_html('<span class="console-badge {}">{}</span>', KINDS[Status(row.status)], row.status.lower())

    @admin.display(description="Created (UTC)")
    def created(self, row: Entity) -> str:
        return time_tag(row.created_at)

    def acts(self, obj: Any, principal: Principal) -> Iterable[Link]:
        if self.session_filter:
            query = f"{self.session_filter}={obj.handle}"
            yield Link("Active sessions", f"{reverse('admin:sessions_app_session_changelist')}?{query}")
            yield Link("Revoke sessions…", f"{reverse('admin:sessions_app_session_end')}?{query}")

    def parts(self, obj: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield DefinitionList("Details", [*self.about(obj), *status_rows(obj)])
        yield from self.more(obj, principal)
        yield audit_panel((obj.handle,), principal)

    def about(self, obj: Any) -> Iterable[tuple[str, Any]]:
        return [("Name", str(obj))]

    def more(self, obj: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        return ()


class PartnerAdmin(EntityAdmin):
    slug, icon, since, session_filter = "partners", "handshake", Tier.SUPER, "partner"
    list_display = ("name", "slug", "tenants", "status_badge", "created")
    list_display_links = ("name",)
    search_fields = ("name", "slug", "contact_email")

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return Partner.objects.visible_to(principal).not_deleted()

    def annotate_rows(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        customers = Q(tenants__deleted_at=None, tenants__kind=Tenant.Kind.CUSTOMER)
        return rows.annotate(tenant_count=Count("tenants", filter=customers))

    @admin.display(description="Tenants")
    def tenants(self, row: Any) -> str:
        return str(row.tenant_count)

    def about(self, obj: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", obj.name),
            ("Slug", obj.slug),
            ("Contact", obj.contact_email),
            ("Tenants", f"{obj.tenant_count:,} ({_at_most(obj.max_tenants)})"),
            ("Users per tenant", _at_most(obj.max_users_per_tenant)),
            ("Applications per tenant", _at_most(obj.max_applications_per_tenant)),
        ]

    def more(self, obj: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield policy_of(obj)


class TenantAdmin(EntityAdmin):
    slug, icon, session_filter = "tenants", "apartment", "tenant"
    list_display = ("name", "slug", "partner", "status_badge", "created")
    list_display_links = ("name",)
    search_fields = ("name", "slug", "contact_email")

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return Tenant.objects.visible_to(principal).not_deleted().filter(partner__deleted_at=None)

    def annotate_rows(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("partner")

    def about(self, obj: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", obj.name),
            ("Slug", obj.slug),
            ("Partner", obj.partner.name),
            ("Contact", obj.contact_email),
        ]

    def more(self, obj: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield policy_of(obj)


def status_rows(obj: Entity) -> list[tuple[str, Any]]:
    return [
        ("Status", Badge(obj.status.lower(), KINDS[Status(obj.status)])),
        ("ID", obj.handle),
        ("Created", obj.created_at),
        ("Updated", obj.updated_at),
    ]


def policy_of(owner: SessionPolicy) -> DefinitionList:
    """Show an owner's own session policy. Stricter values above it take precedence."""
    return DefinitionList(
        "Session policy",
        [
            ("Maximum lifetime", _length(owner.session_lifetime)),
            ("Idle timeout", _length(owner.idle_timeout)),
            ("Sessions per user", "inherited" if owner.max_sessions is None else f"at most {owner.max_sessions}"),
            ("At the session limit", WHEN_FULL[OnSessionLimit(owner.when_full)] if owner.when_full else "inherited"),
        ],
    )


def _length(seconds: int | None) -> str:
    return "inherited" if seconds is None else how_long(seconds)


def _at_most(number: int | None) -> str:
    return "no limit" if number is None else f"at most {number:,}"
