"""The lock of the process that executes a flow: the operating system's, so it dies with the process."""

import fcntl
import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

from headrace.errors import StoreError

__all__ = ["FlowLock", "lock_path", "locking_process"]

_TRIES, _PAUSE_S = 5, 0.05
"""Who only looks whether a lock is held (`locking_process`) holds it for an instant."""


def lock_path(store: Path, flow: str) -> Path:
    """The lock's file: beside the store, named by the flow."""
    name = hashlib.sha256(flow.encode(errors="surrogatepass")).hexdigest()[:16]
    return store.with_name(f"{store.name}.locks") / name


class FlowLock:
    """Held from its making, which may take a quarter second, to `release` or the end of the process."""

    def __init__(self, store: Path, flow: str) -> None:
        """Take the lock.

        Raises:
            StoreError: another process has it; names that process.
        """
        path = lock_path(store, flow)
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"the lock of flow `{flow}` cannot be made at `{path}`: {error.strerror}", code="HR403"
            ) from error
        try:
            is_taken = self._take()
        except OSError as error:
            os.close(self._file)
            raise StoreError(
                f"flow `{flow}` cannot be locked at `{path}`: {error.strerror}", code="HR403"
            ) from error
        if not is_taken:
            os.close(self._file)
            holder = _process(path)
            who = f"process {holder}" if holder else "another process"
            raise StoreError(
                f"flow `{flow}` is being executed by {who}; stop that one first, or leave it a word with "
                "`headrace signal` and `headrace runs`",
                code="HR406",
            )
        with suppress(OSError):  # a full disk: who is refused is not told by whom
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def _take(self) -> bool:
        for _ in range(_TRIES):
            with suppress(BlockingIOError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            time.sleep(_PAUSE_S)
        return False

    def release(self) -> None:
        """Let the next process have it; the file stays, since removing it would race with that one."""
        with suppress(OSError):
            os.close(self._file)


def locking_process(store: Path, flow: str) -> int | None:
    """The id of the process that holds the lock; None if none does. 0: one that is not known."""
    path = lock_path(store, flow)
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process(path) or 0
    except OSError:
        return None
    finally:
        os.close(file)
    return None


def _process(path: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int(path.read_text(encoding="ascii"))
    return None
