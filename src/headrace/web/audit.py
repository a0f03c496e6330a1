"""A line for each action: who did what to what, and how it ended. Values are never in it."""

import logging
import os
import time
from pathlib import Path
from typing import Self

from headrace.errors import UsageError
from headrace.expr.time import time_text
from headrace.values import Json, encode_json

__all__ = ["Audit"]

_log = logging.getLogger("headrace.audit")


class Audit:
    """Appends lines of JSON to a file that its owner alone may read; each is handed to the system at once."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            UsageError: it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def note(self, *, address: str, access: str, method: str, path: str, status: int) -> None:
        """Note an action, done or refused."""
        facts: Json = {
            "at": time_text(time.time_ns()),
            "address": address,
            "access": access,
            "action": f"{method} {path}",
            "status": status,
        }
        line = encode_json(facts)
        try:
            os.write(self._file, line + b"\n")
        except OSError as error:  # it is done already; the log has the line
            _log.error("cannot write the audit: %s", (error.strerror or str(error)).lower())
        _log.info("%s", line.decode())
