from typing import Any

from accounts.operations import Credentials
from sessions_app.api.edge.serializers import Authenticate
from sessions_app.api.edge.wire.errors import Code, Failure, Told, wrong_field


def credentials_in(data: Any) -> Credentials:
    """What names and proves somebody. The rest tells of their machine, and is looked at but not kept."""
    if not isinstance(data, dict):
        raise Failure(Told(Code.COULD_NOT_VALIDATE, "The body should be an object"))
    given = Authenticate(data=data)
    if not given.is_valid():
        raise _first_of(given.errors)
    said = given.validated_data
    return Credentials(said["username"], said["password"], said.get("tenant"))


def _first_of(errors: Any, path: str = "") -> Failure:
    """The original names one field as well. The value is left out: it may be a password."""
    if isinstance(errors, dict):
        name, inner = next(iter(errors.items()))
        return _first_of(inner, path if name == "non_field_errors" else f"{path}.{name}".lstrip("."))
    return wrong_field(path, str(errors[0]))
