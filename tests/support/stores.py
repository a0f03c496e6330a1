"""Every kind of store, for tests that all of them have to pass."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from headrace.store import MemoryStore, Store
from headrace.store.jetstream import JetStreamStore, Place
from headrace.store.sqlite import SqliteStore
from support.nats_server import shared_server


class Reopened:
    """A store that is left and opened again, as a process that ends and the next one do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def open(self) -> Store:
        raise NotImplementedError


class _Memory(Reopened):
    """Survives its engines, not the process."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._store = MemoryStore()

    async def open(self) -> Store:
        return self._store


class _Sqlite(Reopened):
    async def open(self) -> Store:
        return await SqliteStore.open(self.folder / "store.db")


class _JetStream(Reopened):
    """A store of its own on a server that all share."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.place = Place((shared_server().url,), f"test-{uuid4().hex[:12]}")

    async def open(self) -> Store:
        return await JetStreamStore.open(self.place, patience_s=10)


KINDS: dict[str, type[Reopened]] = {"jetstream": _JetStream, "memory": _Memory, "sqlite": _Sqlite}


_IN_MEMORY = Path("/dev/shm")


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory where that can be: no power fails here, which saves waiting for the disk."""
    is_large = _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free > 2**30
    with TemporaryDirectory(dir=_IN_MEMORY if is_large else None) as folder:
        yield Path(folder)


@asynccontextmanager
async def opened_file(path: Path, patience_s: float = 30.0) -> AsyncIterator[SqliteStore]:
    """A store in a file, closed at the end."""
    store = await SqliteStore.open(path, patience_s)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def opened(place: Reopened) -> AsyncIterator[Store]:
    """The store, closed at the end."""
    store = await place.open()
    try:
        yield store
    finally:
        await store.close()
