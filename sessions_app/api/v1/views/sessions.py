from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.access import Tier
from core.api.lists import ListViewSet
from core.api.schema import enveloped, paginated
from core.ids import Prefix
from sessions_app import operations
from sessions_app.api.v1 import filters, serializers, wire
from sessions_app.models import RevocationScope, SessionState, SessionStateQuerySet
from sessions_app.operations.revocation import MAX_IDS, REASON_BY_ADMIN
from sessions_app.reads.live_list import live_page
from sessions_app.reads.stats import NO_SESSIONS
from sessions_app.scopes import owner_filter, scope_of, visible_tenants

ENDED = enveloped(serializers.SessionRevokeResponse)
Form = tuple[tuple[str, Any], ...]
STATISTICS = enveloped(serializers.SessionStats, name="dict_str__Any_")


class SessionsViewSet(ListViewSet):
    """Sessions within the caller's scope."""

    def get_queryset(self) -> SessionStateQuerySet:
        return SessionState.objects.visible_to(self.principal)

    def tenant(self, tenant_id: str) -> Any:
        return visible_tenants(self.principal).filter(pk=self.id_or_404(Prefix.TENANT, tenant_id))

    def get_filterset_within(
        self, sessions: SessionStateQuerySet, **owner_ids: UUID | None
    ) -> filters.UserSessionFilters:
        filterset: Any = self.get_filterset(sessions)
        filterset.owner_ids = owner_ids
        return filterset

    def filtered_response(self, filterset: filters.UserSessionFilters, total: Callable[[], int]) -> Response:
        return self.page_response(filterset, total=total, fetch=self.with_list_columns, represent=wire.list_item)

    def with_list_columns(self, rows: SessionStateQuerySet) -> Any:
        return rows.with_is_current(self.principal).values(*wire.LIST_COLUMNS)

    def live_response(
        self, scope: RevocationScope, target_id: UUID | None, total: Callable[[], int]
    ) -> Response | None:
        """Answer with live sessions, newest first: the list without a filter, from the start or behind a cursor. To
        any other request, return None."""
        if self.filters_in_query:
            return None
        position = self.read_position({})
        if not position.is_prepared:
            return None
        count, most, after = total(), position.per_page + 1, position.after_id
        rows = live_page(scope, target_id, seen_by=self.principal, columns=wire.LIST_COLUMNS, most=most, after=after)
        return self.cut_response(count, rows, wire.list_item)

    def with_columns(self, rows: SessionStateQuerySet) -> Any:
        return rows.with_is_current(self.principal).with_applications().values(*wire.COLUMNS)

    def revoke_rows(
        self,
        rows: SessionStateQuerySet,
        reason: str | None = None,
        *,
        judged_by: Any = None,
        tenant_id: UUID | None = None,
    ) -> operations.RevocationResult:
        """Revoke the sessions that the caller may change when they are locked.

        If none was revoked, the caller may have lost the right to it meanwhile, or never had it: that is 403 or 404 as
        usual. `judged_by` are the rows that their right depends on, if they are not the sessions themselves.
        """
        writable = rows.writable_by(self.principal)
        result = operations.revoke(
            writable, actor=self.principal, reason=reason or REASON_BY_ADMIN, tenant_id=tenant_id
        )
        if not result.count:
            self.check_writable(rows if judged_by is None else judged_by)
        return result

    def revoke_scope(
        self,
        scope: RevocationScope,
        target_id: UUID | None,
        reason: str | None,
        except_session_id: UUID | None = None,
    ) -> Response:
        result = operations.revoke_scope(
            scope,
            target_id,
            actor=self.principal,
            reason=reason or REASON_BY_ADMIN,
            except_session_id=except_session_id,
            max_ids=0 if self.is_brief else MAX_IDS,
        )
        return self.revoked_response(result)

    def revoked_response(self, result: operations.RevocationResult) -> Response:
        return self.preferred(self.answer(wire.revoked(result, is_brief=self.is_brief)))


