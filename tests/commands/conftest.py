import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

OURS = {"CURFEW_ENV", "CURFEW_HOME", "DJANGO_SETTINGS_MODULE"}


@pytest.fixture
def bare() -> dict[str, str]:
    """The environment without a word about Curfew. Empty, not absent: a .env beside the project may know some."""
    plain = {name: value for name, value in os.environ.items() if name not in OURS}
    return plain | {"ALLOWED_HOSTS": "", "CURFEW_ENV": "", "DATABASE_URL": "", "SECRET_KEY": ""}


@pytest.fixture
def manage(project: Path, tmp_path: Path, bare: dict[str, str]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run manage.py with nothing set but what is given."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(project / "manage.py"), *arguments]
        told = bare | {"CURFEW_HOME": str(tmp_path)} | environment
        return subprocess.run(command, env=told, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    return run
