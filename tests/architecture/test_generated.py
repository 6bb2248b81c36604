"""What is derived from the code and committed beside it says what the code says."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.architecture.sources import ROOT

SCHEMA = ROOT / "docs" / "openapi" / "v1.json"


@pytest.mark.django_db
def test_the_models_have_their_migrations():
    said = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=said)
    except SystemExit:
        pytest.fail(said.getvalue())


def test_the_schema_is_the_committed_one(tmp_path: Path):
    drawn = tmp_path / "v1.json"
    call_command("spectacular", format="openapi-json", file=str(drawn), validate=True, fail_on_warn=True)
    assert drawn.read_text() == SCHEMA.read_text(), "run `make schema`, and read what changed"
