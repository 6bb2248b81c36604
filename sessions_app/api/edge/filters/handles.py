"""Compare ids as text by comparing the UUIDs that they encode, so that an index can be used."""

from uuid import UUID

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan, Regex

from core.ids import ALPHABET, Prefix, decode_id
from sessions_app.api.edge.filters.logic import Condition, all_of

_LETTERS, _BITS = 26, 5
_FIRST = ALPHABET[:8]  # the first letter encodes only three bits
_END = 2**128


class Bits(Func):
    """The bits of a UUID as the letters of its id encode them: five each, padded with two zeros in front."""

    template = "('00' || (('x' || replace((%(expressions)s)::text, '-', ''))::bit(128))::text)"
    output_field = TextField()


def compare(prefix: Prefix, column: str, operator: str, text: str) -> Condition:
    pk = decode_id(prefix, text)
    match operator:
        case "=":
            return False if pk is None else Q(**{column: pk})
        case "!=":
            return True if pk is None else ~Q(**{column: pk})
        case "<" | ">=":
            first = pk.int if pk else first_not_before(prefix, text)
            return _on_side(column, first, is_below=operator == "<")
        case _:
            after = pk.int + 1 if pk else first_not_before(prefix, text)
            return _on_side(column, after, is_below=operator == "<=")


def is_among(prefix: Prefix, column: str, texts: list[str]) -> Condition:
    ids = {pk for text in texts if (pk := decode_id(prefix, text))}
    return Q(**{f"{column}__in": ids}) if ids else False


def contains(prefix: Prefix, column: str, text: str) -> Condition:
    """Match ids that contain a text. Rows are scanned only if the text could occur in the middle of an id."""
    head, is_split, letters = text.rpartition("_")
    if set(letters) - set(ALPHABET) or len(letters) > _LETTERS or (is_split and not prefix.endswith(head)):
        return not is_split and letters in prefix
    if not letters or (not is_split and letters in prefix):
        return True
    if is_split:
        return _starts_with(column, letters)
    bits = "".join(f"{ALPHABET.index(letter):05b}" for letter in letters)
    occurs = GreaterThan(StrIndex(Bits(F(column)), Value(bits)), 0)  # twice as fast as the pattern alone
    return Q(occurs, Regex(Bits(F(column)), f"^(?:[01]{{{_BITS}}})*{bits}"))


def first_not_before(prefix: Prefix, text: str) -> int:
    """Return the lowest number whose id is not less than a text that is no id itself; 2**128 if there is none."""
    start = f"{prefix}_"
    if text <= start:
        return 0
    if not text.startswith(start):
        return _END
    number = 0
    for position in range(_LETTERS):
        letter = text[len(start) + position : len(start) + position + 1]
        allowed = ALPHABET if position else _FIRST
        smaller = sum(each < letter for each in allowed)
        number = number * 32 + smaller
        if letter not in allowed or not letter:
            return number << _BITS * (_LETTERS - position - 1)
    return number + 1  # the text continues after a whole id


def _starts_with(column: str, letters: str) -> Condition:
    if letters[0] not in _FIRST:
        return False
    low = int("".join(f"{ALPHABET.index(letter):05b}" for letter in letters), 2) << _BITS * (_LETTERS - len(letters))
    width = 1 << _BITS * (_LETTERS - len(letters))
    return all_of([_on_side(column, low, is_below=False), _on_side(column, low + width, is_below=True)])


def _on_side(column: str, number: int, *, is_below: bool) -> Condition:
    if number <= 0 or number >= _END:
        return is_below == (number >= _END)
    return Q(**{f"{column}__{'lt' if is_below else 'gte'}": UUID(int=number)})
