"""What the two reference documents of v1 promise: the Sessions API's schemas, and the endpoints of both."""

from dataclasses import dataclass, field

Fields = dict[str, str]

# A field's type as the document has it; `[X]` is a list of X. A star marks what an answer always has, or a body needs.
SCHEMAS: dict[str, Fields] = {
    "ApiResponse_SessionResponse_": {"data*": "SessionResponse", "meta": "MetaResponse"},
    "ApiResponse_SessionRevokeResponse_": {"data*": "SessionRevokeResponse", "meta": "MetaResponse"},
    "ApiResponse_dict_str__Any__": {"data*": "object", "meta": "MetaResponse"},
    "HTTPValidationError": {"detail": "[ValidationError]"},
    "MetaResponse": {"request_id": "string|null", "timestamp": "date-time"},
    "PaginatedResponse_SessionListItem_": {
        "data*": "[SessionListItem]",
        "pagination*": "PaginationMeta",
        "meta": "MetaResponse",
    },
    "PaginationMeta": dict.fromkeys(("page*", "per_page*", "total_items*", "total_pages*"), "integer"),
    "SessionAppInfo": {"application_id*": "string", "application_name*": "string", "accessed_at*": "date-time"},
    "SessionListItem": {
        "id*": "string",
        "user_id*": "string",
        "user_email": "string|null",
        "ip_address*": "string|null",
        "user_agent*": "string|null",
        "device_type*": "string|null",
        "is_current": "boolean",
        "created_at*": "date-time",
        "last_activity_at*": "date-time|null",
        "expires_at*": "date-time",
        "app_count": "integer",
    },
    "SessionResponse": {
        "id*": "string",
        "user_id*": "string",
        "user_email": "string|null",
        "user_display_name": "string|null",
        "ip_address*": "string|null",
        "user_agent*": "string|null",
        "device_type*": "string|null",
        "location*": "string|null",
        "is_current": "boolean",
        "created_at*": "date-time",
        "last_activity_at*": "date-time|null",
        "expires_at*": "date-time",
        "sso_apps": "[SessionAppInfo]",
    },
    "SessionRevokeRequest": {"session_ids": "[string]|null", "revoke_all": "boolean", "except_current": "boolean"},
    "SessionRevokeResponse": {"revoked_count*": "integer", "session_ids*": "[string]"},
    "ValidationError": {"loc*": "[string|integer]", "msg*": "string", "type*": "string"},
}
DEFAULTS = {"SessionRevokeRequest": {"revoke_all": False, "except_current": True}}
REQUESTS = frozenset({"SessionRevokeRequest"})


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    status: int = 200
    query: Fields = field(default_factory=dict)
    answer: str | None = None  # the schema, where the document names one
    request: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


