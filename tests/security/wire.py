"""Raw HTTP requests that no client library would send."""

import re
import socket
from urllib.parse import urlsplit

PATIENCE = 10


def exchange(url: str, *parts: bytes, patience: float = PATIENCE) -> bytes:
    """Everything the server answers until it closes. Have it close: ask for `Connection: close` in the last request."""
    where = urlsplit(url)
    assert where.hostname is not None
    with socket.create_connection((where.hostname, where.port), timeout=patience) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has heard enough; what it said is still to be read
        return _read_all(connection)


def _read_all(connection: socket.socket) -> bytes:
    heard = b""
    try:
        while more := connection.recv(65_536):
            heard += more
    except ConnectionResetError:
        pass
    return heard


def statuses(heard: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", heard)]


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def post(path: str, body: bytes, *headers: str) -> bytes:
    return request("POST", path, "Content-Type: application/json", f"Content-Length: {len(body)}", *headers, body=body)


def chunked(path: str, *chunks: bytes, headers: tuple[str, ...] = ()) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    told = ("Content-Type: application/json", "Transfer-Encoding: chunked", *headers)
    return request("POST", path, *told, body=body)
