"""Where the server of a home folder is: it writes it down, so that commands beside it find it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp

import msgspec

from headrace.errors import UsageError

__all__ = ["Announcement", "announced", "announcement"]

_FILE = "serve.json"
"""In the home folder; its user alone may read it."""


class Announcement(msgspec.Struct, frozen=True):
    """A server.

    Attributes:
        url: of its API and page, as this machine reaches it.
        token: opens it for looking.
        process: its id.
    """

    url: str
    token: str
    process: int

    def __repr__(self) -> str:
        return f"Announcement({self.url!r}, process={self.process})"


@contextmanager
def announced(home: Path, server: Announcement) -> Iterator[None]:
    """Tell where a server is, until the end; of several servers, the last one to begin is told of.

    Raises:
        UsageError: the file cannot be written.
    """
    path = home / _FILE
    _write(path, server)
    try:
        yield
    finally:
        if _read(path) == server:
            path.unlink(missing_ok=True)


def announcement(home: Path) -> Announcement | None:
    """The server that is told of, as far as its process is alive; it may be another's by now."""
    found = _read(home / _FILE)
    return found if found is not None and _is_alive(found.process) else None


def _write(path: Path, server: Announcement) -> None:
    """Wholly or not at all."""
    made = ""
    try:
        handle, made = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # its user's alone
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(server))
        Path(made).replace(path)
    except OSError as error:
        if made:
            with suppress(OSError):  # what failed first is what is told
                Path(made).unlink()
        raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error


def _read(path: Path) -> Announcement | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Announcement)
    except (OSError, msgspec.DecodeError):  # nobody serves, or something else wrote it: nobody is told of
        return None


def _is_alive(process: int) -> bool:
    if process <= 0:  # these are groups of processes
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True
