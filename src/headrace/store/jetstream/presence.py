"""Which processes are alive: each says so every few seconds, in a bucket whose values vanish."""

import asyncio
import os
import socket
import threading
import time
from pathlib import Path

from nats.js.errors import KeyNotFoundError

from headrace.errors import StoreError
from headrace.store.jetstream.connection import Connection
from headrace.store.jetstream.failure import ERRORS
from headrace.store.jetstream.place import Place
from headrace.store.journal.claim import Member

__all__ = ["GONE_AFTER_S", "Presence", "here"]

GONE_AFTER_S = 15.0
"""A process that has said nothing for so long is taken for dead; what it executed is begun anew."""
_PERIOD_S = 3.0
_BUCKET = "presence"


def here() -> str:
    """This machine, as far as process ids mean the same: its name, its boot, and the namespace of the ids."""
    return f"{socket.gethostname()} {_read('/proc/sys/kernel/random/boot_id')} {_namespace()}".strip()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:  # another kind of system: its name will do
        return ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


class Presence:
    """Says that this process is alive, from a thread: whatever the event loop is busy with."""

    def __init__(self, place: Place, connection: Connection, author: str) -> None:
        self._place = place
        self._connection = connection
        self._author = author
        self._here = here()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="headrace-presence", daemon=True)
        self._steady_since_s: float | None = None

    async def start(self) -> None:
        """Begin; on return it was said once.

        Raises:
            StoreError: NATS is away for too long.
        """
        await self._connection.patiently(lambda: self._say(self._connection))
        self._thread.start()

    async def stop(self) -> None:
        """Say no more."""
        self._ending.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    async def shows_life(self, author: str, member: Member) -> bool:
        """Whether another process shows that it is alive.

        Raises:
            StoreError: NATS is away for too long.
        """
        if member.host == self._here:
            return _exists(member.pid)
        return await self._connection.patiently(lambda: self._is_there(author))

    async def _is_there(self, author: str) -> bool:
        bucket = await self._connection.bucket(_BUCKET, forget_after_s=GONE_AFTER_S)
        try:
            await bucket.get(author)
        except KeyNotFoundError:
            return False
        return True

    @property
    def is_steady(self) -> bool:
        """Whether NATS was there for so long that every process alive has said so again."""
        since_s = self._steady_since_s
        return since_s is not None and time.monotonic() - since_s > GONE_AFTER_S

    async def _say(self, connection: Connection) -> None:
        bucket = await connection.bucket(_BUCKET, forget_after_s=GONE_AFTER_S)
        await bucket.put(self._author, str(os.getpid()).encode())

    def _run(self) -> None:
        asyncio.run(self._beat())

    async def _beat(self) -> None:
        connection: Connection | None = None
        while not self._ending.is_set():
            try:
                if connection is None:
                    connection = await Connection.open(self._place, _PERIOD_S)
                await self._say(connection)
            except (StoreError, *ERRORS):
                self._steady_since_s = None
            else:
                self._steady_since_s = self._steady_since_s or time.monotonic()
            await asyncio.to_thread(self._ending.wait, _PERIOD_S)
        if connection is not None:
            await connection.close()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:  # another user's
        return True
    except ProcessLookupError:
        return False
    return True