class AdminSessionViewSet(SessionsViewSet):
    tag = "Sessions"
    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT, "stats": Tier.TENANT}
    writes = {"destroy": Tier.TENANT, "revoke": Tier.TENANT, "revoke_all": Tier.TENANT}
    expensive = frozenset({"stats", "revoke_all"})
    filterset_class = filters.SessionFilters
    filterset_classes = {"stats": filters.StatisticsFilters}
    missing = "Session not found"

    def get_rows(self, session_id: str) -> SessionStateQuerySet:
        return self.get_queryset().filter(pk=self.id_or_404(Prefix.SESSION, session_id))

    def one(self, pk: UUID) -> Any:
        return self.with_columns(self.get_queryset().filter(pk=pk))

    def rows(self, form: Form) -> SessionStateQuerySet:
        return filters.SessionFilters.applied(self.get_queryset(), form, **owner_filter(self.principal))

    @extend_schema(operation_id="list_sessions", responses=paginated(serializers.SessionListItem))
    def list(self, request: Request) -> Response:
        """List sessions. Returns the sessions you can see, newest first; only active ones unless you set `status` or
        `active_only`."""
        whole = scope_of(self.principal)
        response = whole and self.live_response(whole.scope, whole.target_id, lambda: whole.live)
        if response:
            return response
        filterset = self.get_filterset_within(self.get_queryset(), **owner_filter(self.principal))
        if filterset.is_plain:
            counted = scope_of(self.principal, **filterset.filtered_owner_ids)
            return self.filtered_response(filterset, lambda: counted.live if counted else filterset.qs.count())
        return self.prepared_filtered_page_response(
            filterset, self.rows, self.with_list_columns, wire.list_item
        ) or self.filtered_response(filterset, filterset.qs.count)

    @extend_schema(operation_id="show_session_statistics", responses=STATISTICS)
    def stats(self, request: Request) -> Response:
        """Get session statistics. Counts the sessions you can see by status, device, browser, operating system and
        sign-in method."""
        values = self.get_filterset(SessionState.objects.none()).form.cleaned_data
        counted = scope_of(self.principal, **{name: value for name, value in values.items() if value})
        return self.answer(counted.stats if counted else NO_SESSIONS)

    @extend_schema(operation_id="show_session", responses=enveloped(serializers.SessionResponse))
    def retrieve(self, request: Request, session_id: str) -> Response:
        """Get a session. Active or ended, with the applications that were used in it."""
        pk = self.id_or_404(Prefix.SESSION, session_id)
        return self.answer(wire.session(self.first_or_404(self.fetch(self.one, pk))))

    @extend_schema(operation_id="delete_session", request=None, responses={204: None})
    def destroy(self, request: Request, session_id: str) -> Response:
        """Revoke a session. Its next request is refused, on every server. Revoking it again changes nothing."""
        self.revoke_rows(self.check_writable(self.get_rows(session_id)))
        return self.no_content()

    @extend_schema(operation_id="revoke_session", request=serializers.Reason, responses={200: ENDED})
    def revoke(self, request: Request, session_id: str) -> Response:
        """Revoke a session and give a reason. Its next request is refused, on every server. Unlike DELETE, this takes a
        reason and returns the revocation."""
        rows = self.check_writable(self.get_rows(session_id))
        return self.revoked_response(self.revoke_rows(rows, self.validate_body(serializers.Reason).get("reason")))

    @extend_schema(operation_id="revoke_all_sessions", request=serializers.RevokeAllRequest, responses={200: ENDED})
    def revoke_all(self, request: Request) -> Response:
        """Revoke all sessions of a user, tenant, partner or application. Or, as a super admin, of the whole platform.
        Sign-ins in progress are refused as well, and your own session is included if it is one of them."""
        data = self.validate_body(serializers.RevokeAllRequest)
        return self.revoke_scope(*wire.target(data, self.principal), data.get("reason"))
