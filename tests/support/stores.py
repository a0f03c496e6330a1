"""Every kind of store, for tests that all of them have to pass."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from headrace.store import MemoryStore, Store
from headrace.store.sqlite import SqliteStore


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


KINDS: dict[str, type[Reopened]] = {"memory": _Memory, "sqlite": _Sqlite}


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
