from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.access import Tier, count_of
from core.api.pagination import PagedViewSet, total_within
from core.api.schema import enveloped, paginated
from core.ids import Prefix, decode_id
from sessions_app import operations
from sessions_app.api.v1 import filters, serializers, wire
from sessions_app.authority import owner_filter, scope_of, users_in, visible_tenants
from sessions_app.counting import live_total
from sessions_app.listing import live_in_tenant, live_page
from sessions_app.models import Reach, SessionState, SessionStateQuerySet
from sessions_app.operations.revocation import IDS_SHOWN, REASON_BY_ADMIN
from sessions_app.statistics import NOTHING, statistics

ENDED = enveloped(serializers.SessionRevokeResponse)
Form = tuple[tuple[str, Any], ...]
STATISTICS = enveloped(serializers.SessionStats, name="dict_str__Any_")


class SessionsViewSet(PagedViewSet):
    """Other people's sessions, as far as the caller reaches."""

    @property
    def visible(self) -> SessionStateQuerySet:
        return SessionState.objects.visible_to(self.principal)

    def tenant(self, tenant_id: str) -> Any:
        return visible_tenants(self.principal).filter(pk=self.id_or_404(Prefix.TENANT, tenant_id))

    def asked(self, sessions: SessionStateQuerySet, **ground: UUID | None) -> filters.UserSessionFilters:
        found = self.filtered(sessions)
        found.ground = ground
        return found

    def listed(self, found: filters.UserSessionFilters, total: Callable[[], int]) -> Response:
        return self.page(found, total=total, fetch=self.with_list_columns, item=wire.list_item)

    def with_list_columns(self, rows: SessionStateQuerySet) -> Any:
        return rows.with_is_current(self.principal).values(*wire.LIST_COLUMNS)

    def usual(self, reach: Reach, target_id: UUID | None, total: Callable[[], int]) -> Response | None:
        """The list when nothing is said but where in it, if not in the middle: all the live ones, newest first."""
        if self.filters_in_query:
            return None
        place = self.place(bound := self.bound_to({}))
        if not place.is_usual:
            return None
        count, most, after = total(), place.per_page + 1, place.after_id
        found = live_page(reach, target_id, seen_by=self.principal, columns=wire.LIST_COLUMNS, most=most, after=after)
        return self.shown_as_page(place, bound, count, found, wire.list_item)

    def with_columns(self, named: SessionStateQuerySet) -> Any:
        return named.with_is_current(self.principal).with_applications().values(*wire.COLUMNS)

    def end(
        self,
        named: SessionStateQuerySet,
        reason: str | None = None,
        *,
        of: Any = None,
        tenant_id: UUID | None = None,
    ) -> operations.RevocationResult:
        """Revoke those that the caller may change when they are locked.

        If none was revoked, the caller may have lost the right to it meanwhile, or never had it: the answer is then
        the usual refusal. `of` is what their right is judged by, if it is not the sessions themselves.
        """
        mine = named.writable_by(self.principal)
        ended = operations.revoke(mine, actor=self.principal, reason=reason or REASON_BY_ADMIN, tenant_id=tenant_id)
        if not ended.count:
            self.changeable(named if of is None else of)
        return ended

    def end_all(self, reach: Reach, target_id: UUID | None, reason: str | None, spare: UUID | None = None) -> Response:
        shown = 0 if self.is_brief else IDS_SHOWN
        ended = operations.revoke_scope(
            reach, target_id, actor=self.principal, reason=reason or REASON_BY_ADMIN, spare=spare, shown=shown
        )
        return self.revoked(ended)

    def revoked(self, ended: operations.RevocationResult) -> Response:
        return self.preferred(self.answer(wire.revoked(ended, is_brief=self.is_brief)))


