"""Values that are given on the command line: `--data`, `--set`, `--keep`, `--listen`."""

import sys
from collections.abc import Iterable
from pathlib import Path

from headrace.app.session import DEFAULT_KEEP
from headrace.engine import Keep
from headrace.errors import UsageError
from headrace.sdk import Address
from headrace.sdk.settings import parse_duration
from headrace.values import Json, JsonError, decode_json

__all__ = ["parse_address", "parse_keep", "parse_settings", "read_data"]


_LAST_PORT = 65_535


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
        UsageError: one is no `K=V`.
    """
    values: dict[str, Json] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip():
            raise UsageError(f"--set takes K=V, such as `vars.pageSize=50`, not `{assignment}`")
        path = path.strip()
        is_plain = path.startswith("vars.") and not text.lstrip().startswith(("[", "{"))
        values[path] = text if is_plain else _json_or_text(text)
    return values


def parse_keep(texts: Iterable[str]) -> Keep:
    """The values of `--keep`: a time such as `30d`, a number of runs; what is not given has no limit.

    Raises:
        UsageError: one is neither.
    """
    given = list(texts)
    if not given:
        return DEFAULT_KEEP
    for_ns: int | None = None
    runs: int | None = None
    for text in given:
        if text.isascii() and text.isdecimal():
            runs = int(text)
            continue
        try:
            for_ns = round(parse_duration(text) * 1e9)
        except ValueError as error:
            raise UsageError(f"--keep takes a time or a number of runs: {error}") from error
    return Keep(for_ns, runs)


def parse_address(text: str) -> Address:
    """The value of `--listen`: `127.0.0.1:8090`, `[::1]:8090`, `localhost:0`.

    Raises:
        UsageError: it is none.
    """
    host, _, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""  # IPv6 without brackets, which cannot be told from the port
    is_port = port.isascii() and port.isdecimal() and int(port) <= _LAST_PORT
    if not host or not is_port:
        example = f"127.0.0.1:{port}" if is_port and not host else "127.0.0.1:8090"
        raise UsageError(f"--listen takes HOST:PORT, such as `{example}`, not `{text}`")
    return Address(host, int(port))


def _json_or_text(text: str) -> Json:
    try:
        return decode_json(text)
    except JsonError:
        return text
