"""What kind of statement a text of SQL is, told by its words alone (rule 14 of the durable runtime).

No parser: literals, quoted names and comments are skipped, the rest is read word by word. What cannot be
told surely counts as a write, which costs a transaction but never correctness.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

__all__ = ["StatementKind", "bare_parameters", "classify", "leading_word", "parameter_numbers"]

StatementKind = Literal["read", "write", "control"]

_CONTROL = frozenset({"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"})
_READ = frozenset({"SELECT", "VALUES", "TABLE", "SHOW", "WITH"})
_WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "INTO", "SHARE"})
# SHARE and UPDATE stand for FOR SHARE and FOR UPDATE, INTO for SELECT … INTO, which makes a table.

_TOKEN = re.compile(
    r"""
      --[^\n]*                                    # comment to the end of the line
    | (?P<comment>/\*)
    | (?P<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)
    | [eE]'(?:[^'\\]|''|\\.)*(?:'|\Z)             # text with backslash escapes
    | '(?:[^']|'')*(?:'|\Z)
    | "(?:[^"]|"")*(?:"|\Z)
    | [$?](?P<parameter>\d+)
    | (?P<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)
    | (?P<mark>[^\s])
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")


@lru_cache(maxsize=1024)
def classify(sql: str) -> StatementKind:
    """Whether a statement reads, writes, or controls the transaction.

    Reads are SELECT, VALUES, TABLE and SHOW that lock nothing and hold no data-modifying WITH. Control is
    `BEGIN`, `COMMIT`, `SAVEPOINT` and their like, which the engine alone may send.
    """
    words = [text.upper() for name, text in _tokens(sql) if name == "word"]
    if not words:
        return "write"
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first in _CONTROL:
        return "control"
    if (first, second) in (("PREPARE", "TRANSACTION"), ("SET", "TRANSACTION")):
        return "control"
    if first not in _READ or not _is_leading(sql) or not _WRITING.isdisjoint(words):
        return "write"
    return "read"


@lru_cache(maxsize=1024)
def leading_word(sql: str) -> str:
    """The first word in capitals: `SELECT`, `INSERT`, …; empty if there is none."""
    return next((text.upper() for name, text in _tokens(sql) if name == "word"), "")


@lru_cache(maxsize=1024)
def parameter_numbers(sql: str) -> frozenset[int]:
    """The numbers of the parameters `$1` (or `?1`) that a statement uses."""
    return frozenset(int(text) for name, text in _tokens(sql) if name == "parameter")


@lru_cache(maxsize=1024)
def bare_parameters(sql: str) -> int:
    """How many parameters are written as a bare `?`, which SQLite knows."""
    return sum(text == "?" for _, text in _tokens(sql))


def _is_leading(sql: str) -> bool:
    """Whether nothing but opening parentheses stands before the first word, and one statement is there."""
    marks = ""
    ended = False
    seen_word = False
    for name, text in _tokens(sql):
        if ended:
            return False
        if name == "word":
            seen_word = True
        elif text == ";":
            ended = True
        elif not seen_word:
            marks += text
    return not marks.strip("(")


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    """Words, parameters and marks; literals, quoted names and comments are left out."""
    position = 0
    while match := _TOKEN.search(sql, position):
        position = match.end()
        name = match.lastgroup
        if name == "comment":
            position = _comment_end(sql, position)
        elif name == "dollar":
            end = sql.find(match["dollar"], position)
            position = len(sql) if end < 0 else end + len(match["dollar"])
        elif name is not None:
            yield name, match[name]


def _comment_end(sql: str, position: int) -> int:
    """The end of a comment whose `/*` ends at `position`; comments nest, as in the standard."""
    depth = 1
    while depth and (match := _COMMENT_MARK.search(sql, position)):
        depth += 1 if match[0] == "/*" else -1
        position = match.end()
    return position if depth == 0 else len(sql)
