"""What a query string says, read as strictly as a body."""

from urllib.parse import unquote_to_bytes


class NotText(ValueError):
    """The value is not UTF-8."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def parse(query: str, names: set[str], *, ignore_empty: bool = False) -> dict[str, str]:
    """What a query says of `names`, the last word counting. The rest, however much there is, is not even read."""
    values: dict[str, bytes] = {}
    for name, _, value in (pair.partition("=") for pair in query.split("&")):
        decoded = _plain(name).decode(errors="replace")
        if decoded in names:
            raw = _plain(value)
            if raw.strip() or not ignore_empty:
                values[decoded] = raw
    return {name: _text(name, value) for name, value in values.items()}


def names_in(query: str) -> list[str]:
    """The names that a query holds, each once, in their order."""
    names = (pair.partition("=")[0] for pair in query.split("&") if pair)
    return list(dict.fromkeys(_plain(name).decode(errors="replace") for name in names))


def _plain(text: str) -> bytes:
    """WSGI hands over the bytes of a query as if each were a letter."""
    return unquote_to_bytes(text.replace("+", " ").encode("latin-1", "replace"))


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise NotText(name) from error
