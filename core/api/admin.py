"""What the console's lists and pages have in common: read within the operator's scope, walked by key, never written.

Whatever changes something is a form of its own that ends in an operation: none of Django's ways to write is open.
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
    """Whoever is at the console, as Django's admin wants to see them. What they may do, their principal says."""

    principal: Principal

    is_active = is_staff = is_authenticated = True
    is_anonymous = False

    @property
    def pk(self) -> Any:
        return self.principal.user_id

    def get_username(self) -> str:
        return self.principal.label

    def has_usable_password(self) -> bool:
        return False  # it is changed elsewhere


class KeysetChangeList(ChangeList):
    """A page costs what the first one does, wherever it is: it goes on after an id, and nothing is counted.

    A page that looked no further back than `looked_to` goes on there, unless it is full.
    """

    looked_to: UUID | None = None
    model_admin: "ConsoleAdmin"

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.asked = request.GET
        super().__init__(request, *args, **kwargs)

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """No word of the query string is ever a lookup."""
        self.filter_specs, self.has_filters, self.has_active_filters = [], False, bool(self.query)
        self.clear_all_filters_qs = "?"
        rows, _ = self.model_admin.get_search_results(request, self.root_queryset, self.query)
        self.after = decode_id(self.model_admin.prefix, request.GET.get(AFTER, ""))
        return (rows.filter(pk__lt=self.after) if self.after else rows).order_by("-pk")

    def get_results(self, request: HttpRequest) -> None:
        ids = self.queryset.values("pk")[: ROWS + 1]
        rows = self.model_admin.annotate_rows(unfiltered(self.queryset).filter(pk_in(ids)), principal_of(request))
        found = list(rows.order_by("-pk"))
        self.result_list = found[:ROWS]
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_admin_actions = self.can_show_all = self.multi_page = self.show_full_result_count = False
        self.paginator = None
        self.looked_to = None if len(found) > ROWS else self.looked_to
        last = found[ROWS - 1].pk if len(found) > ROWS else self.looked_to
        self.older = self.onward(encode_id(self.model_admin.prefix, last)) if last else ""
        self.newest = self.onward(None) if self.after else ""

    def url_for_result(self, result: Any) -> str:
        return self.model_admin.url_of(result.handle)

    def onward(self, after: str | None) -> str:
        said = self.asked.copy()
        said.pop(AFTER, None)
        if after:
            said[AFTER] = after
        return f"?{said.urlencode()}"


class Acting(Protocol):
    """The console's site, as far as its lists and pages know it: what can be done about a thing, they are told."""

    def admin_view(self, view: Any, cacheable: bool = False) -> Any: ...

    def each_context(self, request: HttpRequest) -> dict[str, Any]: ...

    def lets_in(self, request: HttpRequest) -> bool: ...

    def links_to_acts(self, admin: "ConsoleAdmin", thing: Any, principal: Principal) -> list[Link]: ...

    def links_to_make(self, admin: "ConsoleAdmin", principal: Principal) -> list[Link]: ...


class ConsoleAdmin(ModelAdmin):
    """One kind of thing: its list and its pages. `prefix` is that of its handles, `slug` its place under /console/."""

    slug: ClassVar[str]
    icon: ClassVar[str]
    title: ClassVar[str] = ""  # what many of them are called, if not by their kind's name
    since: ClassVar[Tier] = Tier.TENANT  # the lowest tier that has a use for it
    admin_site: Acting
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
        """All that the operator may know of. Lists, searches and pages begin here."""
        raise NotImplementedError

    def annotate_rows(self, rows: QuerySet[Any], principal: Principal) -> QuerySet[Any]:
        """Add what lists and pages show beside the columns of a few rows."""
        return rows

    def name_of(self, thing: Any) -> str:
        """What its page is called."""
        return str(thing)

    def parts(self, thing: Any, principal: Principal) -> Iterable[DefinitionList | Table]:
        """What its page tells, from the top."""
        raise NotImplementedError

    def acts(self, thing: Any, principal: Principal) -> Iterable[Link]:
        """What leads on from it to its sessions, each a link."""
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

    def found(self, principal: Principal, handle: str) -> Any:
        """Unknown and foreign are one and the same."""
        pk = decode_id(self.prefix, handle)
        thing = self.annotate_rows(self.seen_by(principal).filter(pk=pk), principal).first() if pk else None
        if thing is None:
            raise Http404
        return thing

    @property
    def plural(self) -> str:
        return self.title or str(self.opts.verbose_name_plural).capitalize()

    def listed(self, request: HttpRequest) -> HttpResponse:
        made = self.admin_site.links_to_make(self, principal_of(request))
        return self.changelist_view(request, {"title": self.plural, "makes": made, **self.around(request)})

    def around(self, request: HttpRequest) -> dict[str, Any]:
        """What its list says beside the list."""
        return {}

    def page(self, request: HttpRequest, handle: str) -> HttpResponse:
        principal = principal_of(request)
        thing = self.found(principal, handle)
        said = {
            "thing": thing,
            "title": self.name_of(thing),
            "crumbs": [Link(self.plural, self.list_url)],
            "parts": list(self.parts(thing, principal)),
            "acts": [*self.acts(thing, principal), *self.admin_site.links_to_acts(self, thing, principal)],
        }
        return self.rendered(request, self.page_template, said)

    def rendered(self, request: HttpRequest, template: str, said: dict[str, Any], status: int = 200) -> HttpResponse:
        context = {**self.admin_site.each_context(request), **said}
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
    user: Any = request.user  # an `Operator`: the site lets nobody else in
    return user.principal
