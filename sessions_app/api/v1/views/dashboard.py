from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.v1.filters import EntryFilters
from audit.api.v1.serializers import Entry
from audit.api.v1.views import RecordViewSet
from core.access import Tier
from core.api.schema import enveloped, paginated
from sessions_app.api.v1 import filters, serializers
from sessions_app.models import Session
from sessions_app.reads.dashboard import totals


class DashboardViewSet(RecordViewSet):
    tag = "Dashboard"
    reads = {"stats": Tier.TENANT, "activity": Tier.TENANT}
    expensive = frozenset({"stats"})
    filterset_classes = {"stats": filters.StatisticsFilters, "activity": EntryFilters}

    @extend_schema(operation_id="show_dashboard_statistics", responses=enveloped(serializers.DashboardStats))
    def stats(self, request: Request) -> Response:
        """Get the numbers of a dashboard. Counts every kind of resource you can see, and what happened in the
        last 24 hours."""
        scope = self.get_filterset(Session.objects.none()).form.cleaned_data
        return self.answer(totals(self.principal, **scope))

    @extend_schema(operation_id="list_dashboard_activity", responses=paginated(Entry))
    def activity(self, request: Request) -> Response:
        """List recent activity. The same entries as `GET /api/v1/admin/audit`, newest first."""
        return self.listed()
