"""`headrace explain`: the page of a code, a function or a method."""

import re
import sys
import textwrap
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import click

from headrace.app import full_registry
from headrace.cli.function import called
from headrace.cli.function import page as function_page
from headrace.cli.terminal import has_color
from headrace.errors import UsageError
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.foreign import explain_function
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
@click.argument("asked", metavar="[NAME]...", nargs=-1)
@click.option("--raw", is_flag=True, help="The page as it is written, in Markdown.")
def command(asked: tuple[str, ...], *, raw: bool) -> int:
    """Tell what a code means, with an example and the cure, or what a function or a method does.

    NAME is a code (`HR112`, or `112`), a function (`csvparse`, `Math.round`) or a method (`.map`); what is
    both is told as both. Without one all are listed.
    """
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
    """The names; `HTTP 429` is one, also as two words."""
    return re.findall(r"HTTP \d{3}|\S+", " ".join(asked), re.IGNORECASE)


def _text(code: str) -> str:
    """The page of a code, a function or a method, or a sentence about the system that a code comes from.

    Raises:
        UsageError: there is nothing of that name.
    """
    if entries := called(code):
        return "\n".join(map(function_page, entries))
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
    raise UsageError(_unknown(code))


def _unknown(name: str) -> str:
    """What is wrong with a name, and what may have been meant."""
    if hint := did_you_mean(name.upper(), codes()):
        return f"there is no code `{name}`{hint}"
    components = {full.partition("/")[2]: full for full in full_registry().names}
    if name in components or name in components.values():
        return f"`{name}` is a component; `headrace components {name}` describes it"
    plain = name.partition("(")[0]
    candidates = [f".{each}" for each in METHODS] if plain.startswith(".") else [*FUNCTIONS, *METHODS]
    known = explain_function(plain) or did_you_mean(plain, candidates)
    if not known and (near := did_you_mean(name, [*components, *components.values()])):
        return f"there is no component `{name}`{near} `headrace components` describes them"
    return f"there is no code, function or method `{name}`{known or '; `headrace explain` lists them'}"


def _page(code: str) -> Path | None:
    """The page of a code that may be written in lower case, or as its number alone."""
    number = code.upper().removeprefix("HR")
    return page_of(f"HR{number}")


def _listed() -> str:
    """All codes by family, each with what it is about; then functions and methods by name."""
    paragraphs = []
    for prefix, family in _FAMILIES.items():
        pages = [(code, page_of(code)) for code in codes() if code.startswith(prefix)]
        lines = [f"  {code}  {title_of(page)}" for code, page in pages if page is not None]
        if lines:
            paragraphs.append("\n".join([family, *lines]))
    for what, names in (("Functions", sorted(FUNCTIONS)), ("Methods", sorted(METHODS))):
        listed = textwrap.fill(" ".join(names), 100, initial_indent="  ", subsequent_indent="  ")
        paragraphs.append(f"{what}\n{listed}")
    return "\n\n".join(paragraphs)
