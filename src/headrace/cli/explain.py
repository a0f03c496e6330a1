"""`headrace explain`: the page of a code."""

import re
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import click

from headrace.cli.terminal import has_color
from headrace.errors import UsageError
from headrace.expr.suggestion import did_you_mean
from headrace.pages import codes, page_of, text_of, title_of

__all__ = ["command"]

_WIDEST = 110
_HTTP = re.compile(r"HTTP ?(\d{3})", re.IGNORECASE)
# Classes of the SQL standard begin with a digit; F0, HV, P0 and XX are PostgreSQL's own.
_SQLSTATE = re.compile(r"(\d[0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}", re.IGNORECASE)
_SQLITE = re.compile(r"SQLITE_[A-Z_]+", re.IGNORECASE)

_FAMILIES = {
    "HR1": "Flow files",
    "HR2": "Expressions",
    "HR3": "Nodes at work",
    "HR4": "The store",
    "HR9": "Bugs",
}


@click.command("explain")
@click.argument("asked", metavar="[CODE]...", nargs=-1)
@click.option("--raw", is_flag=True, help="The page as it is written, in Markdown.")
def command(asked: tuple[str, ...], *, raw: bool) -> int:
    """Tell what a CODE means, with an example and the cure (`HR112`, or `112`); without one list all."""
    if not asked:
        print(_listed())
        return 0
    texts = [_text(code) for code in _joined(asked)]
    page = "\n\n".join(text.strip() for text in texts)
    if raw or not has_color(sys.stdout):
        print(page)
    else:
        import_module("headrace.cli.markdown").show(page, _WIDEST)
    return 0


def _joined(asked: Iterable[str]) -> list[str]:
    """The codes; `HTTP 429` is one, also as two words."""
    return re.findall(r"HTTP \d{3}|\S+", " ".join(asked), re.IGNORECASE)


def _text(code: str) -> str:
    """The page of a code, or a sentence about the system that it comes from.

    Raises:
        UsageError: there is no such code.
    """
    page = _page(code)
    if page is not None:
        return text_of(page)
    if match := _HTTP.fullmatch(code):
        return (
            f"HTTP {match[1]} is the status of a server's answer: the HTTP client takes 400 and above for an "
            "error and tells what the server said. 408, 425, 429 and 5xx are tried again."
        )
    if _SQLITE.fullmatch(code):
        return f"{code.upper()} is a result code of SQLite (https://sqlite.org/rescode.html)."
    if _SQLSTATE.fullmatch(code):
        return (
            f"{code.upper()} is an SQLSTATE: PostgreSQL gave it to the statement that failed "
            "(https://www.postgresql.org/docs/current/errcodes-appendix.html lists them)."
        )
    hint = did_you_mean(code.upper(), codes()) or "; `headrace explain` lists them"
    raise UsageError(f"there is no code `{code}`{hint}")


def _page(code: str) -> Path | None:
    """The page of a code that may be written in lower case, or as its number alone."""
    number = code.upper().removeprefix("HR")
    return page_of(f"HR{number}")


def _listed() -> str:
    """All codes by family, each with what it is about."""
    paragraphs = []
    for prefix, family in _FAMILIES.items():
        pages = [(code, page_of(code)) for code in codes() if code.startswith(prefix)]
        lines = [f"  {code}  {title_of(page)}" for code, page in pages if page is not None]
        if lines:
            paragraphs.append("\n".join([family, *lines]))
    return "\n\n".join(paragraphs)
