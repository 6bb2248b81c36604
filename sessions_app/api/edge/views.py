from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations as accounts
from audit import denials
from core.access import Principal, Tier
from core.ids import Prefix
from core.same_origin import own_origin
from core.throttling import a_turn
from core.views import DeclaredViewSet
from sessions_app import operations
from sessions_app.api.edge import serializers, wire
from sessions_app.api.edge.filters import ADDED, PUBLIC
from sessions_app.models import Session, SessionQuerySet
from sessions_app.operations.ending import BY_ADMINISTRATOR
from sessions_app.windows import Stretch, how_many_live, live_ones, stretch_of

PATH = "/edge/management/v1"
AT_ONCE = 4  # lists of one caller that are looked for at the same time
ELSEWHERE = (
    "This account also asks for a code, which cannot be sent here; sign in at POST /api/v1/auth/login with totp_code"
    " and send the access token as Authorization: Bearer"
)
OVERTAKEN = "The account's sessions were ended while it was signing in, sign in again"


def no_room(refusal: operations.NoRoom) -> wire.Told:
    full = f"This account may have {refusal.allowed} sessions and has them, end one of them first"
    return wire.Told(wire.Code.INVALID_AUTH, full)


class EdgeViewSet(DeclaredViewSet):
    """Everything in the controller's envelope, with its headers."""

    authentication_classes = [wire.ZtSessionAuthentication]
    schema = AutoSchema()
    until: datetime | None = None

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return denials.recorded(wire.exception_handler)

    def perform_authentication(self, request: Request) -> None:
        """Asked once: where nobody could be found for want of a database, there is nobody to ask again for."""
        super().perform_authentication(request)
        self.until = request.auth.session_until if isinstance(request.auth, Principal) else None

    def answer(self, data: Any, **meta: Any) -> Response:
        return Response({"data": data, "meta": meta})

    def ended(self, session_id: UUID) -> Response:
        """Of what is over there is no end to tell."""
        if session_id == self.principal.session_id:
            self.until = None
        return self.answer({})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in wire.HEADERS.items():
            final[name] = value
        return final if self.until is None else with_expiry(final, self.until)


def with_expiry(response: Response, until: datetime) -> Response:
    response["expiration-seconds"] = str(wire.seconds_until(until, datetime.now(UTC)))
    response["expires-at"] = wire.go_time(until)
    return response


class VersionViewSet(EdgeViewSet):
    public = frozenset({"show", "show_root"})

    @extend_schema(operation_id="listVersion", tags=["Informational"], responses=serializers.VERSION)
    def show(self, request: Request) -> Response:
        """What runs here, and where its APIs begin. Without OIDC_AUTH among the capabilities, clients sign in here."""
        here = {"path": PATH, "apiBaseUrls": [f"{own_origin(request)}{settings.URL_PREFIX}{PATH}"]}
        version = {
            "apiVersions": {"edge-management": {"v1": here}},
            "buildDate": "",
            "capabilities": [],
            "revision": "",
            "runtimeVersion": "",
            "version": f"v{settings.VERSION}",
        }
        return self.answer(version)

    @extend_schema(operation_id="listRoot", tags=["Informational"], responses=serializers.VERSION)
    def show_root(self, request: Request) -> Response:
        """The same."""
        return self.show(request)


class AuthenticateViewSet(EdgeViewSet):
    public = frozenset({"authenticate"})
    errors = {
        accounts.SecondFactorMissing: (HTTPStatus.UNAUTHORIZED, wire.Told(wire.Code.INVALID_AUTH, ELSEWHERE)),
        accounts.SignInRefused: (HTTPStatus.UNAUTHORIZED, wire.Told(wire.Code.INVALID_AUTH)),
        accounts.Throttled: (HTTPStatus.TOO_MANY_REQUESTS, wire.Told(wire.Code.RATE_LIMITED)),
        operations.EndedMeanwhile: (HTTPStatus.UNAUTHORIZED, wire.Told(wire.Code.INVALID_AUTH, OVERTAKEN)),
        operations.NoRoom: (HTTPStatus.UNAUTHORIZED, no_room),
    }

    @extend_schema(
        operation_id="authenticate",
        tags=["Authentication"],
        parameters=[serializers.METHOD],
        request=serializers.Authenticate,
        responses=serializers.answers(serializers.CURRENT_API_SESSION, 400, 401, 413, 429, 503),
    )
    def authenticate(self, request: Request) -> Response:
        """Open a session. Its key is in the header `zt-session` and in `data.token`; send it with every request."""
        if request.query_params.get("method") != "password":
            raise wire.Failure(wire.Told(wire.Code.INVALID_AUTH_METHOD))
        credentials = wire.credentials_in(request.data)
        made = operations.sign_in(credentials, origin=self.origin, with_key=True)
        row = self.only(Session.objects.filter(pk=made.session.pk).values_list(wire.COLUMNS, flat=True))
        opened = self.answer(wire.current_session(row, made.key))
        opened["zt-session"] = made.key
        return with_expiry(opened, datetime.fromisoformat(row["until"]))


