from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.access import Tier, count_of
from core.api.pagination import total_or_404
from core.api.schema import enveloped, paginated
from core.ids import Prefix, decode_id
from sessions_app.api.v1 import filters, serializers, wire
from sessions_app.api.v1.views.sessions import ENDED, STATISTICS, Form, SessionsViewSet
from sessions_app.models import RevocationScope, SessionState, SessionStateQuerySet
from sessions_app.reads.live_counts import live_total
from sessions_app.reads.live_list import live_in_tenant
from sessions_app.reads.stats import session_stats
from sessions_app.scopes import users_in, visible_tenants


class TenantSessionsViewSet(SessionsViewSet):
    tag = "Sessions of a tenant"
    reads = {"list": Tier.TENANT, "stats": Tier.TENANT}
    writes = {"revoke_all": Tier.TENANT}
    expensive = frozenset({"stats", "revoke_all"})
    filterset_class = filters.TenantSessionFilters
    missing = "Tenant not found"

    def rows(self, tenant_id: UUID, form: Form) -> SessionStateQuerySet:
        return filters.TenantSessionFilters.applied(
            self.get_queryset().filter(tenant=tenant_id), form, tenant_id=tenant_id
        )

    def total(self, tenant_id: UUID, form: Form) -> Any:
        tenant = visible_tenants(self.principal).filter(pk=tenant_id)
        return tenant.order_by().values(total=count_of(self.rows(tenant_id, form)))

    @extend_schema(operation_id="list_tenant_sessions", responses=paginated(serializers.SessionListItem))
    def list(self, request: Request, tenant_id: str) -> Response:
        """List a tenant's sessions. Newest first; only active ones unless you set `status` or `active_only`."""
        pk = self.id_or_404(Prefix.TENANT, tenant_id)
        if response := self.live_response(
            RevocationScope.TENANT, pk, lambda: self.or_404(live_in_tenant(pk, seen_by=self.principal))
        ):
            return response
        filterset = self.get_filterset_within(self.get_queryset().filter(tenant=pk), tenant_id=pk)
        if filterset.is_plain:
            total = live_total(RevocationScope.TENANT, pk)
            return self.filtered_response(filterset, lambda: total_or_404(self.tenant(tenant_id), total))
        return self.prepared_filtered_page_response(
            filterset, self.rows, self.with_list_columns, wire.list_item, pk, total=self.total
        ) or self.filtered_response(filterset, lambda: total_or_404(self.tenant(tenant_id), count_of(filterset.qs)))

    @extend_schema(operation_id="show_tenant_session_statistics", responses=STATISTICS)
    def stats(self, request: Request, tenant_id: str) -> Response:
        """Get a tenant's session statistics. Counts its sessions by status, device, browser, operating system and
        sign-in method."""
        pk = self.id_or_404(Prefix.TENANT, tenant_id)
        return self.answer(self.or_404(session_stats(RevocationScope.TENANT, pk, seen_by=self.principal)))

    @extend_schema(operation_id="revoke_all_tenant_sessions", request=serializers.Reason, responses={200: ENDED})
    def revoke_all(self, request: Request, tenant_id: str) -> Response:
        """Revoke all sessions of a tenant. Signs all of its users out, and you too if you are one of them."""
        tenant = self.first_or_404(self.tenant(tenant_id))
        reason = self.validate_body(serializers.Reason).get("reason")
        return self.revoke_scope(RevocationScope.TENANT, tenant.pk, reason)


