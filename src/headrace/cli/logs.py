"""Log lines on standard error, secrets masked."""

import logging
import sys
from collections.abc import Callable

__all__ = ["show_logs"]


class _ErrorStream(logging.Handler):
    """Writes to what standard error is at the time: a live display takes its place while it is there."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=sys.stderr)
        except (OSError, ValueError):
            self.handleError(record)


class _Masked(logging.Formatter):
    """Takes secrets out of the whole line, tracebacks included."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(super().format(record))


def show_logs(verbosity: int, mask: Callable[[str], str]) -> None:
    """Begin to write logs.

    The lines of debug nodes (`headrace.debug`) are always written; the rest from warnings on.

    Args:
        verbosity: 1 for what headrace does, 2 for all details.
        mask: takes secrets out of a line.
    """
    handler = _ErrorStream()
    handler.setFormatter(_Masked(mask))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if verbosity > 1 else logging.WARNING)
    if verbosity == 1:
        logging.getLogger("headrace").setLevel(logging.INFO)
    logging.getLogger("headrace.debug").setLevel(logging.DEBUG)
