"""Malformed ids in paths get the same response as unknown ids, for reads and writes."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from core.ids import Prefix, decode_id
from tests.access.database_digest import database_digest
from tests.resources import kind_at
from tests.samples import sampled
from tests.security.answers import comparable, refused
from tests.security.conftest import Endpoint
from tests.security.routes import Operation, with_ids
from tests.world import World, some_id

pytestmark = pytest.mark.sampled
PREFIXES = {
    "child_group_id": Prefix.GROUP,
    "entry_id": Prefix.AUDIT_ENTRY,
    "key_id": Prefix.API_KEY,
    "revocation_id": Prefix.REVOCATION,
    "session_id": Prefix.SESSION,
    "tenant_id": Prefix.TENANT,
    "user_id": Prefix.USER,
}
IDS = with_ids()
NO_TEXT = ("%ff", "%c0%af", "%ed%a0%80", "%", "%zz", "%u0041", "%2525")

with_an_id = pytest.mark.parametrize(("operation", "name"), IDS, ids=[f"{each} {name}" for each, name in IDS])


def malformed_ids(own: str, prefix: Prefix) -> dict[str, str]:
    """Near misses of an id that does exist, and things that never were one."""
    letters = own.partition("_")[2]
    inner = decode_id(prefix, own)
    assert isinstance(inner, UUID)
    return {
        "upper case": own.upper(),
        "one capital": f"{prefix}_{letters[:-1]}{letters[-1].upper()}" if letters[-1].isalpha() else f"{own}A",
        "another prefix": f"{'key' if prefix is Prefix.AUDIT_ENTRY else 'aud'}_{letters}",
        "no prefix": letters,
        "an empty prefix": f"_{letters}",
        "two prefixes": f"{prefix}_{own}",
        "one letter short": own[:-1],
        "one letter more": f"{own}0",
        "beyond 128 bits": f"{prefix}_8{letters[1:]}",
        "a letter we do not use": f"{prefix}_{'u' * 26}",
        "the UUID": str(inner),
        "the UUID in hex": inner.hex,
        "a number": str(inner.int),
        "a space behind": f"{own} ",
        "a space before": f" {own}",
        "a newline behind": f"{own}\n",
        "NUL behind": f"{own}\0",
        "NUL alone": "\0",
        "a word": "x",
        "only the prefix": f"{prefix}_",
        "10 KiB": f"{prefix}_{'0' * 10_240}",
        "10 KiB of NUL": "\0" * 10_240,
        "fullwidth": own.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789abcdefghijklmnopqrstuvwxyz"}),
        "SQL": "' OR '1'='1",
        "SQL behind": f"{own}' OR 1=1--",
        "a wildcard": f"{prefix}_%",
        "a template": "{{7*7}}",
        "null": "null",
        "dots": "..",
        "an extension": f"{own}.json",
        "a parameter": f"{own};x=1",
    }


def other_paths(own: str) -> tuple[str, ...]:
    """Slashes and dots in the place of an id: such paths do not exist, and dots do not lead to a parent path."""
    return ("..%2f..%2fme", f"..%2f{own}", f"{own}%2f..", f"{own}%2f%2f", f"%2f{own}", f"x/../{own}", f"./{own}")


def prefix_of(operation: Operation, name: str) -> Prefix:
    kind = kind_at(operation.path)
    return kind.model.prefix if kind and name == kind.parameter else PREFIXES[name]


@with_an_id
def test_malformed_id_is_answered_like_an_unknown_id(world: World, operation: Operation, name: str):
    caller = operation.caller(world)
    names, endpoint = operation.names(world, caller), Endpoint(caller, operation.method, "")

    def answer(text: str) -> Any:
        return endpoint.to(_path(operation, names, name, text)).send_bytes(b"")

    nobodys = comparable(answer(some_id(prefix_of(operation, name))))
    assert nobodys[0] == 404
    before, place = database_digest(), f"{operation} {name}"
    malformed = malformed_ids(names[name], prefix_of(operation, name))
    texts = [quote(text, safe="") for text in sampled(malformed.values(), place)] + sampled(NO_TEXT, place)
    for text in texts:
        assert comparable(answer(text)) == nobodys, text
    for text in sampled(other_paths(names[name]), place):
        assert refused(answer(text), 404, text) == "Not Found"
    assert database_digest() == before


@with_an_id
def test_valid_ids_of_these_tests_are_accepted(world: World, operation: Operation, name: str):
    caller = operation.caller(world)
    answer = Endpoint(caller, operation.method, operation.url(world, caller)).send_bytes(b"")
    if answer.status_code not in (200, 204, 409):
        assert any(words in str(refused(answer, 422)) for words in ("Name session_ids", "This field is required"))


@with_an_id
def test_refusal_of_an_id_the_database_cannot_hold_is_no_500(world: World, operation: Operation, name: str):
    """The audit entry of a refusal has the path, which may contain characters that no column can."""
    if not operation.is_public:
        names, stranger = operation.names(world, world.ada), Endpoint(world.service(), operation.method, "")
        for text in sampled(("%00", "%ff", "%ed%a0%80", "%0d%0aforged", "x" * 10_240), f"{operation} {name}"):
            refused(stranger.to(_path(operation, names, name, text)).send_bytes(b""), 403, text)


def _path(operation: Operation, names: dict[str, str], name: str, text: str) -> str:
    return operation.path.format(**names | {name: text})
