"""Committed files that are generated from the code are up to date."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from config.docs import DIALECTS, Dialect
from tests.architecture.sources import ROOT

SCHEMAS = ROOT / "docs" / "openapi"


@pytest.mark.django_db
def test_models_have_no_missing_migrations():
    said = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=said)
    except SystemExit:
        pytest.fail(said.getvalue())


@pytest.mark.parametrize("name", DIALECTS)
def test_committed_schema_is_up_to_date(name: str, tmp_path: Path):
    drawn = tmp_path / "drawn.json"
    call_command(
        "spectacular",
        format="openapi-json",
        file=str(drawn),
        generator_class=f"config.docs.{name}",
        validate=True,
        fail_on_warn=True,
    )
    assert drawn.read_text() == (SCHEMAS / f"{name}.json").read_text(), "run `make schema`, and read what changed"


@pytest.mark.parametrize("name", DIALECTS)
def test_schema_is_generated_once_per_process(name: str, client: Client):
    Dialect.document.cache_clear()
    for query in ("", "?lang=de&version=2"):
        assert client.get(f"/openapi/{name}.json{query}").content == (SCHEMAS / f"{name}.json").read_bytes()
    assert Dialect.document.cache_info().misses == 1
