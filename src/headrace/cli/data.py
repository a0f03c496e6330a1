"""Values that are given on the command line: `--data`, `--set`, `--keep`, `--listen`."""

import sys
from collections.abc import Iterable
from pathlib import Path

from headrace.errors import UsageError
from headrace.values import Json, JsonError, decode_json, well_formed

__all__ = ["parse_settings", "read_data"]


def read_data(argument: str | None) -> Json:
    """The value of `--data`: JSON, `@FILE`, or `-` for standard input; null if it is not given.

    Raises:
        UsageError: the file cannot be read, or the text is no JSON.
    """
    if argument is None:
        return None
    origin = "--data"
    if argument == "-":
        origin = "the JSON on standard input"
        text = sys.stdin.buffer.read()
    elif argument.startswith("@"):
        origin = argument[1:]
        try:
            text = Path(origin).read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {origin}: {(error.strerror or str(error)).lower()}") from error
    else:
        text = argument.encode(errors="surrogateescape")
    try:
        return decode_json(text)
    except JsonError as error:
        hint = "; quote text inside it: '\"text\"'" if origin == "--data" else ""
        raise UsageError(f"{origin} is no JSON: {error}{hint}") from error


def parse_settings(assignments: Iterable[str]) -> dict[str, Json]:
    """The values of `--set`, by path.

    A var gets the text as it is, and takes the type it has in the flow; elsewhere, and for arrays and
    objects, the text is read as JSON where it is JSON.

    Raises:
        UsageError: one is no `K=V`, or no UTF-8.
    """
    values: dict[str, Json] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip():
            raise UsageError(f"--set takes K=V, such as `vars.pageSize=50`, not `{assignment}`")
        if well_formed(assignment) != assignment:
            raise UsageError(f"--set {path.strip()}: the text is no UTF-8")
        path = path.strip()
        is_plain = path.startswith("vars.") and not text.lstrip().startswith(("[", "{"))
        values[path] = text if is_plain else _json_or_text(text)
    return values


def _json_or_text(text: str) -> Json:
    try:
        return decode_json(text)
    except JsonError:
        return text
