from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations
from accounts.api.v1 import wire
from accounts.api.v1.serializers import mine as serializers
from accounts.models import ApiKey, User
from core.access import Tier
from core.api.schema import enveloped, refused
from core.api.v1 import V1ViewSet
from core.ids import Prefix

THROTTLED = refused("Too many wrong passwords. Wait as many seconds as `Retry-After` says.")
API_KEY_COLUMNS = ("id", "name", "created_at", "last_used_at")
WRONG_STATE = refused("MFA is already on, or there is nothing to confirm or remove.")


class MyAccountViewSet(V1ViewSet):
    """A user's own account. Its actions need a session, not only an API key."""

    tag = "My account"
    errors = {
        operations.CodeWrong: wire.CODE_WRONG,
        operations.PasswordUnfit: (wire.UNPROCESSABLE, wire.unfit_password),
        operations.PasswordWrong: wire.wrong_password("password"),
        operations.Throttled: wire.THROTTLED,
        operations.TotpUnavailable: wire.TOTP_UNAVAILABLE,
    }

    @property
    def me(self) -> User:
        return User.objects.select_related("tenant").get(pk=self.user_id)


class PasswordViewSet(MyAccountViewSet):
    writes = {"change": Tier.USER}
    with_session = frozenset({"change"})
    errors = MyAccountViewSet.errors | {operations.PasswordWrong: wire.wrong_password("current_password")}

    @extend_schema(
        operation_id="change_my_password",
        request=serializers.PasswordChange,
        responses={200: enveloped(serializers.SessionsEnded), 429: THROTTLED},
    )
    def change(self, request: Request) -> Response:
        """Change your password. All of your other sessions are revoked; this one stays."""
        data = self.validate_body(serializers.PasswordChange)
        ended = operations.change_password(
            self.me, current=data["current_password"], new=data["new_password"], actor=self.principal
        )
        return self.answer({"sessions_ended": ended})


class TotpViewSet(MyAccountViewSet):
    writes = {"enrol": Tier.USER, "confirm": Tier.USER, "remove": Tier.USER}
    with_session = frozenset(writes)

    @extend_schema(
        operation_id="enrol_totp",
        request=None,
        responses={200: enveloped(serializers.TotpEnrolment), 409: WRONG_STATE},
    )
    def enrol(self, request: Request) -> Response:
        """Enroll a TOTP device. Returns a secret for an authenticator app as text, as a link and as a QR code. It takes
        effect once you confirm it with a code."""
        enrolment = operations.enrol_totp(self.me, actor=self.principal)
        return self.answer(
            {"secret": enrolment.secret, "otpauth_uri": enrolment.otpauth_uri, "qr_svg": enrolment.qr_svg}
        )

    @extend_schema(
        operation_id="confirm_totp",
        request=serializers.Code,
        responses={200: enveloped(serializers.RecoveryCodes), 409: WRONG_STATE},
    )
    def confirm(self, request: Request) -> Response:
        """Confirm your TOTP device. This turns MFA on. The recovery codes are shown only in this response."""
        code = self.validate_body(serializers.Code)["code"]
        return self.answer({"recovery_codes": operations.confirm_totp(self.me, code, actor=self.principal)})

    @extend_schema(
        operation_id="remove_totp",
        request=serializers.Password,
        responses={200: enveloped(serializers.SessionsEnded), 409: WRONG_STATE, 429: THROTTLED},
    )
    def remove(self, request: Request) -> Response:
        """Remove your TOTP device. This turns MFA off. Send your password; all of your other sessions are revoked."""
        password = self.validate_body(serializers.Password)["password"]
        return self.answer({"sessions_ended": operations.disable_totp(self.me, password, actor=self.principal)})


class ApiKeyViewSet(MyAccountViewSet):
    reads = {"list": Tier.USER}
    writes = {"create": Tier.USER, "destroy": Tier.USER}
    with_session = frozenset({"create", "destroy"})
    missing = "API key not found"

    @extend_schema(operation_id="list_my_api_keys", responses=enveloped(serializers.ApiKey, many=True))
    def list(self, request: Request) -> Response:
        """List your API keys. The keys themselves are shown only when they are created."""
        represent = serializers.ApiKey().to_representation
        return self.answer([represent(row) for row in self.fetch(self.rows)])

    def rows(self) -> Any:
        return ApiKey.objects.not_deleted().filter(user=self.user_id).newest_first().values(*API_KEY_COLUMNS)

    @extend_schema(
        operation_id="create_api_key",
        request=serializers.NewApiKey,
        responses={201: enveloped(serializers.CreatedApiKey)},
    )
    def create(self, request: Request) -> Response:
        """Create an API key. It acts for you until you delete it, and is shown only in this response."""
        created = operations.create_api_key(
            self.me, self.validate_body(serializers.NewApiKey)["name"], actor=self.principal
        )
        row = {name: getattr(created.key, name) for name in API_KEY_COLUMNS}
        data = serializers.ApiKey().to_representation(row) | {"api_key": created.secret}
        return self.answer(data, status=HTTPStatus.CREATED)

    @extend_schema(operation_id="delete_api_key", request=None, responses={204: None})
    def destroy(self, request: Request, key_id: str) -> Response:
        """Delete an API key. It is refused from its next request on."""
        keys = ApiKey.objects.filter(user=self.user_id, pk=self.id_or_404(Prefix.API_KEY, key_id))
        self.count_or_404(operations.delete_api_key(keys, actor=self.principal))
        return self.no_content()
