"""Names and comments in the product avoid the words that had a private meaning in this project."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise

from tests.architecture.sources import PACKAGES, Module, modules_of
from tests.cells import cells

CHECKED = (*PACKAGES, "bench")
PARTICIPLES = {"told", "said", "asked", "shown", "found", "given", "named", "made"}  # none says what the value is
VAGUE = {"thing", "things", "words", "place", "places"}
FIGURATIVE = {"felled", "crowned", "doomed", "spared", "spare", "eye", "ground", "door"}
RETIRED = PARTICIPLES | VAGUE | FIGURATIVE
PROSE = {"told", "thing", "things", "whoever", "somebody", "felled", "crowned", "doomed", "spared"}
GERUND = re.compile(r"[a-z]+ing(_(by|down|in|off|on|out|over|up))?")
NOUNS_IN_ING = {"keyring", "throttling"}  # a ring of keys; DRF's own module name
QUERY_METHODS = {"annotate", "alias", "aggregate"}  # their keywords become attributes


def modules_to_check(package: str) -> list[Module]:
    return [module for module in modules_of(package) if not module.is_migration]


def defined_names(tree: ast.AST) -> Iterator[str]:
    """Yield every name that a module defines. A name that it only uses belongs to the module that defines it."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name
            case ast.Call(func=ast.Attribute(attr=method), keywords=keywords) if method in QUERY_METHODS:
                yield from (keyword.arg for keyword in keywords if keyword.arg)


def is_retired(name: str) -> bool:
    parts = [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    # "Not found" is the usual term for a missing object.
    return any(part in RETIRED and (before, part) != ("not", "found") for before, part in pairwise(["", *parts]))


def prose_of(text: str) -> Iterator[str]:
    """Yield the docstrings and comments of a module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def retired_prose(text: str) -> set[str]:
    return {word for prose in prose_of(text) for word in re.findall(r"\w+", prose.lower())} & PROSE


def is_gerund(stem: str) -> bool:
    return bool(GERUND.fullmatch(stem)) and stem not in NOUNS_IN_ING


@cells("package", CHECKED)
def test_no_identifier_has_a_retired_word(package: str):
    names = {module.name: {*defined_names(module.tree), module.path.stem} for module in modules_to_check(package)}
    offences = {module: sorted(filter(is_retired, defined)) for module, defined in names.items()}
    assert {module: retired for module, retired in offences.items() if retired} == {}


@cells("package", CHECKED)
def test_no_docstring_or_comment_has_a_retired_word(package: str):
    offences = {module.name: retired_prose(module.text) for module in modules_to_check(package)}
    assert {module: words for module, words in offences.items() if words} == {}


@cells("package", CHECKED)
def test_no_file_is_named_by_a_bare_gerund(package: str):
    assert [module.name for module in modules_to_check(package) if is_gerund(module.path.stem)] == []


class TestTheseTests:
    """The rules above recognise what they forbid."""

    SAMPLE = '''
class Place(Base):
    told: int = 1  # whoever asks
    def render(self, asked, *, not_found, **given):
        """Say it to somebody."""
        self.last_words = rows.annotate(shown=1)
        with NamedTemporaryFile() as thing, open(place=1) as background:
            raise FileNotFoundError
        match asked:
            case [*said] | {**made}: pass
'''

    def test_see_every_definition_and_no_imported_name(self):
        names = {name for name in defined_names(ast.parse(self.SAMPLE)) if is_retired(name)}
        assert names == {"Place", "told", "asked", "given", "last_words", "shown", "thing", "said", "made"}

    def test_read_docstrings_and_comments(self):
        assert retired_prose(self.SAMPLE) == {"whoever", "somebody"}

    @cells(
        ("stem", "is_bare"),
        [("asking", True), ("signing_in", True), ("keyring", False), ("query_string", False), ("asking_price", False)],
    )
    def test_recognize_a_bare_gerund(self, stem: str, is_bare: bool):
        assert is_gerund(stem) is is_bare
