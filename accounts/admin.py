"""People, groups and clients at the console. No secret is shown, nor what is made of one."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.group_tree import tree_of
from accounts.models import Agent, Application, Group, IdentityProvider, User
from accounts.models.groups import members_of
from core.access import Principal
from core.api.admin import principal_of
from core.api.components import Badge, Button, DefinitionList, Link, Table, time_tag
from core.humanize import how_long
from core.ids import NIL_ID, Prefix, decode_id
from core.lookups import pk_in
from tenancy.admin import EntityAdmin

SHOWN, LINES = 50, 200
DEEPEST = 12  # indentations, on a page that has an end


class HousedAdmin(EntityAdmin):
    """Things of a tenant."""

    list_display_links = ("name",)

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return self.model.objects.visible_to(principal).in_existing_tenant()

    def shown(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant")

    @admin.display(description="Tenant")
    def home(self, row: Any) -> str:
        return row.tenant.name


class UserAdmin(HousedAdmin):
    slug, icon, session_filter = "users", "group", "user"
    list_display = ("email", "full_name", "home", "role", "second_factor", "status_badge", "last_login")
    list_display_links = ("email",)
    search_fields = ("email", "display_name", "first_name", "last_name")

    def shown(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant").with_totp()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Also, of a group that they see, whoever is in it in any way."""
        rows, group = super().get_queryset(request), self.group_in(request)
        return rows.filter(pk_in(members_of(group.pk, effective=True).values("pk"))) if group else rows

    def around(self, request: HttpRequest) -> dict[str, Any]:
        group = self.group_in(request)
        return {"told": Link(f"Members of {group.name} and of its nested groups.", self.list_url)} if group else {}

    def group_in(self, request: HttpRequest) -> Group | None:
        """Unknown and foreign are one and the same: nobody is in it."""
        if "group" not in request.GET:
            return None
        pk = decode_id(Prefix.GROUP, request.GET["group"])
        found = (
            Group.objects.visible_to(principal_of(request)).in_existing_tenant().filter(pk=pk).first() if pk else None
        )
        return found or Group(pk=NIL_ID, name="no such group")

    @admin.display(description="Name")
    def full_name(self, row: User) -> str:
        return row.name if row.name != row.email else ""

    @admin.display(description="MFA")
    def second_factor(self, row: User) -> str:
        return "yes" if row.has_totp else "no"

    @admin.display(description="Last sign-in (UTC)")
    def last_login(self, row: User) -> str:
        return time_tag(row.last_login_at)

    def about(self, thing: User) -> Iterable[tuple[str, Any]]:
        return [
            ("E-mail", thing.email),
            ("Name", self.full_name(thing)),
            ("Tenant", thing.tenant.name),
            ("Role", thing.role),
            ("MFA", Badge("on", "success") if thing.has_totp else Badge("off", "warning")),
            ("Last sign-in", thing.last_login_at),
        ]

    def more(self, thing: User, principal: Principal) -> Iterable[DefinitionList | Table]:
        groups = (
            Group.objects.visible_to(principal)
            .in_existing_tenant()
            .filter(memberships__user=thing)
            .order_by("name")[:SHOWN]
        )
        rows = [(Link(each.name, _page_of("group", each)), each.group_type) for each in groups]
        yield Table("Groups", ("Name", "Type"), rows, empty="No groups.")