class UserSessionsViewSet(SessionsViewSet):
    tag = "Sessions of a tenant"
    reads = {"list": Tier.TENANT}
    writes = {"revoke": Tier.TENANT}
    expensive = frozenset({"revoke"})
    filterset_class = filters.UserSessionFilters
    missing = "User not found"

    def user(self, tenant_id: str, user_id: str) -> Any:
        return users_in(self.tenant(tenant_id)).filter(pk=self.id_or_404(Prefix.USER, user_id))

    def rows(self, tenant_id: UUID, user_id: UUID, form: Form = ()) -> SessionStateQuerySet:
        owner_ids = {"tenant_id": tenant_id, "user_id": user_id}
        return filters.UserSessionFilters.applied(self.get_queryset().for_user(user_id), form, **owner_ids)

    def total(self, tenant_id: UUID, user_id: UUID, form: Form = ()) -> Any:
        user = users_in(visible_tenants(self.principal).filter(pk=tenant_id)).filter(pk=user_id)
        return user.order_by().values(total=count_of(self.rows(tenant_id, user_id, form)))

    @extend_schema(operation_id="list_user_sessions", responses=paginated(serializers.SessionListItem))
    def list(self, request: Request, tenant_id: str, user_id: str) -> Response:
        """List a user's sessions. Newest first; only active ones unless you set `status` or `active_only`."""
        tenant_pk, pk = self.id_or_404(Prefix.TENANT, tenant_id), self.id_or_404(Prefix.USER, user_id)
        query = (self.rows, self.with_list_columns, wire.list_item, tenant_pk, pk)
        if response := self.prepared_page_response(*query, total=self.total):
            return response
        filterset = self.get_filterset_within(self.get_queryset().for_user(pk), user_id=pk, tenant_id=tenant_pk)
        if response := self.prepared_filtered_page_response(filterset, *query, total=self.total):
            return response
        user = self.user(tenant_id, user_id)
        return self.filtered_response(filterset, lambda: total_or_404(user, count_of(filterset.qs)))

    @extend_schema(
        operation_id="revoke_user_sessions", request=serializers.SessionRevokeRequest, responses={200: ENDED}
    )
    def revoke(self, request: Request, tenant_id: str, user_id: str) -> Response:
        """Revoke a user's sessions. Either those in `session_ids` or, with `revoke_all`, all of them. IDs of other
        users' sessions are ignored."""
        user = self.check_writable(self.user(tenant_id, user_id))
        user_pk = self.id_or_404(Prefix.USER, user_id)
        data = self.validate_body(serializers.SessionRevokeRequest)
        if data["revoke_all"]:
            current = self.principal.session_id if data["except_current"] else None
            return self.revoke_scope(RevocationScope.USER, user_pk, data.get("reason"), current)
        ids = [decode_id(Prefix.SESSION, each) for each in data["session_ids"]]
        sessions = SessionState.objects.for_user(user_pk).filter(pk__in=[each for each in ids if each])
        tenant_pk = self.id_or_404(Prefix.TENANT, tenant_id)
        result = self.revoke_rows(sessions, data.get("reason"), judged_by=user, tenant_id=tenant_pk)
        return self.revoked_response(result)


class TenantSessionViewSet(SessionsViewSet):
    tag = "Sessions of a tenant"
    reads = {"retrieve": Tier.TENANT}
    writes = {"destroy": Tier.TENANT}
    missing = "Session not found"

    def of_tenant(self, tenant_id: UUID) -> SessionStateQuerySet:
        return self.get_queryset().filter(tenant__in=visible_tenants(self.principal).filter(pk=tenant_id))

    def get_rows(self, tenant_id: str, session_id: str) -> SessionStateQuerySet:
        sessions = self.of_tenant(self.id_or_404(Prefix.TENANT, tenant_id))
        return sessions.filter(pk=self.id_or_404(Prefix.SESSION, session_id))

    def one(self, tenant_id: UUID, pk: UUID) -> Any:
        return self.with_columns(self.of_tenant(tenant_id).filter(pk=pk))

    @extend_schema(operation_id="show_tenant_session", responses=enveloped(serializers.SessionResponse))
    def retrieve(self, request: Request, tenant_id: str, session_id: str) -> Response:
        """Get a session of a tenant. Active or ended, with the applications that were used in it."""
        ids = self.id_or_404(Prefix.TENANT, tenant_id), self.id_or_404(Prefix.SESSION, session_id)
        return self.answer(wire.session(self.first_or_404(self.fetch(self.one, *ids))))

    @extend_schema(operation_id="delete_tenant_session", request=None, responses={204: None})
    def destroy(self, request: Request, tenant_id: str, session_id: str) -> Response:
        """Revoke a session of a tenant. Its next request is refused, on every server. Revoking it again changes
        nothing."""
        self.revoke_rows(self.check_writable(self.get_rows(tenant_id, session_id)))
        return self.no_content()
