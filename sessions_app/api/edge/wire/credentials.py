from typing import Any

from accounts.operations import Credentials
from sessions_app.api.edge.serializers import Authenticate
from sessions_app.api.edge.wire.errors import Code, EdgeError, RequestError, invalid_field


def parse_credentials(body: Any) -> Credentials:
    """Parse the credentials of a sign-in. Information about the client's machine is checked and not stored."""
    if not isinstance(body, dict):
        raise RequestError(EdgeError(Code.COULD_NOT_VALIDATE, "The body should be an object"))
    serializer = Authenticate(data=body)
    if not serializer.is_valid():
        raise _first_error(serializer.errors)
    data = serializer.validated_data
    return Credentials(data["username"], data["password"], data.get("tenant"))


def _first_error(errors: Any, path: str = "") -> RequestError:
    """Report the first error only, as the original does, without the value, which may be a password."""
    if isinstance(errors, dict):
        name, inner = next(iter(errors.items()))
        return _first_error(inner, path if name == "non_field_errors" else f"{path}.{name}".lstrip("."))
    return invalid_field(path, str(errors[0]))
