"""An engine for one process, with its store."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from headrace.engine import Engine, Observer
from headrace.errors import UsageError
from headrace.sdk import Clock
from headrace.store import MemoryStore, Store

__all__ = ["open_engine", "open_store"]


def open_store(url: str) -> Store:
    """The store that a `--store` option names.

    Raises:
        UsageError: there is no such kind of store.
    """
    if url == "memory":
        return MemoryStore()
    raise UsageError(f"`{url}` names no store; this version has `memory`")


@asynccontextmanager
async def open_engine(
    home: Path,
    *,
    store: Store | None = None,
    clock: Clock | None = None,
    observer: Observer | None = None,
    mask: Callable[[str], str] = str,
) -> AsyncIterator[Engine]:
    """An engine that is ready to load flows; closed, with its store, at the end."""
    kept = MemoryStore() if store is None else store
    try:
        async with Engine(kept, home, clock=clock, observer=observer, mask=mask) as engine:
            yield engine
    finally:
        await kept.close()