class AdminSessionViewSet(SessionsViewSet):
    tag = "Sessions"
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT, "stats": Tier.TENANT}
    writes = {"destroy": Tier.TENANT, "revoke": Tier.TENANT, "revoke_all": Tier.TENANT}
    expensive = frozenset({"stats", "revoke_all"})
    lists = {"list": filters.SESSIONS, "stats": filters.STATISTICS}
    missing = "Session not found"

    def named(self, session_id: str) -> SessionStateQuerySet:
        return self.visible.filter(pk=self.id_or_404(Prefix.SESSION, session_id))

    def one(self, pk: UUID) -> Any:
        return self.with_columns(self.visible.filter(pk=pk))

    def rows(self, form: Form) -> SessionStateQuerySet:
        return filters.SessionFilters.applied(self.visible, form, **owner_filter(self.principal))

    @extend_schema(operation_id="list_sessions", responses=paginated(serializers.SessionListItem))
    def list(self, request: Request) -> Response:
        """List sessions. Returns the sessions you can see, newest first; only active ones unless you set `status` or
        `active_only`."""
        everything = scope_of(self.principal)
        usual = everything and self.usual(everything.reach, everything.target_id, lambda: everything.live)
        if usual:
            return usual
        found = self.asked(self.visible, **owner_filter(self.principal))
        filtered = (
            None if found.is_plain else self.filtered_page(found, self.rows, self.with_list_columns, wire.list_item)
        )
        if filtered:
            return filtered
        all_of_it = scope_of(self.principal, **found.place) if found.is_plain else None
        return self.listed(found, lambda: all_of_it.live if all_of_it else found.qs.count())

    @extend_schema(operation_id="show_session_statistics", responses=STATISTICS)
    def stats(self, request: Request) -> Response:
        """Get session statistics. Counts the sessions you can see by status, device, browser, operating system and
        sign-in method."""
        place = {
            name: value for name, value in self.filtered(SessionState.objects.none()).form.cleaned_data.items() if value
        }
        all_of_it = scope_of(self.principal, **place)
        return self.answer(all_of_it.statistics if all_of_it else NOTHING)

    @extend_schema(operation_id="show_session", responses=enveloped(serializers.SessionResponse))
    def retrieve(self, request: Request, session_id: str) -> Response:
        """Get a session. Active or ended, with the applications that were used in it."""
        return self.answer(wire.session(self.only(self.fetch(self.one, self.id_or_404(Prefix.SESSION, session_id)))))

    @extend_schema(operation_id="delete_session", request=None, responses={204: None})
    def destroy(self, request: Request, session_id: str) -> Response:
        """Revoke a session. Its next request is refused, on every server. Revoking it again changes nothing."""
        self.end(self.changeable(self.named(session_id)))
        return self.nothing()

    @extend_schema(operation_id="revoke_session", request=serializers.Reason, responses={200: ENDED})
    def revoke(self, request: Request, session_id: str) -> Response:
        """Revoke a session and give a reason. Its next request is refused, on every server. Unlike DELETE, this takes a
        reason and returns the revocation."""
        named = self.changeable(self.named(session_id))
        return self.revoked(self.end(named, self.body(serializers.Reason).get("reason")))

    @extend_schema(operation_id="revoke_all_sessions", request=serializers.RevokeAllRequest, responses={200: ENDED})
    def revoke_all(self, request: Request) -> Response:
        """Revoke all sessions of a user, tenant, partner or application. Or, as a super admin, of the whole platform.
        Sign-ins in progress are refused as well, and your own session is included if it is one of them."""
        asked = self.body(serializers.RevokeAllRequest)
        return self.end_all(*wire.target(asked, self.principal), asked.get("reason"))


class TenantSessionsViewSet(SessionsViewSet):
    tag = "Sessions of a tenant"
    reads = {"list": Tier.TENANT, "stats": Tier.TENANT}
    writes = {"revoke_all": Tier.TENANT}
    expensive = frozenset({"stats", "revoke_all"})
    lists = {"list": filters.SESSIONS_OF_TENANT}
    missing = "Tenant not found"

    def rows(self, tenant_id: UUID, form: Form) -> SessionStateQuerySet:
        return filters.TenantSessionFilters.applied(self.visible.filter(tenant=tenant_id), form, tenant_id=tenant_id)

    def total(self, tenant_id: UUID, form: Form) -> Any:
        tenant = visible_tenants(self.principal).filter(pk=tenant_id)
        return tenant.order_by().values(total=count_of(self.rows(tenant_id, form)))

    @extend_schema(operation_id="list_tenant_sessions", responses=paginated(serializers.SessionListItem))
    def list(self, request: Request, tenant_id: str) -> Response:
        """List a tenant's sessions. Newest first; only active ones unless you set `status` or `active_only`."""
        pk = self.id_or_404(Prefix.TENANT, tenant_id)
        if usual := self.usual(Reach.TENANT, pk, lambda: self.or_404(live_in_tenant(pk, seen_by=self.principal))):
            return usual
        found = self.asked(self.visible.filter(tenant=pk), tenant_id=pk)
        filtered = (
            None
            if found.is_plain
            else self.filtered_page(found, self.rows, self.with_list_columns, wire.list_item, pk, total=self.total)
        )
        if filtered:
            return filtered
        total = live_total(Reach.TENANT, pk) if found.is_plain else count_of(found.qs)
        return self.listed(found, lambda: total_within(self.tenant(tenant_id), total))

    @extend_schema(operation_id="show_tenant_session_statistics", responses=STATISTICS)
    def stats(self, request: Request, tenant_id: str) -> Response:
        """Get a tenant's session statistics. Counts its sessions by status, device, browser, operating system and
        sign-in method."""
        pk = self.id_or_404(Prefix.TENANT, tenant_id)
        return self.answer(self.or_404(statistics(Reach.TENANT, pk, seen_by=self.principal)))

    @extend_schema(operation_id="revoke_all_tenant_sessions", request=serializers.Reason, responses={200: ENDED})
    def revoke_all(self, request: Request, tenant_id: str) -> Response:
        """Revoke all sessions of a tenant. Signs all of its users out, and you too if you are one of them."""
        tenant = self.only(self.tenant(tenant_id))
        return self.end_all(Reach.TENANT, tenant.pk, self.body(serializers.Reason).get("reason"))


