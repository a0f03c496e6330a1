"""Log lines on standard error, secrets masked: as text, or as an object of JSON a line.

An object has `at` (RFC 3339, UTC), `level`, `logger`, `message`, and where they are known `run`, `flow` and
`node`; further facts of what is told, such as `code` or `status`; and `trace` with the traceback of a bug.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Literal, TypeAlias

import click

from headrace.engine.execution import current_run
from headrace.expr.time import time_text
from headrace.values import Json, encode_json, well_formed

__all__ = ["LogFormat", "log_format_option", "show_logs"]

LogFormat: TypeAlias = Literal["text", "json"]

log_format_option = click.option(
    "--log-format",
    metavar="FORMAT",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of the logs on standard error: text, or json.",
)


class _ErrorStream(logging.Handler):
    """Writes to what standard error is at the time: a live display takes its place while it is there.

    Who logs is never bothered: neither by a line that cannot be formatted, nor by one that nobody takes.
    """

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - a mistake of who logs, whose arguments may hold secrets
            told = f"cannot tell what {record.pathname}:{record.lineno} logs: {type(error).__name__}"
            line = self.format(logging.LogRecord(record.name, record.levelno, "", 0, told, (), None))
        with suppress(OSError, ValueError):  # it is closed, or its disk is full; there is nowhere to say so
            print(line, file=sys.stderr)


class _Masked(logging.Formatter):
    """Takes secrets out of the whole line, tracebacks included."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(super().format(record))


class _Json(logging.Formatter):
    """Takes secrets out of each text, so that the line stays JSON."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        super().__init__()
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        run = current_run.get()
        known: dict[str, object] = {} if run is None else {"run": run.id, "flow": run.flow}
        known |= {name: vars(record)[name] for name in ("run", "flow", "node") if vars(record).get(name)}
        facts = vars(record).get("facts")
        line: dict[str, Json] = {
            "at": time_text(int(record.created * 1e9)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._told(record.getMessage()),
            **{name: self._told(value) for name, value in known.items()},
            **{name: self._told(value) for name, value in (facts if isinstance(facts, dict) else {}).items()},
        }
        if record.exc_info:
            line["trace"] = self._told(self.formatException(record.exc_info))
        return encode_json(line).decode()

    def _told(self, value: object) -> Json:
        """A value as JSON, masked."""
        match value:
            case str():
                return well_formed(self._mask(value))
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {self._mask(str(name)): self._told(member) for name, member in value.items()}
            case list() | tuple():
                return [self._told(item) for item in value]
            case _:
                return well_formed(self._mask(str(value)))


def show_logs(verbosity: int, mask: Callable[[str], str], form: LogFormat = "text") -> None:
    """Begin to write logs.

    The lines of debug nodes (`headrace.debug`) are always written; the rest from warnings on.

    Args:
        verbosity: 1 for what headrace does, 2 for all details.
        mask: takes secrets out of a line.
        form: of a line.
    """
    handler = _ErrorStream()
    handler.setFormatter(_Json(mask) if form == "json" else _Masked(mask))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if verbosity > 1 else logging.WARNING)
    logging.getLogger("headrace").setLevel(logging.INFO if verbosity == 1 else logging.NOTSET)
    logging.getLogger("headrace.debug").setLevel(logging.DEBUG)
