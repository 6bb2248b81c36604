"""The requests and responses of the edge, with the controller's own field names."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from core.api.fields import OptionalText, StrictString

METHOD = OpenApiParameter(
    "method",
    {"type": "string", "enum": ["password"]},
    OpenApiParameter.QUERY,
    required=True,
    description="How to sign in. Only passwords are supported.",
)
MAX_LENGTH = 1_024
SORT = "The fields to sort by, such as `createdAt desc, id`. A `sort by` in the filter takes precedence."


class EnvInfo(serializers.Serializer):
    arch = OptionalText(required=False, max_length=MAX_LENGTH)
    domain = OptionalText(required=False, max_length=MAX_LENGTH)
    hostname = OptionalText(required=False, max_length=MAX_LENGTH)
    os = OptionalText(required=False, max_length=MAX_LENGTH)
    osRelease = OptionalText(required=False, max_length=MAX_LENGTH)
    osVersion = OptionalText(required=False, max_length=MAX_LENGTH)


class SdkInfo(serializers.Serializer):
    appId = OptionalText(required=False, max_length=MAX_LENGTH)
    appVersion = OptionalText(required=False, max_length=MAX_LENGTH)
    branch = OptionalText(required=False, max_length=MAX_LENGTH)
    revision = OptionalText(required=False, max_length=MAX_LENGTH)
    type = OptionalText(required=False, max_length=MAX_LENGTH)
    version = OptionalText(required=False, max_length=MAX_LENGTH)


class Authenticate(serializers.Serializer):
    """Credentials. Other members are ignored."""

    username = StrictString(min_length=4, max_length=100, trim_whitespace=False, help_text="The user's e-mail address.")
    password = StrictString(min_length=5, max_length=100, trim_whitespace=False)
    tenant = StrictString(
        max_length=64,
        required=False,
        allow_null=True,
        help_text="The tenant's slug or ID. Required only if the e-mail address exists in several tenants.",
    )
    envInfo = EnvInfo(required=False, allow_null=True)
    sdkInfo = SdkInfo(required=False, allow_null=True)
    configTypes = serializers.ListField(child=OptionalText(), required=False, allow_null=True)


class Link(serializers.Serializer):
    href = serializers.CharField()


class EntityRef(serializers.Serializer):
    entity = serializers.CharField()
    id = serializers.CharField()
    name = serializers.CharField()
    _links = serializers.DictField(child=Link())


class Entity(serializers.Serializer):
    id = serializers.CharField()
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()
    _links = serializers.DictField(child=Link())
    tags = serializers.DictField()


class Spec(Entity):
    name = serializers.CharField()


class ApiSession(Entity):
    token = serializers.CharField()
    identityId = serializers.CharField()
    identity = EntityRef()
    ipAddress = serializers.CharField()
    configTypes = serializers.ListField(child=serializers.CharField())
    authQueries = serializers.ListField(child=serializers.DictField())
    isMfaRequired = serializers.BooleanField()
    isMfaComplete = serializers.BooleanField()
    authenticatorId = serializers.CharField()
    isCertExtendable = serializers.BooleanField()
    lastActivityAt = serializers.DateTimeField()
    cachedLastActivityAt = serializers.DateTimeField()


class CurrentApiSession(ApiSession):
    expiresAt = serializers.DateTimeField()
    expirationSeconds = serializers.IntegerField()


class Identity(Entity):
    """A user. What OpenZiti stores of an identity and Curfew does not is empty."""

    name = serializers.CharField(help_text="The user's e-mail address.")
    type = EntityRef()
    typeId = serializers.CharField()
    isAdmin = serializers.BooleanField(help_text="Whether the user is an administrator, of any tier.")
    isDefaultAdmin = serializers.BooleanField()
    isMfaEnabled = serializers.BooleanField()
    hasApiSession = serializers.BooleanField()
    disabled = serializers.BooleanField(help_text="Whether the user, their tenant or their partner is suspended.")
    authPolicy = EntityRef()
    authPolicyId = serializers.CharField()
    externalId = serializers.CharField(allow_null=True)
    roleAttributes = serializers.ListField(child=serializers.CharField())
    permissions = serializers.ListField(child=serializers.CharField())
    authenticators = serializers.DictField()
    enrollment = serializers.DictField()
    envInfo = serializers.DictField()
    sdkInfo = serializers.DictField()
    appData = serializers.DictField()
    hasEdgeRouterConnection = serializers.BooleanField()
    edgeRouterConnectionStatus = serializers.CharField()
    defaultHostingCost = serializers.IntegerField()
    defaultHostingPrecedence = serializers.CharField()
    serviceHostingCosts = serializers.DictField()
    serviceHostingPrecedences = serializers.DictField()


class Pagination(serializers.Serializer):
    limit = serializers.IntegerField()
    offset = serializers.IntegerField()
    totalCount = serializers.IntegerField()


class Meta(serializers.Serializer):
    """Empty except in lists."""


class ListMeta(serializers.Serializer):
    filterableFields = serializers.ListField(child=serializers.CharField())
    pagination = Pagination()


class ErrorMeta(serializers.Serializer):
    apiEnrollmentVersion = serializers.CharField()
    apiVersion = serializers.CharField()


class Cause(serializers.Serializer):
    """Another error, or an invalid field."""

    code = serializers.CharField(required=False)
    message = serializers.CharField(required=False)
    field = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    value = serializers.CharField(required=False)


class ApiError(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    requestId = serializers.CharField()
    cause = Cause(required=False)
    causeMessage = serializers.CharField(required=False)


class ApiErrorEnvelope(serializers.Serializer):
    error = ApiError()
    meta = ErrorMeta()


class ApiVersion(serializers.Serializer):
    path = serializers.CharField()
    apiBaseUrls = serializers.ListField(child=serializers.CharField())


class Version(serializers.Serializer):
    apiVersions = serializers.DictField(child=serializers.DictField(child=ApiVersion()))
    buildDate = serializers.CharField()
    capabilities = serializers.ListField(child=serializers.CharField())
    revision = serializers.CharField()
    runtimeVersion = serializers.CharField()
    version = serializers.CharField()


def _enveloped(name: str, data: Any, meta: type[serializers.Serializer] = Meta) -> Any:
    return inline_serializer(name, {"data": data, "meta": meta()})


def page(example: str) -> list[OpenApiParameter]:
    """Return the parameters of a list, with an example of a filter."""
    return [
        OpenApiParameter(
            "limit", int, description="How many items to return: 10 by default, at most 500; -1 for all, up to 10,000."
        ),
        OpenApiParameter("offset", int, description="How many items to skip, at most 100,000."),
        OpenApiParameter("filter", str, description=f"A filter, such as `{example}`."),
        OpenApiParameter("sort", str, description=SORT),
    ]


VERSION = _enveloped("VersionEnvelope", Version())
SPEC = _enveloped("SpecEnvelope", Spec())
SPECS = _enveloped("SpecsEnvelope", Spec(many=True))
SUMMARY = _enveloped("SummaryEnvelope", serializers.DictField(child=serializers.IntegerField()))
EMPTY = _enveloped("EmptyEnvelope", serializers.DictField())
API_SESSION = _enveloped("ApiSessionEnvelope", ApiSession())
CURRENT_API_SESSION = _enveloped("CurrentApiSessionEnvelope", CurrentApiSession())
API_SESSIONS = _enveloped("ApiSessionsEnvelope", ApiSession(many=True), ListMeta)

IDENTITY = _enveloped("IdentityEnvelope", Identity())
IDENTITIES = _enveloped("IdentitiesEnvelope", Identity(many=True), ListMeta)


def answers(envelope: Any, *errors: int) -> dict[int, Any]:
    return {200: envelope, **dict.fromkeys(errors, ApiErrorEnvelope)}
