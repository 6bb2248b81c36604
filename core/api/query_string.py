"""Parse query strings as strictly as bodies."""

from urllib.parse import unquote_to_bytes


class NotText(ValueError):
    """The value is not UTF-8."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def parse(query: str, names: set[str], *, ignore_empty: bool = False) -> dict[str, str]:
    """Return the values of these parameters, the last one of each. Other parameters are not decoded."""
    values: dict[str, bytes] = {}
    for name, _, value in (pair.partition("=") for pair in query.split("&")):
        decoded = _plain(name).decode(errors="replace")
        if decoded in names:
            raw = _plain(value)
            if raw.strip() or not ignore_empty:
                values[decoded] = raw
    return {name: _text(name, value) for name, value in values.items()}


def names_in(query: str) -> list[str]:
    """Return the names of all parameters, without duplicates, in order."""
    names = (pair.partition("=")[0] for pair in query.split("&") if pair)
    return list(dict.fromkeys(_plain(name).decode(errors="replace") for name in names))


def _plain(text: str) -> bytes:
    """Decode percent-encoding to bytes. WSGI passes the query's bytes as Latin-1."""
    return unquote_to_bytes(text.replace("+", " ").encode("latin-1", "replace"))


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise NotText(name) from error
