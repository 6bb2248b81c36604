"""Links, paths, make targets, commands and accounts in the documents exist."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from accounts.models import User
from config import run
from sessions_app import demo
from tests.architecture import settings_reference
from tests.architecture.sources import ROOT, modules

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
README = ROOT / "README.md"
INDEX = ROOT / "docs/decisions.md"
FOLDERS = "|".join(re.escape(path.name) for path in ROOT.iterdir() if path.is_dir())

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
each_decision = pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)


def named(pattern: str) -> set[str]:
    """Everything in any document that the pattern's one group finds."""
    return {name for path in DOCUMENTS for name in re.findall(pattern, path.read_text(), re.MULTILINE)}


def leads_somewhere(link: str, document: Path) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@each_document
def test_every_relative_link_leads_somewhere(document: Path):
    links = re.findall(r"\]\((?!\w+:)([^)]+)\)", document.read_text())
    assert [link for link in links if not leads_somewhere(link, document)] == []


@each_document
def test_every_mentioned_path_exists(document: Path):
    paths = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", document.read_text())
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_screenshot_is_small_and_shown_with_a_text_alternative():
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs/pictures").iterdir()}
    shown = named(r"!\[[^\]]{20,}\]\((?:docs/)?pictures/([\w-]+\.png)\)")
    shown |= named(r'<img src="pictures/([\w-]+\.png)"[^>]* alt="[^"]{20,}">')
    assert shown == set(sizes)
    assert max(sizes.values()) < 150_000


def test_every_mentioned_make_target_exists():
    verbs = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named(r"(?:`|^)make ([a-z-]+)(?:`| +#|$)") <= set(verbs)


def test_every_mentioned_command_exists():
    assert named(r"manage\.py ([a-z_]+)") <= get_commands().keys()


def test_line_that_contributing_tells_to_break_exists():
    [(line, path)] = re.findall(r"^sed -i 's/\^(.+)\$/#&/' (\S+)", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert line in (ROOT / path).read_text().splitlines()


def test_accounts_of_the_readme_are_in_the_demo_data(unpeopled_database: None, db: None):
    demo.load()
    accounts = re.findall(r"`([\w.]+@[\w.]+)`", README.read_text())
    assert accounts
    assert set(accounts) <= set(User.objects.values_list("email", flat=True))


def test_readme_shows_the_first_curl_as_it_is_printed(capsys):
    run.welcome("http://127.0.0.1:8000")
    printed = [line.strip() for line in capsys.readouterr().out.splitlines() if "curl" in line]
    assert printed
    assert "\n".join(printed) in README.read_text()


def test_settings_reference_is_up_to_date():
    assert settings_reference.TABLES.findall(settings_reference.PAGE.read_text()) == [settings_reference.tables()], (
        "run `make schema`"
    )


class TestErrorCatalogue:
    """The error table of the API guide agrees with the code."""

    ROW = re.compile(r"^\| (\d{3}) \| (.+?) \| .+ \|$", re.MULTILINE)

    @property
    def rows(self) -> list[tuple[str, str]]:
        text = (ROOT / "docs/api.md").read_text()
        return self.ROW.findall(text.partition("### Catalogue")[2].partition("\n### ")[0])

    def test_has_every_published_error_status(self):
        schema = json.loads((ROOT / "docs/openapi/v1.json").read_text())
        acts = [act for path in schema["paths"].values() for act in path.values()]
        published = {status for act in acts for status in act["responses"] if status >= "400"}
        assert {status for status, _ in self.rows} == published | {"405", "500"}

    def test_quotes_only_sentences_of_the_code(self):
        code = "\n".join(module.text for module in modules().values())
        quoted = [text for _, words in self.rows for text in re.findall(r"`([^`]+)`", words)]
        assert len(quoted) > 30
        assert [text for text in quoted if not all(part in code for part in text.split("..."))] == []


class TestDecisions:
    def test_are_in_the_index_with_their_titles(self):
        listed = re.findall(r"^- \[(\d{4})\]\(decisions/\1-.+\.md\) (.+)$", INDEX.read_text(), re.MULTILINE)
        titles = {decision.name[:4]: decision.read_text().splitlines()[0].partition(". ")[2] for decision in DECISIONS}
        assert [(number, title) for number, title in listed if titles[number] != title] == []
        assert len(listed) == len(dict(listed)) >= 46

    def test_are_numbered_without_a_gap(self):
        assert [int(decision.name[:4]) for decision in DECISIONS] == list(range(1, len(DECISIONS) + 1))

    @each_decision
    def test_have_at_most_40_lines_and_the_three_headings(self, decision: Path):
        text = decision.read_text()
        assert len(text.splitlines()) <= 40
        assert text.startswith(f"# {decision.name[:4]}. ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Rejected alternatives"]
