from sessions_app.api.edge.views.identities import CurrentIdentityViewSet, IdentityViewSet
from sessions_app.api.edge.views.informational import SpecViewSet, SummaryViewSet, VersionViewSet
from sessions_app.api.edge.views.sessions import ApiSessionViewSet, AuthenticateViewSet, CurrentApiSessionViewSet

__all__ = [
    "ApiSessionViewSet",
    "AuthenticateViewSet",
    "CurrentApiSessionViewSet",
    "CurrentIdentityViewSet",
    "IdentityViewSet",
    "SpecViewSet",
    "SummaryViewSet",
    "VersionViewSet",
]
