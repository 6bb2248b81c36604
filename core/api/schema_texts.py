"""The texts of the published schema that are the same for every resource, with the resource's name filled in."""

import re
from collections.abc import Mapping

TEMPLATES: Mapping[str, str] = {
    "list": "List {plural}. Returns those you can see, newest first; several filters combine with AND.",
    "create": "Create {one}. The `Location` header holds its URL and the `ETag` header its version.",
    "retrieve": "Get {one}. The `ETag` header holds its version.",
    "update": (
        "Update {one}. Only the fields you send change. With `If-Match`, fails with 412 if the {name} has changed "
        "since you read it."
    ),
    "destroy": "Delete {one}. It disappears from every list and cannot be restored.",
}
ERRORS: Mapping[int, str] = {
    401: "The credentials are missing, invalid, expired or revoked. Sign in again.",
    403: "You are signed in, but you do not have permission to do this.",
    404: "It does not exist, or you do not have access to it.",
    409: "The present state does not allow it: a name is taken, a limit is reached, or something is still in use.",
    412: "It has changed since the version in `If-Match`. Get it again and retry.",
    413: "The request body is too large.",
    415: "The request body is not JSON.",
    422: "A parameter or a field of the body is invalid; `detail` lists each of them.",
    429: "Too many requests. Wait as many seconds as `Retry-After` says.",
    503: "The database cannot be reached or took too long. Wait as many seconds as `Retry-After` says.",
}
_END_OF_SENTENCE = re.compile(r"[.?](\s|$)")


def describe(action: str, noun: str, note: str = "") -> str:
    """Describe one of the five actions of a resource, such as `create` of an `identity_provider`."""
    name = noun.replace("_", " ")
    article = "an" if name[0] in "aei" else "a"
    text = TEMPLATES[action].format(name=name, one=f"{article} {name}", plural=f"{name}s")
    return f"{text} {note}".rstrip()


def summarize(description: str) -> str:
    """Return the first sentence of a description, without its period."""
    return _END_OF_SENTENCE.split(description, maxsplit=1)[0].strip()