PAGED = {"page": "integer", "per_page": "integer"}
OF_TENANT = "/api/v1/tenants/{tenant_id}/sessions"
LISTED, SHOWN = "PaginatedResponse_SessionListItem_", "ApiResponse_SessionResponse_"
REVOKED, STATISTICS = "ApiResponse_SessionRevokeResponse_", "ApiResponse_dict_str__Any__"
SESSIONS_API = [
    Endpoint(
        "GET",
        "/api/v1/admin/sessions/",
        query=PAGED | dict.fromkeys(("user_id", "tenant_id", "partner_id"), "string"),
    ),
    Endpoint("POST", "/api/v1/admin/sessions/revoke-all"),
    Endpoint("DELETE", "/api/v1/admin/sessions/{session_id}", 204),
    Endpoint("GET", "/api/v1/admin/sessions/{session_id}"),
    Endpoint("GET", "/api/v1/me/sessions"),
    Endpoint("POST", "/api/v1/me/sessions/revoke-all"),
    Endpoint("DELETE", "/api/v1/me/sessions/{session_id}"),
    Endpoint("GET", OF_TENANT, query=PAGED | {"user_id": "string", "active_only": "boolean"}, answer=LISTED),
    Endpoint("POST", f"{OF_TENANT}/revoke-all", answer=REVOKED),
    Endpoint("GET", f"{OF_TENANT}/stats", answer=STATISTICS),
    Endpoint("GET", f"{OF_TENANT}/users/{{user_id}}", query=PAGED | {"active_only": "boolean"}, answer=LISTED),
    Endpoint("POST", f"{OF_TENANT}/users/{{user_id}}/revoke", answer=REVOKED, request="SessionRevokeRequest"),
    Endpoint("DELETE", f"{OF_TENANT}/{{session_id}}", 204),
    Endpoint("GET", f"{OF_TENANT}/{{session_id}}", answer=SHOWN),
]
# The Admin reference has no schemas: every resource is listed, made, read, changed and deleted alike.
RESOURCES = ("partners", "tenants", "users", "groups", "applications", "identity-providers", "agents")
ADMIN_API = [
    endpoint
    for resource in RESOURCES
    for endpoint in (
        Endpoint("GET", f"/api/v1/admin/{resource}", query=PAGED),
        Endpoint("POST", f"/api/v1/admin/{resource}", 201),
        Endpoint("GET", f"/api/v1/admin/{resource}/{{id}}"),
        Endpoint("PATCH", f"/api/v1/admin/{resource}/{{id}}"),
        Endpoint("DELETE", f"/api/v1/admin/{resource}/{{id}}", 204),
    )
] + [
    Endpoint("POST", "/api/v1/admin/users/{id}/reset-password"),
    Endpoint("POST", "/api/v1/admin/users/{id}/mfa/disable"),
    Endpoint("POST", "/api/v1/admin/groups/{id}/members", 201),
    Endpoint("DELETE", "/api/v1/admin/groups/{id}/members/{user_id}", 204),
    Endpoint("POST", "/api/v1/admin/groups/{id}/nested", 201),
    Endpoint("DELETE", "/api/v1/admin/groups/{id}/nested/{child_group_id}", 204),
    Endpoint("GET", "/api/v1/admin/sessions", query=PAGED),
    Endpoint("GET", "/api/v1/admin/sessions/{id}"),
    Endpoint("POST", "/api/v1/admin/sessions/{id}/revoke"),
    Endpoint("GET", "/api/v1/admin/audit", query=PAGED),
    Endpoint("GET", "/api/v1/admin/audit/{id}"),
    Endpoint("GET", "/api/v1/admin/dashboard/stats"),
    Endpoint("GET", "/api/v1/admin/dashboard/activity", query=PAGED),
]
# Filters that the lists of the original take, beside those of its documents.
FILTERS = {
    "partners": ("search", "status"),
    "tenants": ("search", "status", "partner_id"),
    "users": ("search", "status", "tenant_id", "partner_id"),
    "groups": ("search", "tenant_id", "partner_id", "group_type"),
    "applications": ("tenant_id", "partner_id", "scope", "application_type", "search"),
    "identity-providers": ("tenant_id", "provider_type", "search"),
    "agents": ("tenant_id", "status", "agent_type", "search"),
    "audit": (
        *("tenant_id", "partner_id", "actor_id", "actor_email", "action", "resource_type", "resource_id", "result"),
        *("start_time", "end_time", "ip_address"),
    ),
}
# Fields that the Admin reference names of its resources.
FIELDS = {
    "partners": (
        *("name", "slug", "status", "contact_email"),
        *("max_tenants", "max_users_per_tenant", "max_applications_per_tenant"),
    ),
    "tenants": ("name", "slug", "status", "contact_email", "partner_id", "settings", "branding"),
    "users": ("custom_attributes",),
    "applications": ("allowed_scopes", "redirect_uris", "allowed_origins", "token_lifetime", "token_exchange_allowed"),
    "agents": ("allowed_tools", "allowed_scopes", "rate_limit_rpm"),
}
