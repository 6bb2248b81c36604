"""Real server processes, as many as the promise needs: what one of them revokes, the other refuses."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from django.conf import settings


@dataclass(frozen=True)
class Servers:
    urls: tuple[str, ...]

    @classmethod
    @contextmanager
    def running(
        cls,
        database: Mapping[str, Any],
        count: int = 2,
        threads: int = 1,
        application: str = "config.wsgi:application",
        **more: str,
    ) -> Iterator["Servers"]:
        with ExitStack() as stack:
            ports = [free_port() for _ in range(count)]
            for port in ports:
                options = ["--port", str(port), "--blocking-threads", str(threads), application]
                stack.enter_context(_serving(options, environment(database) | more))
            urls = tuple(f"http://127.0.0.1:{port}" for port in ports)
            for url in urls:
                wait_for(url)
            yield cls(urls)


def database_url(database: Mapping[str, Any]) -> str:
    where = urlencode({"host": database["HOST"], "port": database["PORT"]})
    return f"postgres://{database['USER']}@/{database['NAME']}?{where}"


def environment(database: Mapping[str, Any]) -> dict[str, str]:
    """For a process of the product that is to work on this database."""
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": database_url(database)}


@contextmanager
def _serving(options: list[str], given: Mapping[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--log-level", "warning"]
    process = subprocess.Popen([*command, *options], cwd=settings.BASE_DIR, env=given)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(url: str, patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/readyz", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"{url} did not get ready")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
