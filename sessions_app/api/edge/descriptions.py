"""What the published schema says of this API's fields: by name, or by serializer and name where meanings differ."""

from collections.abc import Mapping

_CLIENT = "Optional information about the client. It is checked and not stored."
_ALWAYS_EMPTY = "Part of OpenZiti's format. Curfew has nothing of the kind, so it is always the same."

DESCRIPTIONS: Mapping[str, str] = {
    "_links": "Links to related resources.",
    "apiBaseUrls": "The base URLs of the API.",
    "apiVersion": "The version of this API.",
    "apiVersions": "The APIs that run here, with their paths.",
    "capabilities": "Optional features. Without `OIDC_AUTH`, clients sign in with `POST /authenticate`.",
    "cause": "What led to the error, if there is more to say.",
    "causeMessage": "What led to the error, as text.",
    "code": "OpenZiti's error code.",
    "createdAt": "When it was created.",
    "data": "The result.",
    "entity": "The kind of resource.",
    "error": "What went wrong.",
    "expirationSeconds": "In how many seconds the session expires if it is not used.",
    "expiresAt": "When the session expires if it is not used.",
    "field": "The field or parameter that is invalid.",
    "filterableFields": "The fields that a filter can use.",
    "hasApiSession": "Whether the user has an active session.",
    "href": "The link, relative to this API.",
    "id": "The ID.",
    "identity": "The user, as an identity.",
    "identityId": "The user's ID.",
    "ipAddress": "The IP address that the session was last used from.",
    "isMfaComplete": "Whether the user signed in with MFA.",
    "isMfaEnabled": "Whether the user has MFA.",
    "isMfaRequired": "Whether the user's account needs MFA now.",
    "lastActivityAt": "When the session was last used, to the minute.",
    "cachedLastActivityAt": "The same as `lastActivityAt`.",
    "limit": "How many items the page holds.",
    "message": "What went wrong, in one sentence.",
    "meta": "About this response.",
    "name": "The name.",
    "offset": "How many items come before this page.",
    "pagination": "Where this page is in the list.",
    "password": "The user's password.",
    "path": "The path of the API.",
    "reason": "Why the value is invalid.",
    "requestId": "The request's ID, for finding it in logs and in the audit log.",
    "token": "The session's key when you sign in or ask for your own session with it; otherwise the session's ID.",
    "totalCount": "How many items the filter matches.",
    "updatedAt": "When it was last changed.",
    "value": "The invalid value.",
    "version": "The version of Curfew.",
    **dict.fromkeys(
        ("appId", "appVersion", "arch", "branch", "domain", "hostname", "os", "osRelease", "osVersion"), _CLIENT
    ),
    **dict.fromkeys(("revision", "type", "configTypes", "envInfo", "sdkInfo"), _CLIENT),
    "SdkInfo.version": _CLIENT,
    **dict.fromkeys(
        (
            *("apiEnrollmentVersion", "appData", "authPolicy", "authPolicyId", "authQueries", "authenticatorId"),
            *("authenticators", "buildDate", "defaultHostingCost", "defaultHostingPrecedence"),
            *("edgeRouterConnectionStatus", "enrollment", "externalId", "hasEdgeRouterConnection", "isCertExtendable"),
            *("isDefaultAdmin", "permissions", "roleAttributes", "runtimeVersion", "serviceHostingCosts"),
            *("serviceHostingPrecedences", "tags", "typeId", "ApiSession.configTypes", "Identity.envInfo"),
            *("CurrentApiSession.configTypes", "Identity.sdkInfo", "Identity.type", "Version.revision"),
        ),
        _ALWAYS_EMPTY,
    ),
}