class GroupAdmin(HousedAdmin):
    slug, icon = "groups", "groups"
    page_template = "console/group.html"
    list_display = ("name", "home", "group_type", "members", "status_badge", "created")
    search_fields = ("name", "description")

    def shown(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        present = Q(memberships__user__deleted_at=None)
        return rows.select_related("tenant").annotate(member_count=Count("memberships", filter=present))

    @admin.display(description="Members")
    def members(self, row: Any) -> str:
        return f"{row.member_count:,}"

    def about(self, thing: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", thing.name),
            ("Description", thing.description),
            ("Tenant", thing.tenant.name),
            ("Type", thing.group_type),
            ("Members", f"{thing.member_count:,}"),
        ]

    def more(self, thing: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        people = (
            User.objects.visible_to(principal).in_existing_tenant().filter(memberships__group=thing).order_by("email")
        )
        theirs = User.objects.writable_by(principal).filter(pk=OuterRef("pk"))
        found: Any = people.annotate(is_theirs=Exists(theirs))[:SHOWN]
        rows = [
            (Link(each.email, _page_of("user", each)), each.name, _out("user_id", each, each.email, each.is_theirs))
            for each in found
        ]
        title = "Members" if thing.member_count <= SHOWN else f"Members, the first {SHOWN}"
        everybody = members_of(thing.pk, effective=True).visible_to(principal).count()
        there = f"{reverse('admin:accounts_user_changelist')}?group={thing.handle}"
        more = Link(f"{everybody:,} in total, including nested groups", there) if everybody else None
        yield Table(title, ("E-mail", "Name", "Action"), rows, empty="No members.", more=more)
        yield self.tree(thing)

    def tree(self, thing: Any) -> Table:
        lines, unshown = tree_of(thing.pk, most=LINES)
        rows = [
            (
                format_html(
                    '<span style="padding-inline-start: {}rem">{}</span>',
                    min(each.level - 1, DEEPEST),
                    str(Link(each.name, _page_of("group", each))),
                ),
                each.level,
                "listed above" if each.is_repeated else "",
                _out("child_group_id", each, each.name, each.level == 1),
            )
            for each in lines
        ]
        title = f"Nested groups, and {unshown:,} more" if unshown else "Nested groups"
        return Table(title, ("Name", "Level", "Note", "Action"), rows, empty="No nested groups.")


class ApplicationAdmin(EntityAdmin):
    slug, icon, session_filter = "applications", "apps", "application"
    list_display = ("name", "client_id", "application_type", "scope", "whose", "status_badge", "created")
    list_display_links = ("name",)
    search_fields = ("name", "client_id")

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        rows = Application.objects.visible_to(principal).not_deleted()
        return rows.filter(partner__deleted_at=None, tenant__deleted_at=None, tenant__partner__deleted_at=None)

    def shown(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant", "partner")

    @admin.display(description="Owner")
    def whose(self, row: Application) -> str:
        return str(row.tenant or row.partner or "platform")

    def acts(self, thing: Application, principal: Principal) -> Iterable[Link]:
        return super().acts(thing, principal) if thing.application_type != Application.Type.SERVICE else ()

    def about(self, thing: Application) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", thing.name),
            ("Client ID", thing.client_id),
            ("Type", thing.application_type),
            ("Owner", self.whose(thing)),
            ("Allowed scopes", " ".join(thing.allowed_scopes)),
            ("Redirect URIs", "\n".join(thing.redirect_uris)),
            ("Allowed origins", "\n".join(thing.allowed_origins)),
            ("Back-channel logout URL", thing.backchannel_logout_uri),
            ("Token lifetime", how_long(thing.token_lifetime)),
            ("Token exchange allowed", "yes" if thing.token_exchange_allowed else "no"),
        ]


class IdentityProviderAdmin(HousedAdmin):
    slug, icon = "identity-providers", "key"
    list_display = ("name", "home", "provider_type", "status_badge", "created")
    search_fields = ("name",)

    def about(self, thing: IdentityProvider) -> Iterable[tuple[str, Any]]:
        config = [(name.replace("_", " ").capitalize(), _told(value)) for name, value in thing.config.items()]
        return [
            ("Name", thing.name),
            ("Tenant", thing.tenant.name),
            ("Type", thing.provider_type),
            ("Client secret stored", "yes" if thing.sealed_secret else "no"),
            *config,
        ]


class AgentAdmin(HousedAdmin):
    slug, icon = "agents", "smart_toy"
    list_display = ("name", "client_id", "home", "owner", "agent_type", "status_badge", "created")
    search_fields = ("name", "client_id")

    def shown(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant", "owner_user")

    @admin.display(description="Owner")
    def owner(self, row: Agent) -> str:
        return row.owner_user.email if row.owner_user else "nobody"

    def about(self, thing: Agent) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", thing.name),
            ("Client ID", thing.client_id),
            ("Tenant", thing.tenant.name),
            ("Owner", self.owner(thing)),
            ("Type", thing.agent_type),
            ("Allowed scopes", " ".join(thing.allowed_scopes)),
            ("Allowed tools", ", ".join(thing.allowed_tools)),
            ("Requests per minute", thing.rate_limit_rpm or "no limit"),
        ]


def _out(name: str, thing: Any, called: str, is_theirs: bool) -> Button | str:
    return Button("Remove", "take-out", name, thing.handle, called) if is_theirs else ""


def _page_of(model: str, thing: Any) -> str:
    return reverse(f"admin:accounts_{model}_change", args=[thing.handle])


def _told(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