class UserSessionsViewSet(SessionsViewSet):
    tag = "Sessions of a tenant"
    reads = {"list": Tier.TENANT}
    writes = {"revoke": Tier.TENANT}
    expensive = frozenset({"revoke"})
    lists = {"list": filters.SESSIONS_OF_USER}
    missing = "User not found"

    def user(self, tenant_id: str, user_id: str) -> Any:
        return users_in(self.tenant(tenant_id)).filter(pk=self.id_or_404(Prefix.USER, user_id))

    def rows(self, tenant_id: UUID, user_id: UUID, form: Form = ()) -> SessionStateQuerySet:
        place = {"tenant_id": tenant_id, "user_id": user_id}
        return filters.UserSessionFilters.applied(self.visible.for_user(user_id), form, **place)

    def total(self, tenant_id: UUID, user_id: UUID, form: Form = ()) -> Any:
        user = users_in(visible_tenants(self.principal).filter(pk=tenant_id)).filter(pk=user_id)
        return user.order_by().values(total=count_of(self.rows(tenant_id, user_id, form)))

    @extend_schema(operation_id="list_user_sessions", responses=paginated(serializers.SessionListItem))
    def list(self, request: Request, tenant_id: str, user_id: str) -> Response:
        """List a user's sessions. Newest first; only active ones unless you set `status` or `active_only`."""
        tenant_pk, pk = self.id_or_404(Prefix.TENANT, tenant_id), self.id_or_404(Prefix.USER, user_id)
        what = (self.rows, self.with_list_columns, wire.list_item, tenant_pk, pk)
        if usual := self.usual_page(*what, total=self.total):
            return usual
        found = self.asked(self.visible.for_user(pk), user_id=pk, tenant_id=tenant_pk)
        if filtered := self.filtered_page(found, *what, total=self.total):
            return filtered
        user = self.user(tenant_id, user_id)
        return self.listed(found, lambda: total_within(user, count_of(found.qs)))

    @extend_schema(
        operation_id="revoke_user_sessions", request=serializers.SessionRevokeRequest, responses={200: ENDED}
    )
    def revoke(self, request: Request, tenant_id: str, user_id: str) -> Response:
        """Revoke a user's sessions. Either those in `session_ids` or, with `revoke_all`, all of them. IDs of other
        users' sessions are ignored."""
        user = self.changeable(self.user(tenant_id, user_id))
        user_pk = self.id_or_404(Prefix.USER, user_id)
        asked = self.body(serializers.SessionRevokeRequest)
        if asked["revoke_all"]:
            spare = self.principal.session_id if asked["except_current"] else None
            return self.end_all(Reach.USER, user_pk, asked.get("reason"), spare)
        ids = [decode_id(Prefix.SESSION, each) for each in asked["session_ids"]]
        named = SessionState.objects.for_user(user_pk).filter(pk__in=[each for each in ids if each])
        tenant_pk = self.id_or_404(Prefix.TENANT, tenant_id)
        return self.revoked(self.end(named, asked.get("reason"), of=user, tenant_id=tenant_pk))


class TenantSessionViewSet(SessionsViewSet):
    tag = "Sessions of a tenant"
    reads = {"retrieve": Tier.TENANT}
    writes = {"destroy": Tier.TENANT}
    missing = "Session not found"

    def of_tenant(self, tenant_id: UUID) -> SessionStateQuerySet:
        return self.visible.filter(tenant__in=visible_tenants(self.principal).filter(pk=tenant_id))

    def named(self, tenant_id: str, session_id: str) -> SessionStateQuerySet:
        here = self.of_tenant(self.id_or_404(Prefix.TENANT, tenant_id))
        return here.filter(pk=self.id_or_404(Prefix.SESSION, session_id))

    def one(self, tenant_id: UUID, pk: UUID) -> Any:
        return self.with_columns(self.of_tenant(tenant_id).filter(pk=pk))

    @extend_schema(operation_id="show_tenant_session", responses=enveloped(serializers.SessionResponse))
    def retrieve(self, request: Request, tenant_id: str, session_id: str) -> Response:
        """Get a session of a tenant. Active or ended, with the applications that were used in it."""
        ids = self.id_or_404(Prefix.TENANT, tenant_id), self.id_or_404(Prefix.SESSION, session_id)
        return self.answer(wire.session(self.only(self.fetch(self.one, *ids))))

    @extend_schema(operation_id="delete_tenant_session", request=None, responses={204: None})
    def destroy(self, request: Request, tenant_id: str, session_id: str) -> Response:
        """Revoke a session of a tenant. Its next request is refused, on every server. Revoking it again changes
        nothing."""
        self.end(self.changeable(self.named(tenant_id, session_id)))
        return self.nothing()
