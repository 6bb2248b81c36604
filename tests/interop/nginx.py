"""An nginx configured as in docs/deployment.md, in front of a server of the product."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop import install

PREFIX = "/curfew"
DOCUMENT = Path(__file__).parents[2] / "docs/deployment.md"
CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""


def location(upstream: str, *, is_stripping: bool) -> str:
    """As documented, and if need be without the slash that has nginx take the prefix off."""
    documented = re.search(r"```nginx\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert documented
    slash = "/" if is_stripping else ""
    return documented[1].replace("http://127.0.0.1:8000/;", f"{upstream}{slash};")


@contextmanager
def running(folder: Path, port: int, location: str) -> Iterator[None]:
    program = install.nginx()
    assert program, install.NO_NGINX
    folder.mkdir()
    written = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # or it cannot get at the folder
    written.write_text(CONFIGURATION.format(folder=folder, port=port, location=location, user=user))
    process = subprocess.Popen([program, "-e", "stderr", "-p", str(folder), "-c", str(written)])
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
