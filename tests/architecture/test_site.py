"""The documentation site: every page is easily found and loads nothing external."""

import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.architecture.test_documents import DECISIONS, DOCUMENTS

SITE = ROOT / ".site/html"
INDEX = ROOT / "docs/index.md"
PAGES = {*DOCUMENTS, *(ROOT / "bench").glob("*.md"), ROOT / "tests/README.md"}
LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}


def in_navigation() -> list[Path]:
    return [ROOT / path for path in re.findall(r"^ +- .+: (\S+\.md)$", (ROOT / "docs/mkdocs.yml").read_text(), re.M)]


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The pages that a page links, each with its anchor."""
    for path, anchor in re.findall(r"\]\((?!\w+:)([^)#]*\.md)?(#[^)]+)?\)", page.read_text()):
        yield (page.parent / path).resolve() if path else page, anchor


class Resources(HTMLParser):
    """What a browser loads for a page without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        url = dict(attrs).get(LOADED.get(tag, ""))
        if url and dict(attrs).get("rel") not in ("canonical", "next", "prev"):
            self.urls.append(url)


def test_navigation_contains_every_page_once_except_decisions():
    assert sorted(in_navigation()) == sorted(PAGES - set(DECISIONS))


def test_every_page_is_at_most_two_clicks_from_the_index():
    first = {page for page, _ in links(INDEX)}
    second = {page for near in first for page, _ in links(near)}
    assert {INDEX, *first, *second} >= PAGES


def test_index_links_how_to_sign_out_a_whole_tenant():
    [row] = [line for line in INDEX.read_text().splitlines() if "sign everybody of a tenant out?" in line]
    anchors = re.findall(r"howto/([a-z-]+)\.md#sign-everybody-of-(?:a|the)-tenant-out", row)
    assert anchors == ["operator", "partner-admin", "tenant-admin"]


@pytest.mark.proof
def test_built_site_has_no_broken_links_or_external_resources():
    built = subprocess.run(["make", "docs"], cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    pages = list(SITE.rglob("*.html"))
    assert len(pages) > len(PAGES)
    foreign = {}
    for page in pages:
        resources = Resources()
        resources.feed(page.read_text())
        foreign[page.name] = [url for url in resources.urls if re.match(r"(\w+:)?//", url)]
        assert resources.urls
    assert {name: urls for name, urls in foreign.items() if urls} == {}
    assert [
        path for path in SITE.rglob("*.css") if re.search(r"(url\(|@import )['\"]?(https?:)?//", path.read_text())
    ] == []
