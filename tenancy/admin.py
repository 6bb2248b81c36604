"""Partners and tenants in the console."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
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
from tenancy.models import OnSessionLimit, Partner, Platform, Tenant

WHEN_FULL = {OnSessionLimit.DENY: "refuse the sign-in", OnSessionLimit.EVICT: "revoke the oldest session"}
KINDS = {Status.ACTIVE: "success", Status.SUSPENDED: "danger"}


def column(heading: str, describe: Callable[[Any], str]) -> Any:
    """Define a column of a list in the body of its class."""

    @admin.display(description=heading)
    def cell(self: ConsoleAdmin, row: Any) -> str:
        return describe(row)

    return cell


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
        yield DefinitionList("Details", [*self.about(obj, principal), *status_rows(obj)])
        yield from self.more(obj, principal)
        yield audit_panel((obj.handle,), principal)

    def about(self, obj: Any, principal: Principal) -> Iterable[tuple[str, Any]]:
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

    def about(self, obj: Any, principal: Principal) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", obj.name),
            ("Slug", obj.slug),
            ("Contact", obj.contact_email),
            ("Tenants", f"{obj.tenant_count:,} ({_at_most(obj.max_tenants)})"),
            ("Users per tenant", _at_most(obj.max_users_per_tenant)),
            ("Applications per tenant", _at_most(obj.max_applications_per_tenant)),
        ]

    def more(self, obj: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield policy_of(obj, Platform.objects.get())


class TenantAdmin(EntityAdmin):
    slug, icon, session_filter = "tenants", "apartment", "tenant"
    list_display = ("name", "slug", "partner", "status_badge", "created")
    list_display_links = ("name",)
    search_fields = ("name", "slug", "contact_email")

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return Tenant.objects.visible_to(principal).not_deleted().filter(partner__deleted_at=None)

    def annotate_rows(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("partner")

    def about(self, obj: Any, principal: Principal) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", obj.name),
            ("Slug", obj.slug),
            ("Partner", _link_to(obj.partner) if principal.tier >= PartnerAdmin.since else obj.partner.name),
            ("Contact", obj.contact_email),
        ]

    def more(self, obj: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        yield policy_of(obj, obj.partner, Platform.objects.get())


def status_rows(obj: Entity) -> list[tuple[str, Any]]:
    return [
        ("Status", Badge(obj.status.lower(), KINDS[Status(obj.status)])),
        ("ID", obj.handle),
        ("Created", obj.created_at),
        ("Updated", obj.updated_at),
    ]


def policy_of(*levels: Tenant | Partner | Platform) -> DefinitionList:
    """Show the session policy that is in effect for the first level, and which of the levels above each value is from.

    The strictest value of all levels is in effect, as `tenancy.models.strictest` computes it for sign-ins.
    """
    return DefinitionList(
        "Session policy",
        [
            ("Maximum lifetime", _in_effect(levels, "session_lifetime", how_long)),
            ("Idle timeout", _in_effect(levels, "idle_timeout", how_long)),
            ("Sessions per user", _in_effect(levels, "max_sessions", _at_most)),
            ("At the session limit", _in_effect(levels, "when_full", lambda value: WHEN_FULL[OnSessionLimit(value)])),
        ],
    )


def _in_effect(levels: Sequence[Tenant | Partner | Platform], column: str, describe: Callable[[Any], str]) -> str:
    values = [(getattr(level, column), level) for level in levels if getattr(level, column) is not None]
    if not values:
        return "no limit"
    value, level = min(values, key=itemgetter(0))
    text = describe(value)
    return text if level is levels[0] else f"{text}, from the {type(level).__name__.lower()}"


def _link_to(partner: Partner) -> Link:
    return Link(partner.name, reverse("admin:tenancy_partner_change", args=[partner.handle]))


def _at_most(number: int | None) -> str:
    return "no limit" if number is None else f"at most {number:,}"
