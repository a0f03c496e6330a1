"""Savepoints that wait for the next statement, for any driver whose SQL has them."""

import re

from headrace.errors import InternalError

__all__ = ["Marking"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class Marking:
    """The marks of a transaction; see `sdk.transaction.Transaction`.

    Attributes:
        _pending: commands that go out with the next statement, in order.
    """

    def __init__(self, pending: list[str]) -> None:
        self._pending = pending

    def mark(self, name: str) -> None:
        """Set a savepoint."""
        self._pending.append(f"SAVEPOINT {_safe(name)}")

    def release(self, name: str) -> None:
        """Keep what was done since the mark, and forget the mark."""
        if not self._forget_unsent(name):
            self._pending.append(f"RELEASE {_safe(name)}")

    def undo(self, name: str) -> None:
        """Take back what was done since the mark, and forget the mark."""
        if not self._forget_unsent(name):
            self._pending += [f"ROLLBACK TO {_safe(name)}", f"RELEASE {_safe(name)}"]

    def _forget_unsent(self, name: str) -> bool:
        """Drop a mark that was not sent yet and below which nothing was done."""
        if self._pending and self._pending[-1] == f"SAVEPOINT {_safe(name)}":
            self._pending.pop()
            return True
        return False


def _safe(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InternalError(f"`{name}` cannot name a mark")
    return f'"{name}"'
