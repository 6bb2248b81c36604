"""The version, the API documents and the summary of counts."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Subquery
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import UserCount
from core.access import Tier
from core.api.same_origin import own_origin
from core.timestamps import to_the_millisecond
from sessions_app.api.edge import serializers
from sessions_app.api.edge.views.base import EdgeViewSet
from sessions_app.reads.session_pages import visible_live_total
from tenancy.models import Platform

MANAGEMENT, CLIENT = "/edge/management/v1", "/edge/client/v1"
SPEC = "edge-management"
SPEC_CREATED_AT = datetime(2026, 11, 29, tzinfo=UTC)  # the same on every replica
# Counts that consoles show and Curfew has no such resources for.
ALWAYS_ZERO = dict.fromkeys(("configs", "routers.edge", "servicePolicies", "services", "sessions"), 0)


class VersionViewSet(EdgeViewSet):
    public = frozenset({"show", "show_root"})

    @extend_schema(operation_id="listVersion", tags=["Informational"], responses=serializers.VERSION)
    def show(self, request: Request) -> Response:
        """Get the version. Says what runs here and where its APIs are. Without `OIDC_AUTH` among the capabilities,
        clients sign in with `POST /authenticate`."""
        client, management = _api_at(CLIENT, request), _api_at(MANAGEMENT, request)
        version = {
            "apiVersions": {"edge": client, "edge-client": client, "edge-management": management},
            "buildDate": "",
            "capabilities": [],
            "revision": "",
            "runtimeVersion": "",
            "version": f"v{settings.VERSION}",
        }
        return self.answer(version)

    @extend_schema(operation_id="listRoot", tags=["Informational"], responses=serializers.VERSION)
    def show_root(self, request: Request) -> Response:
        """Get the version at the root path. The same as `GET /version`."""
        return self.show(request)


def _api_at(path: str, request: Request) -> dict[str, Any]:
    return {"v1": {"path": path, "apiBaseUrls": [f"{own_origin(request)}{settings.URL_PREFIX}{path}"]}}


class SpecViewSet(EdgeViewSet):
    public = frozenset({"list", "retrieve"})
    entity, id_in_path = "spec", "spec_id"

    @extend_schema(operation_id="listSpecs", tags=["Informational"], responses=serializers.SPECS)
    def list(self, request: Request) -> Response:
        """List the documents that describe this API. If API documentation is served, `_links.spec` leads to it."""
        return self.answer([_spec()])

    @extend_schema(
        operation_id="detailSpec",
        tags=["Informational"],
        responses={200: serializers.SPEC, 404: serializers.ApiErrorEnvelope},
    )
    def retrieve(self, request: Request, spec_id: str) -> Response:
        """Get a document that describes this API. If API documentation is served, `_links.spec` leads to it."""
        self.count_or_404(spec_id == SPEC)
        return self.answer(_spec())


def _spec() -> dict[str, Any]:
    links = {"self": {"href": f"./specs/{SPEC}"}}
    if settings.API_DOCS:
        links["spec"] = {"href": reverse("openapi-edge")}
    at = to_the_millisecond(SPEC_CREATED_AT)
    return {"id": SPEC, "createdAt": at, "updatedAt": at, "_links": links, "tags": {}, "name": SPEC}


class SummaryViewSet(EdgeViewSet):
    reads = {"show": Tier.TENANT}

    @extend_schema(
        operation_id="listSummary",
        tags=["Informational"],
        responses=serializers.answers(serializers.SUMMARY, 401, 503),
    )
    def show(self, request: Request) -> Response:
        """Count active sessions and users. Counts those within your scope; everything else in the summary is 0."""
        return self.answer(self.fetch(self.counts)[0] | ALWAYS_ZERO)

    def counts(self) -> Any:
        users = UserCount.objects.visible_to(self.principal).in_existing_tenant().total()
        counts = {"apiSessions": visible_live_total(self.principal), "identities": Subquery(users)}
        return Platform.objects.order_by().values(**counts)
