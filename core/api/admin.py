"""Base classes of the console's lists and pages, which are read-only and limited to what the operator can see.

Every change has a form of its own that calls an operation; Django's own ways to write are disabled.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe
from unfold.admin import ModelAdmin

from core.access import Principal, Tier, unfiltered
from core.api.components import DefinitionList, Link, Table
from core.ids import Prefix, decode_id, encode_id
from core.lookups import pk_in

ROWS = 50
AFTER = "after"


@dataclass(frozen=True, slots=True)
class Operator:
    """Adapter that gives Django's admin a user object. Permissions come from the principal."""

    principal: Principal

    is_active = is_staff = is_authenticated = True
    is_anonymous = False

    @property
    def pk(self) -> Any:
        return self.principal.user_id

    def get_username(self) -> str:
        return self.principal.label

    def has_usable_password(self) -> bool:
        return False  # the account page changes it


class KeysetChangeList(ChangeList):
    """A change list paged by keyset: every page continues after an id, and nothing is counted.

    If a page stopped scanning at `scanned_to` and is not full, the next page continues there.
    """

    scanned_to: UUID | None = None
    model_admin: "ConsoleAdmin"

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.query_values = request.GET
        super().__init__(request, *args, **kwargs)

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Search and page, without Django's lookups in the query string."""
        self.filter_specs, self.has_filters, self.has_active_filters = [], False, bool(self.query)
        self.clear_all_filters_qs = "?"
        rows, _ = self.model_admin.get_search_results(request, self.root_queryset, self.query)
        self.after = decode_id(self.model_admin.prefix, request.GET.get(AFTER, ""))
        return (rows.filter(pk__lt=self.after) if self.after else rows).order_by("-pk")

    def get_results(self, request: HttpRequest) -> None:
        ids = self.queryset.values("pk")[: ROWS + 1]
        rows = self.model_admin.annotate_rows(unfiltered(self.queryset).filter(pk_in(ids)), principal_of(request))
        rows_and_next = list(rows.order_by("-pk"))
        self.result_list = rows_and_next[:ROWS]
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_admin_actions = self.can_show_all = self.multi_page = self.show_full_result_count = False
        self.paginator = None
        self.scanned_to = None if len(rows_and_next) > ROWS else self.scanned_to
        last = rows_and_next[ROWS - 1].pk if len(rows_and_next) > ROWS else self.scanned_to
        self.older = self.url_after(encode_id(self.model_admin.prefix, last)) if last else ""
        self.newest = self.url_after(None) if self.after else ""

    def url_for_result(self, result: Any) -> str:
        return self.model_admin.url_of(result.handle)

    def url_after(self, after: str | None) -> str:
        query = self.query_values.copy()
        query.pop(AFTER, None)
        if after:
            query[AFTER] = after
        return f"?{query.urlencode()}"


class ActionSite(Protocol):
    """The parts of the console's site that lists and pages use."""

    def admin_view(self, view: Any, cacheable: bool = False) -> Any: ...

    def each_context(self, request: HttpRequest) -> dict[str, Any]: ...

    def has_access(self, request: HttpRequest) -> bool: ...

    def action_links(self, admin: "ConsoleAdmin", obj: Any, principal: Principal) -> list[Link]: ...

    def create_links(self, admin: "ConsoleAdmin", principal: Principal) -> list[Link]: ...


class ConsoleAdmin(ModelAdmin):
    """The list and the pages of one model. `slug` is its path under /console/."""

    slug: ClassVar[str]
    icon: ClassVar[str]
    title: ClassVar[str] = ""  # the plural name, if it is not the model's
    since: ClassVar[Tier] = Tier.TENANT  # the lowest tier that has access
    admin_site: ActionSite
    actions = None
    sortable_by = ()
    list_per_page = ROWS
    list_fullwidth = True
    show_full_result_count = False
    preserve_filters = False
    change_list_template = "console/list.html"
    page_template: ClassVar[str] = "console/page.html"

    @property
    def prefix(self) -> Prefix:
        return self.model.prefix

    def seen_by(self, principal: Principal) -> QuerySet[Any]:
        """Return the rows that the operator can see, for lists, searches and pages."""
        raise NotImplementedError

    def annotate_rows(self, rows: QuerySet[Any], principal: Principal) -> QuerySet[Any]:
        """Add what lists and pages show beside the columns of a few rows."""
        return rows

    def name_of(self, obj: Any) -> str:
        """Return the title of an object's page."""
        return str(obj)

    def parts(self, obj: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        """Return the sections of an object's page."""
        raise NotImplementedError

    def acts(self, obj: Any, principal: Principal) -> Iterable[Link]:
        """Return links from an object's page to its sessions."""
        return ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.seen_by(principal_of(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        guarded = self.admin_site.admin_view
        return [
            path("", guarded(require_safe(self.listed)), name=f"{name}_changelist"),
            *self.more_urls(),
            path("<str:handle>/", guarded(require_safe(self.page)), name=f"{name}_change"),
        ]

    def more_urls(self) -> list[URLPattern]:
        return []

    def url_of(self, handle: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[handle])

    @property
    def list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def get_object_or_404(self, principal: Principal, handle: str) -> Any:
        """Return an object that the operator can see; all others are a 404."""
        pk = decode_id(self.prefix, handle)
        obj = self.annotate_rows(self.seen_by(principal).filter(pk=pk), principal).first() if pk else None
        if obj is None:
            raise Http404
        return obj

    @property
    def plural(self) -> str:
        return self.title or str(self.opts.verbose_name_plural).capitalize()

    def listed(self, request: HttpRequest) -> HttpResponse:
        create_links = self.admin_site.create_links(self, principal_of(request))
        return self.changelist_view(
            request, {"title": self.plural, "create_links": create_links, **self.around(request)}
        )

    def around(self, request: HttpRequest) -> dict[str, Any]:
        """Return the context for what a list shows besides its rows."""
        return {}

    def page(self, request: HttpRequest, handle: str) -> HttpResponse:
        principal = principal_of(request)
        obj = self.get_object_or_404(principal, handle)
        context = {
            "object": obj,
            "title": self.name_of(obj),
            "crumbs": [Link(self.plural, self.list_url)],
            "parts": list(self.parts(obj, principal)),
            "acts": [*self.acts(obj, principal), *self.admin_site.action_links(self, obj, principal)],
        }
        return self.rendered(request, self.page_template, context)

    def rendered(self, request: HttpRequest, template: str, extra: dict[str, Any], status: int = 200) -> HttpResponse:
        context = {**self.admin_site.each_context(request), **extra}
        return TemplateResponse(request, template, context, status=status)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return principal_of(request).tier >= self.since

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def principal_of(request: HttpRequest) -> Principal:
    user: Any = request.user  # an `Operator`: the site refuses everyone else
    return user.principal