class CurrentApiSessionViewSet(EdgeViewSet):
    reads = {"retrieve": Tier.USER}
    writes = {"destroy": Tier.USER}
    with_session = frozenset({"retrieve", "destroy"})

    @extend_schema(
        operation_id="getCurrentAPISession",
        tags=["Current API Session"],
        responses=serializers.answers(serializers.CURRENT_API_SESSION, 401, 503),
    )
    def retrieve(self, request: Request) -> Response:
        """The session that this request was made in; anybody's. Asked with a session key, `data.token` repeats it."""
        mine = Session.objects.for_user(self.user_id).live().filter(pk=self.session_id)
        row = self.only(mine.values_list(wire.COLUMNS, flat=True))
        return self.answer(wire.current_session(row, wire.session_key_in(request)))

    @extend_schema(
        operation_id="currentApiSessionDelete",
        tags=["Current API Session"],
        request=None,
        responses=serializers.answers(serializers.EMPTY, 401, 503),
    )
    def destroy(self, request: Request) -> Response:
        """Sign out."""
        operations.sign_out(self.session_id, actor=self.principal)
        return self.ended(self.session_id)


class ApiSessionViewSet(EdgeViewSet):
    """What is live within the caller's reach. What has ended is not there any more."""

    reads = {"list": Tier.TENANT, "retrieve": Tier.TENANT}
    writes = {"destroy": Tier.TENANT}

    @extend_schema(
        operation_id="listAPISessions",
        tags=["API Session"],
        parameters=serializers.PAGE,
        responses=serializers.answers(serializers.API_SESSIONS, 400, 401, 429, 503),
    )
    def list(self, request: Request) -> Response:
        """Live sessions, filtered, sorted and paged. In a filter, AND and OR bind alike and to the right."""
        page = wire.page_in(request.META["QUERY_STRING"])
        found = self.found_in(page)
        shown = [wire.session(row) for row in found.rows]
        return self.answer(shown, filterableFields=PUBLIC, pagination=page.shown(found.total))

    @extend_schema(
        operation_id="detailAPISessions",
        tags=["API Session"],
        responses=serializers.answers(serializers.API_SESSION, 401, 404, 503),
    )
    def retrieve(self, request: Request, session_id: str) -> Response:
        """One live session."""
        return self.answer(wire.session(self.only(self.named(session_id).values_list(wire.COLUMNS, flat=True))))

    @extend_schema(
        operation_id="deleteAPISessions",
        tags=["API Session"],
        request=None,
        responses=serializers.answers(serializers.EMPTY, 401, 404, 409, 503),
    )
    def destroy(self, request: Request, session_id: str) -> Response:
        """End it: its next request is refused, everywhere. Once ended, it is not there."""
        mine = self.changeable(self.named(session_id)).writable_by(self.principal)
        self.found(operations.revoke(mine, actor=self.principal, reason=BY_ADMINISTRATOR).count)
        return self.ended(self.id_or_404(Prefix.SESSION, session_id))

    def found_in(self, page: wire.Page) -> Stretch:
        if page.where is False:
            return Stretch(0, [])
        rows, total = live_ones(self.principal).alias(**ADDED), None
        if isinstance(page.where, bool):
            total = how_many_live(self.principal)
        else:
            rows = rows.filter(page.where)
        with a_turn(AT_ONCE, self.principal.id):
            if page.is_endless:
                page.must_hold(rows[: page.offset + page.most + 1].count())
            part = {"skip": page.offset, "most": page.most}
            return stretch_of(rows, page.by, names=ADDED, columns=wire.COLUMNS, total=total, **part)

    def named(self, session_id: str) -> SessionQuerySet:
        live = Session.objects.visible_to(self.principal).live()
        return live.filter(pk=self.id_or_404(Prefix.SESSION, session_id))
