"""v1's formats: an envelope around results, and errors in the format of FastAPI."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar

from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from core.api import query_string
from core.api.errors import ErrorResponse, error_response_for
from core.api.middleware import ORIGIN
from core.api.parsers import NotJSON
from core.api.schema_descriptions import DESCRIPTIONS
from core.api.serializers import InputSerializer
from core.api.throttling import ExpensiveRequests
from core.api.views import PolicyViewSet

PROBLEM = "application/problem+json"
TYPES = {"extra_forbidden": "extra_forbidden", "model_type": "model_type", "required": "missing"}  # by a code of DRF's
MAX_LISTED = 20  # unknown parameters in one error, since a query can have thousands


class ValidationFailed(Exception):
    """The input is invalid: 422, with the place and the reason of each error."""

    def __init__(self, *errors: dict[str, Any]) -> None:
        super().__init__(errors)
        self.errors = list(errors)


def error_item(loc: tuple[str | int, ...], msg: str, type: str = "value_error") -> dict[str, Any]:  # noqa: A002 - the contract's word
    return {"loc": list(loc), "msg": msg, "type": type}


class V1ViewSet(PolicyViewSet):
    """Responds in v1's envelope, and refuses query parameters that an action does not take.

    `unique` names the field that a constraint in the database is about; `expensive` the actions that are throttled.
    """

    throttle_classes = [ExpensiveRequests]
    descriptions = DESCRIPTIONS
    tag: ClassVar[str] = ""
    expensive: ClassVar[frozenset[str]] = frozenset()
    unique: ClassVar[Mapping[str, str]] = {}
    ignores_unknown_parameters: ClassVar[bool] = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        query = request.META["QUERY_STRING"]
        if query and self.action and not self.ignores_unknown_parameters:
            self.refuse_unknown_parameters(query_string.names_in(query))

    def get_throttles(self) -> list[Any]:
        return super().get_throttles() if self.action in self.expensive else []

    @property
    def is_limited(self) -> bool:
        """Whether a rate limit applies to the current action."""
        return self.action in self.expensive

    @property
    def parameters(self) -> Collection[str]:
        """The query parameters that the current action takes."""
        return ()

    def refuse_unknown_parameters(self, names: Collection[str]) -> None:
        """Refuse unknown query parameters, since an ignored filter would return more than requested."""
        known = self.parameters
        unknown = [name for name in names if name not in known]
        if unknown:
            message = f"Unknown parameter; this request takes: {', '.join(sorted(known)) or 'none'}"
            raise ValidationFailed(
                *(error_item(("query", name), message, "extra_forbidden") for name in unknown[:MAX_LISTED])
            )

    def validate_body(self, serializer_class: type[InputSerializer]) -> dict[str, Any]:
        """Validate the body of an action by a serializer, and return its values."""
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def answer(self, data: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
        return Response({"data": data, "meta": meta(self.request)}, status=status)

    @property
    def is_brief(self) -> bool:
        """Whether the caller prefers a minimal response (RFC 7240)."""
        preferences = self.request.headers.get("Prefer", "").split(",")
        return "return=minimal" in (each.partition(";")[0].replace(" ", "").lower() for each in preferences)

    def preferred(self, response: Response) -> Response:
        """Note in the response that the preference for a minimal response was applied."""
        if self.is_brief:
            response["Preference-Applied"] = "return=minimal"
        return response

    def no_content(self) -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)


def meta(request: Request) -> dict[str, Any]:
    return {"request_id": request.META[ORIGIN].request_id, "timestamp": datetime.now(UTC)}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    refusal = refusal_in_v1(error, context["view"])
    if refusal is None:
        return None
    if PROBLEM in context["request"].headers.get("Accept", ""):
        return problem(refusal)
    body = refusal.detail if isinstance(refusal.detail, dict) else {"detail": refusal.detail}
    return Response(body, status=refusal.status, headers=refusal.headers)


def refusal_in_v1(error: Exception, view: Any) -> ErrorResponse | None:
    match error:
        case ValidationFailed():
            return ErrorResponse(HTTPStatus.UNPROCESSABLE_ENTITY, error.errors)
        case exceptions.ValidationError():
            return ErrorResponse(HTTPStatus.UNPROCESSABLE_ENTITY, list(flatten_errors(error.detail)))
        case NotJSON():
            broken = error_item(("body", error.position), "JSON decode error", "json_invalid")
            return ErrorResponse(HTTPStatus.UNPROCESSABLE_ENTITY, [broken])
        case _:
            return error_response_for(error, view)


def problem(refusal: ErrorResponse) -> Response:
    """Build the body of an error as a problem document (RFC 9457)."""
    status = refusal.status
    body: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    match refusal.detail:
        case str():
            body["detail"] = refusal.detail
        case dict():
            body |= refusal.detail
        case _:
            body |= {"detail": "The request is not valid", "errors": refusal.detail}
    return Response(body, status=status, headers=refusal.headers, content_type=PROBLEM)


def flatten_errors(errors: Any, loc: tuple[str | int, ...] = ("body",)) -> Iterator[dict[str, Any]]:
    """List a serializer's nested errors as FastAPI does: where, what and which type."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            is_own = name == api_settings.NON_FIELD_ERRORS_KEY and not _is_about_unknown_field(inner)
            yield from flatten_errors(inner, loc if is_own else (*loc, name))
    else:
        for error in errors:
            yield error_item(loc, str(error), TYPES.get(error.code, f"value_error.{error.code}"))


def _is_about_unknown_field(errors: Any) -> bool:
    return isinstance(errors, list) and any(error.code == "extra_forbidden" for error in errors)
