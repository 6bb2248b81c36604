"""The grammar of the filter language.

AND and OR have the same precedence and associate to the right; NOT negates everything after it. Whitespace matters:
`(a)and(b)` is an error, and so is `a not  in [...]`, so the terminals include it.
"""

import re
from functools import lru_cache
from typing import Any

from lark import Lark
from lark.exceptions import LarkError, UnexpectedCharacters, UnexpectedToken

from sessions_app.api.edge.filters.transformer import InvalidFilter, builder
from sessions_app.api.edge.filters.tree import Ordering, Query

MAX_LENGTH = 4_096
_SPACE = " \t\r\n"
_GRAMMAR = r"""
query: expression [sort] [skip] [limit]
     | sort [skip] [limit]    -> everything
     | skip [limit]           -> everything
     | limit                  -> everything

sort: _SORT_BY fields
fields: field (_COMMA field)*
field: NAME [ASC | DESC]
skip: _SKIP NUMBER
limit: _LIMIT (NONE | NUMBER)

?expression: term
           | term _AND expression    -> both
           | term _OR expression     -> either
           | _NOT expression         -> negation
?term: _OPEN expression _CLOSE               -> nested
     | BOOL                                  -> constant
     | NAME                                  -> flag
     | _IS_EMPTY elements _CLOSE             -> is_empty
     | left COMPARES literal                 -> comparison
     | left CONTAINS (string | number)       -> comparison
     | left ICONTAINS string                 -> comparison
     | left IN _OPEN_LIST _values _CLOSE_LIST    -> membership
     | left BETWEEN number _AND number       -> between
     | left BETWEEN moment _AND moment       -> between

_values: string (_COMMA string)* | number (_COMMA number)* | moment (_COMMA moment)*
?left: NAME
     | SET_OF NAME _CLOSE        -> set_of
     | _COUNT elements _CLOSE    -> count
elements: NAME | _FROM NAME _WHERE query
?literal: string | number | moment
        | BOOL    -> truth
        | NULL    -> null
string: STRING
number: NUMBER
moment: MOMENT

_SORT_BY: /(?:(?<![^ \t\r\n])|[ \t\r\n]+)sort[ \t\r\n]+by[ \t\r\n]+/i
_SKIP: /(?:(?<![^ \t\r\n])|[ \t\r\n]+)skip[ \t\r\n]+/i
_LIMIT: /(?:(?<![^ \t\r\n])|[ \t\r\n]+)limit[ \t\r\n]+/i
_AND: /[ \t\r\n]+and[ \t\r\n]+/i
_OR: /[ \t\r\n]+or[ \t\r\n]+/i
_NOT: /not[ \t\r\n]+/i
_OPEN: /\([ \t\r\n]*/
_CLOSE: /[ \t\r\n]*\)/
_OPEN_LIST: /\[[ \t\r\n]*/
_CLOSE_LIST: /[ \t\r\n]*\]/
_COMMA: /[ \t\r\n]*,[ \t\r\n]*/
_IS_EMPTY: /isempty\([ \t\r\n]*/i
_COUNT: /count\([ \t\r\n]*/i
SET_OF: /(?:allof|anyof)\([ \t\r\n]*/i
_FROM: /from[ \t\r\n]+/i
_WHERE: /[ \t\r\n]+where[ \t\r\n]+/i
COMPARES: /[ \t\r\n]*(?:<=|>=|!=|<|>|=)[ \t\r\n]*/
CONTAINS: /[ \t\r\n]+(?:not[ \t\r\n]+)?contains[ \t\r\n]+/i
ICONTAINS: /[ \t\r\n]+(?:not[ \t\r\n]+)?icontains[ \t\r\n]+/i
IN: /[ \t\r\n]+(?:not[ \t\r\n])?in[ \t\r\n]+/i
BETWEEN: /[ \t\r\n]+(?:not[ \t\r\n]+)?between[ \t\r\n]+/i
ASC: /[ \t\r\n]+asc(?![A-Za-z_])/i
DESC: /[ \t\r\n]+desc(?![A-Za-z_])/i
BOOL: /(?:true|false)(?![A-Za-z_]|\.[A-Za-z])/i
NULL: /null(?![A-Za-z_]|\.[A-Za-z])/i
NONE: /none(?![A-Za-z_]|\.[A-Za-z])/i
STRING: /"(?:[^"\\\x00-\x1f]|\\["\\fnrt])*"/
NUMBER: /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?(?:0|[1-9][0-9]*))?/
MOMENT: /datetime\([ \t\r\n]*[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})[ \t\r\n]*\)/
NAME: /(?!(?:allof|and|anyof|asc|between|by|contains|count|desc|false|from|icontains|in|isempty|limit|none|not|null|or|skip|sort|true|where)(?![A-Za-z_]|\.[A-Za-z]))(?:'[A-Za-z][A-Za-z_]*(?:\.[A-Za-z][A-Za-z_-]*)*'|[A-Za-z][A-Za-z_]*(?:\.[A-Za-z][A-Za-z_-]*)*)/i
"""  # noqa: E501 - a terminal is one line
_SYMBOL = re.compile(r"[A-Za-z_]+|[0-9]+|.")
_parser = Lark(_GRAMMAR, parser="lalr", start=["query", "fields"], transformer=builder, maybe_placeholders=False)


@lru_cache(maxsize=100)
def parse_query(text: str) -> Query:
    """Parse a filter. An empty filter matches everything; one of only blanks is an error.

    The last results are cached, since clients that watch a list repeat the same filter.
    """
    return _read(text, "query") if text else Query()


def parse_orderings(text: str) -> tuple[Ordering, ...]:
    """Parse the parameter `sort`, which holds what may follow `sort by` in a filter."""
    return _read(text, "fields")


def _read(text: str, start: str) -> Any:
    if len(text) > MAX_LENGTH:
        raise InvalidFilter(f"it has {len(text)} characters, and may have {MAX_LENGTH}")
    blanks = len(text) - len(text.lstrip(_SPACE))
    try:
        return _parser.parse(text.strip(_SPACE), start=start)
    except UnexpectedCharacters as error:
        raise _unexpected(text, blanks + (error.pos_in_stream or 0)) from error
    except UnexpectedToken as error:
        is_end = error.token.type == "$END"
        raise _unexpected(text, len(text) if is_end else blanks + (error.token.start_pos or 0)) from error
    except LarkError as error:
        raise _unexpected(text, len(text)) from error


def _unexpected(text: str, position: int) -> InvalidFilter:
    """Describe a syntax error and its position as the original does. The first column is 0."""
    while position < len(text) and text[position] in _SPACE:
        position += 1
    match = _SYMBOL.match(text, position)
    symbol = match[0] if match else "<EOF>"
    line, column = text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1)
    where = f"line: {line}, column: {column}, symbol: {symbol}"
    return InvalidFilter(f'Unexpected symbol: "{symbol}" at line: {line} column: {column}. {where}')
