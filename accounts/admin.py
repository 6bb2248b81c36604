"""Users, groups, applications, identity providers and agents in the console. No secret or digest is shown."""

from collections.abc import Iterable
from typing import Any

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
from core.humanize import how_long, label_of
from core.ids import NIL_ID, Prefix, decode_id
from core.lookups import pk_in
from tenancy.admin import EntityAdmin, column

MAX_ROWS, MAX_TREE_ROWS = 50, 200
MAX_INDENT = 12  # levels


class TenantOwnedAdmin(EntityAdmin):
    """Models that belong to a tenant."""

    list_display_links = ("name",)

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        return self.model.objects.visible_to(principal).in_existing_tenant()

    def annotate_rows(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant")

    tenant_name = column("Tenant", lambda row: row.tenant.name)


class UserAdmin(TenantOwnedAdmin):
    slug, icon, session_filter = "users", "group", "user"
    list_display = ("address", "full_name", "tenant_name", "role_label", "second_factor", "status_badge", "last_login")
    list_display_links = ("address",)
    search_fields = ("email", "display_name", "first_name", "last_name")

    def annotate_rows(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant").with_totp()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Restrict the list to the members of a group and of its nested groups, if one is given."""
        rows, group = super().get_queryset(request), self.group_in(request)
        return rows.filter(pk_in(members_of(group.pk, effective=True).values("pk"))) if group else rows

    def around(self, request: HttpRequest) -> dict[str, Any]:
        group = self.group_in(request)
        return {"notice": Link(f"Members of {group.name} and of its nested groups.", self.list_url)} if group else {}

    def group_in(self, request: HttpRequest) -> Group | None:
        """Return the group to restrict to. One that is unknown, or that the operator may not see, has no members."""
        if "group" not in request.GET:
            return None
        pk = decode_id(Prefix.GROUP, request.GET["group"])
        group = (
            Group.objects.visible_to(principal_of(request)).in_existing_tenant().filter(pk=pk).first() if pk else None
        )
        return group or Group(pk=NIL_ID, name="no such group")

    address = column("E-mail", lambda row: row.email)
    role_label = column("Role", lambda row: label_of(row.role))

    full_name = column("Name", lambda row: row.name if row.name != row.email else "")

    second_factor = column("MFA", lambda row: "yes" if row.has_totp else "no")
    last_login = column("Last sign-in (UTC)", lambda row: time_tag(row.last_login_at))

    def about(self, obj: User, principal: Principal) -> Iterable[tuple[str, Any]]:
        return [
            ("E-mail", obj.email),
            ("Name", self.full_name(obj)),
            ("Tenant", obj.tenant.name),
            ("Role", label_of(obj.role)),
            ("MFA", Badge("on", "success") if obj.has_totp else Badge("off", "warning")),
            ("Last sign-in", obj.last_login_at),
        ]

    def more(self, obj: User, principal: Principal) -> Iterable[DefinitionList | Table]:
        groups = (
            Group.objects.visible_to(principal)
            .in_existing_tenant()
            .filter(memberships__user=obj)
            .order_by("name")[:MAX_ROWS]
        )
        rows = [(Link(each.name, _page_of("group", each)), label_of(each.group_type)) for each in groups]
        yield Table("Groups", ("Name", "Type"), rows, empty="No groups.")


class GroupAdmin(TenantOwnedAdmin):
    slug, icon = "groups", "groups"
    page_template = "console/group.html"
    list_display = ("name", "tenant_name", "type_label", "members", "status_badge", "created")
    search_fields = ("name", "description")

    def annotate_rows(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        not_deleted = Q(memberships__user__deleted_at=None)
        return rows.select_related("tenant").annotate(member_count=Count("memberships", filter=not_deleted))

    type_label = column("Type", lambda row: label_of(row.group_type))
    members = column("Members", lambda row: f"{row.member_count:,}")

    def about(self, obj: Any, principal: Principal) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", obj.name),
            ("Description", obj.description),
            ("Tenant", obj.tenant.name),
            ("Type", label_of(obj.group_type)),
            ("Members", f"{obj.member_count:,}"),
        ]

    def more(self, obj: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        users = User.objects.visible_to(principal).in_existing_tenant().filter(memberships__group=obj).order_by("email")
        removable = User.objects.writable_by(principal).filter(pk=OuterRef("pk"))
        members: Any = users.annotate(is_removable=Exists(removable))[:MAX_ROWS]
        rows = [
            (
                Link(each.email, _page_of("user", each)),
                each.name,
                _remove_button("user_id", each, each.email, each.is_removable),
            )
            for each in members
        ]
        title = "Members" if obj.member_count <= MAX_ROWS else f"Members, the first {MAX_ROWS}"
        total = members_of(obj.pk, effective=True).visible_to(principal).count()
        url = f"{reverse('admin:accounts_user_changelist')}?group={obj.handle}"
        more = Link(f"{total:,} in total, including nested groups", url) if total else None
        yield Table(title, ("E-mail", "Name", "Action"), rows, empty="No members.", more=more)
        yield self.tree(obj)

    def tree(self, obj: Any) -> Table:
        nested, omitted = tree_of(obj.pk, max_rows=MAX_TREE_ROWS)
        rows = [
            (
                format_html(
                    '<span style="padding-inline-start: {}rem">{}</span>',
                    min(each.level - 1, MAX_INDENT),
                    str(Link(each.name, _page_of("group", each))),
                ),
                each.level,
                "listed above" if each.is_repeated else "",
                _remove_button("child_group_id", each, each.name, each.level == 1),
            )
            for each in nested
        ]
        title = f"Nested groups, and {omitted:,} more" if omitted else "Nested groups"
        return Table(title, ("Name", "Level", "Note", "Action"), rows, empty="No nested groups.")


class ApplicationAdmin(EntityAdmin):
    slug, icon, session_filter = "applications", "apps", "application"
    list_display = ("name", "client", "type_label", "scope_label", "owner", "status_badge", "created")
    list_display_links = ("name",)
    search_fields = ("name", "client_id")

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        rows = Application.objects.visible_to(principal).not_deleted()
        return rows.filter(partner__deleted_at=None, tenant__deleted_at=None, tenant__partner__deleted_at=None)

    def annotate_rows(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant", "partner")

    client = column("Client ID", lambda row: row.client_id)
    type_label = column("Type", lambda row: label_of(row.application_type))
    scope_label = column("Scope", lambda row: label_of(row.scope))

    owner = column("Owner", lambda row: str(row.tenant or row.partner or "platform"))

    def acts(self, obj: Application, principal: Principal) -> Iterable[Link]:
        return super().acts(obj, principal) if obj.application_type != Application.Type.SERVICE else ()

    def about(self, obj: Application, principal: Principal) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", obj.name),
            ("Client ID", obj.client_id),
            ("Type", label_of(obj.application_type)),
            ("Owner", self.owner(obj)),
            ("Allowed scopes", " ".join(obj.allowed_scopes)),
            ("Redirect URIs", "\n".join(obj.redirect_uris)),
            ("Allowed origins", "\n".join(obj.allowed_origins)),
            ("Back-channel logout URL", obj.backchannel_logout_uri),
            ("Token lifetime", how_long(obj.token_lifetime)),
            ("Token exchange allowed", "yes" if obj.token_exchange_allowed else "no"),
        ]


class IdentityProviderAdmin(TenantOwnedAdmin):
    slug, icon = "identity-providers", "key"
    list_display = ("name", "tenant_name", "type_label", "status_badge", "created")
    search_fields = ("name",)

    type_label = column("Type", lambda row: label_of(row.provider_type))

    def about(self, obj: IdentityProvider, principal: Principal) -> Iterable[tuple[str, Any]]:
        config = [(name.replace("_", " ").capitalize(), _text(value)) for name, value in obj.config.items()]
        return [
            ("Name", obj.name),
            ("Tenant", obj.tenant.name),
            ("Type", label_of(obj.provider_type)),
            ("Client secret stored", "yes" if obj.sealed_secret else "no"),
            *config,
        ]


class AgentAdmin(TenantOwnedAdmin):
    slug, icon = "agents", "smart_toy"
    list_display = ("name", "client", "tenant_name", "owner", "agent_type", "status_badge", "created")
    search_fields = ("name", "client_id")

    def annotate_rows(self, rows: Any, principal: Principal) -> QuerySet[Any]:
        return rows.select_related("tenant", "owner_user")

    client = column("Client ID", lambda row: row.client_id)

    owner = column("Owner", lambda row: row.owner_user.email if row.owner_user else "nobody")

    def about(self, obj: Agent, principal: Principal) -> Iterable[tuple[str, Any]]:
        return [
            ("Name", obj.name),
            ("Client ID", obj.client_id),
            ("Tenant", obj.tenant.name),
            ("Owner", self.owner(obj)),
            ("Type", obj.agent_type),
            ("Allowed scopes", " ".join(obj.allowed_scopes)),
            ("Allowed tools", ", ".join(obj.allowed_tools)),
            ("Requests per minute", obj.rate_limit_rpm or "no limit"),
        ]


def _remove_button(name: str, obj: Any, label: str, is_removable: bool) -> Button | str:
    return Button("Remove", "take-out", name, obj.handle, label) if is_removable else ""


def _page_of(model: str, obj: Any) -> str:
    return reverse(f"admin:accounts_{model}_change", args=[obj.handle])


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
