"""A statement's text with its parameters `$1`, `$2`, … put in as literals.

Only where MySQL reads a parameter: not within texts, names in backticks or double quotes, and comments. The
session has neither NO_BACKSLASH_ESCAPES nor ANSI_QUOTES, on which that depends.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from headrace.connections.mysql.value import literal
from headrace.connections.parameter import check_count
from headrace.values import Json

__all__ = ["with_literals"]

_TOKEN = re.compile(
    r"""
      '(?:[^'\\]|''|\\.)*(?:'|\Z)
    | "(?:[^"\\]|""|\\.)*(?:"|\Z)
    | `(?:[^`]|``)*(?:`|\Z)
    | --(?=[\s\x00-\x1f]|\Z)[^\n]*                # a comment only before white space: `1--1` is 2
    | \#[^\n]*
    | /\*.*?(?:\*/|\Z)
    | \$(?P<parameter>[1-9]\d{0,4})(?![\w$])
    | [\w$\u0080-\uffff]+                         # a word may hold a dollar sign
    """,
    re.VERBOSE | re.DOTALL,
)


def with_literals(sql: str, parameters: Sequence[Json]) -> str:
    """The statement as it is sent.

    Raises:
        PermanentError: there are too many or too few parameters, or MySQL cannot hold one.
    """
    parts = _split(sql)
    wanted = max((part for part in parts if isinstance(part, int)), default=0)
    check_count(wanted, len(parameters))
    literals = [literal(value, number) for number, value in enumerate(parameters, 1)]
    return "".join([part if isinstance(part, str) else f" {literals[part - 1]} " for part in parts])


@lru_cache(maxsize=1024)
def _split(sql: str) -> tuple[str | int, ...]:
    """Text and numbers of parameters, in order."""
    parts: list[str | int] = []
    start = 0
    for match in _TOKEN.finditer(sql):
        if match["parameter"]:
            parts += [sql[start : match.start()], int(match["parameter"])]
            start = match.end()
    return (*parts, sql[start:])
