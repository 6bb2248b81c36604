"""v1's manner: envelopes around what succeeds, FastAPI's words for what does not."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from core.api import query_string
from core.api.errors import ErrorResponse, error_response_for
from core.api.middleware import ORIGIN
from core.api.parsers import NotJSON
from core.api.schema_descriptions import DESCRIPTIONS
from core.api.throttling import ExpensiveRequests
from core.api.views import PolicyViewSet

PROBLEM = "application/problem+json"
MOST_NAMED = 20  # unknown parameters in one refusal: a query can hold thousands


class ValidationFailed(Exception):
    """A request that is well addressed and says something impossible: 422, with where and why."""

    def __init__(self, *errors: dict[str, Any]) -> None:
        super().__init__(errors)
        self.errors = list(errors)


def error_item(loc: tuple[str | int, ...], msg: str, type: str = "value_error") -> dict[str, Any]:  # noqa: A002 - the contract's word
    return {"loc": list(loc), "msg": msg, "type": type}


S = TypeVar("S", bound=Serializer)


class V1ViewSet(PolicyViewSet):
    """Parses, and answers in the envelope.

    `unique` says of constraints in the database which field they are about.
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
        """Whether the current action is refused where a caller asks for too much of its kind."""
        return self.action in self.expensive

    @property
    def parameters(self) -> Collection[str]:
        """The query parameters that the current action takes."""
        return ()

    def refuse_unknown_parameters(self, names: Collection[str]) -> None:
        """Refuse a query that this action would not read: a filter that is ignored shows more than was asked for."""
        known = self.parameters
        unknown = [name for name in names if name not in known]
        if unknown:
            message = f"Unknown parameter; this request takes: {', '.join(sorted(known)) or 'none'}"
            raise ValidationFailed(
                *(error_item(("query", name), message, "extra_forbidden") for name in unknown[:MOST_NAMED])
            )

    def body(self, serializer_class: type[S], *, partial: bool = False) -> dict[str, Any]:
        if not isinstance(self.request.data, dict):
            raise ValidationFailed(error_item(("body",), "Input should be a valid object", "model_type"))
        return self.checked(self.request.data, serializer_class, ("body",), partial=partial)

    def checked(
        self, given: dict[str, Any], serializer_class: type[S], loc: tuple[str, ...], *, partial: bool = False
    ) -> dict[str, Any]:
        """An object of a body, or the body itself: all that the serializer names, and nothing else."""
        serializer = serializer_class(data=given, partial=partial, context={"request": self.request})
        unknown = given.keys() - serializer.fields.keys()
        if not serializer.is_valid() or unknown:
            raise ValidationFailed(
                *flatten_errors(serializer.errors, loc),
                *(error_item((*loc, name), "Unknown field", "extra_forbidden") for name in sorted(unknown)),
            )
        return dict(serializer.validated_data)

    def answer(self, data: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
        return Response({"data": data, "meta": meta(self.request)}, status=status)

    @property
    def is_brief(self) -> bool:
        """RFC 7240: the caller asks for no more than is needed."""
        preferences = self.request.headers.get("Prefer", "").split(",")
        return "return=minimal" in (each.partition(";")[0].replace(" ", "").lower() for each in preferences)

    def preferred(self, answer: Response) -> Response:
        """An answer that is as brief as was asked for."""
        if self.is_brief:
            answer["Preference-Applied"] = "return=minimal"
        return answer

    def nothing(self) -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)


def meta(request: Request) -> dict[str, Any]:
    return {"request_id": request.META[ORIGIN].request_id, "timestamp": datetime.now(UTC)}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    refusal = refusal_in_v1(error, context["view"])
    if refusal is None:
        return None
    if PROBLEM in context["request"].headers.get("Accept", ""):
        return problem(refusal)
    body = refusal.words if isinstance(refusal.words, dict) else {"detail": refusal.words}
    return Response(body, status=refusal.status, headers=refusal.headers)


def refusal_in_v1(error: Exception, view: Any) -> ErrorResponse | None:
    match error:
        case ValidationFailed():
            return ErrorResponse(HTTPStatus.UNPROCESSABLE_ENTITY, error.errors)
        case NotJSON():
            broken = error_item(("body", error.position), "JSON decode error", "json_invalid")
            return ErrorResponse(HTTPStatus.UNPROCESSABLE_ENTITY, [broken])
        case _:
            return error_response_for(error, view)


def problem(refusal: ErrorResponse) -> Response:
    """The same, as RFC 9457 has it."""
    status = refusal.status
    body: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    match refusal.words:
        case str():
            body["detail"] = refusal.words
        case dict():
            body |= refusal.words
        case _:
            body |= {"detail": "The request is not valid", "errors": refusal.words}
    return Response(body, status=status, headers=refusal.headers, content_type=PROBLEM)


def flatten_errors(errors: Any, loc: tuple[str | int, ...] = ("body",)) -> Iterator[dict[str, Any]]:
    """A serializer's nested errors, as FastAPI's flat list of where, what and which kind."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from flatten_errors(inner, loc if name == "non_field_errors" else (*loc, name))
    else:
        for error in errors:
            yield error_item(loc, str(error), "missing" if error.code == "required" else f"value_error.{error.code}")
