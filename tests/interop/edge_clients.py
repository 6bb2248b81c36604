"""Third-party clients of the edge API: how each is prepared and run."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop import install

CLIENTS = Path(__file__).parent / "clients"
SCHEMA = Path(__file__).parents[2] / "docs/openapi/edge.json"
Job = dict[str, Any]


@dataclass(frozen=True)
class Client:
    """A program that reads a job as JSON, does it, and writes down as JSON what came of it."""

    command: list[str]
    folder: Path
    environment: Callable[[Job], dict[str, str]] = field(default=lambda job: {})

    def walk(self, job: Job) -> dict[str, Any]:
        given = {**os.environ, **self.environment(job)}
        done = run(self.command, self.folder, given, input=json.dumps(job))
        return json.loads(done)


def mrok(folder: Path) -> Client:
    return Client([str(install.PYTHON), str(CLIENTS / "mrok_client.py")], folder, _settings_of_mrok)


def _settings_of_mrok(job: Job) -> dict[str, str]:
    return {
        "MROK_ZITI__BASE_URLS__MANAGEMENT": job["url"],
        "MROK_ZITI__AUTH__USERNAME": job["username"],
        "MROK_ZITI__AUTH__PASSWORD": job["password"],
        "MROK_ZITI__CONNECT_TIMEOUT": "20",
        "MROK_ZITI__READ_TIMEOUT": "20",
    }


def openapi_python_client(folder: Path) -> Client:
    programs = Path(sys.executable).parent
    path = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    generate = [str(programs / "openapi-python-client"), "generate", "--path", str(SCHEMA), "--meta", "none"]
    run([*generate, "--fail-on-warning", "--output-path", str(folder / "edge_client")], folder, path)
    command = [sys.executable, str(CLIENTS / "generated.py")]
    return Client(command, folder, lambda job: {"PYTHONPATH": str(folder)})


def hey_api(folder: Path) -> Client:
    """Its types have to fit the walk, or the compiler refuses."""
    modules = install.NODE / "node_modules"
    (folder / "node_modules").symlink_to(modules)
    for path in (SCHEMA, *CLIENTS.glob("*.ts"), *CLIENTS.glob("*.json"), *CLIENTS.glob("*.mjs")):
        shutil.copy(path, folder)
    node = install.node()
    generator, compiler = modules / "@hey-api/openapi-ts/bin/run.js", modules / "typescript/bin/tsc"
    run([node, str(generator)], folder, dict(os.environ))
    run([node, str(compiler), "--project", "."], folder, dict(os.environ))
    return Client([node, "built/generated.js"], folder)


def run(command: list[str], folder: Path, environment: dict[str, str], **more: Any) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False, **more
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


MAKERS: dict[str, Callable[[Path], Client]] = {
    "mrok": mrok,
    "openapi-python-client": openapi_python_client,
    "hey-api": hey_api,
}
