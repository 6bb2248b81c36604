"""Handles compared as the text they are, in terms of the UUIDs that are kept: so an index can tell."""

from uuid import UUID

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan, Regex

from core.ids import ALPHABET, Prefix, decode_id
from sessions_app.api.edge.filters.logic import Condition, all_of

_LETTERS, _BITS = 26, 5
_FIRST = ALPHABET[:8]  # 128 bits leave three of five to the first letter
_END = 2**128


class Bits(Func):
    """A UUID as the letters of its handle have it: five bits each, the first two of them nothing."""

    template = "('00' || (('x' || replace((%(expressions)s)::text, '-', ''))::bit(128))::text)"
    output_field = TextField()


def compared(prefix: Prefix, column: str, operator: str, text: str) -> Condition:
    named = decode_id(prefix, text)
    match operator:
        case "=":
            return False if named is None else Q(**{column: named})
        case "!=":
            return True if named is None else ~Q(**{column: named})
        case "<" | ">=":
            first = named.int if named else first_not_before(prefix, text)
            return _from(column, first, is_below=operator == "<")
        case _:
            after = named.int + 1 if named else first_not_before(prefix, text)
            return _from(column, after, is_below=operator == "<=")


def among(prefix: Prefix, column: str, texts: list[str]) -> Condition:
    named = {found for text in texts if (found := decode_id(prefix, text))}
    return Q(**{f"{column}__in": named}) if named else False


def containing(prefix: Prefix, column: str, text: str) -> Condition:
    """Only where the letters could begin anywhere is every row looked at."""
    head, is_split, letters = text.rpartition("_")
    if set(letters) - set(ALPHABET) or len(letters) > _LETTERS or (is_split and not prefix.endswith(head)):
        return not is_split and letters in prefix
    if not letters or (not is_split and letters in prefix):
        return True
    if is_split:
        return _beginning(column, letters)
    bits = "".join(f"{ALPHABET.index(letter):05b}" for letter in letters)
    somewhere = GreaterThan(StrIndex(Bits(F(column)), Value(bits)), 0)  # which is told in half the time
    return Q(somewhere, Regex(Bits(F(column)), f"^(?:[01]{{{_BITS}}})*{bits}"))


def first_not_before(prefix: Prefix, text: str) -> int:
    """The number of the first handle that is not before this text, which is none itself; one too high if all are."""
    start = f"{prefix}_"
    if text <= start:
        return 0
    if not text.startswith(start):
        return _END
    number = 0
    for place in range(_LETTERS):
        letter = text[len(start) + place : len(start) + place + 1]
        allowed = ALPHABET if place else _FIRST
        not_before = sum(each < letter for each in allowed)
        number = number * 32 + not_before
        if letter not in allowed or not letter:
            return number << _BITS * (_LETTERS - place - 1)
    return number + 1  # it goes on behind a whole handle


def _beginning(column: str, letters: str) -> Condition:
    if letters[0] not in _FIRST:
        return False
    low = int("".join(f"{ALPHABET.index(letter):05b}" for letter in letters), 2) << _BITS * (_LETTERS - len(letters))
    width = 1 << _BITS * (_LETTERS - len(letters))
    return all_of([_from(column, low, is_below=False), _from(column, low + width, is_below=True)])


def _from(column: str, number: int, *, is_below: bool) -> Condition:
    if number <= 0 or number >= _END:
        return is_below == (number >= _END)
    return Q(**{f"{column}__{'lt' if is_below else 'gte'}": UUID(int=number)})
