"""What stores know of flows: their runs, dead letters and next firings."""

import asyncio
import time
from pathlib import Path

import msgspec

from headrace.app.schedule import next_firings
from headrace.app.session import open_store
from headrace.errors import HeadraceError, NoStoreError, StoreError, UsageError
from headrace.flow.model import Flow
from headrace.store import LetterFilter, RunFilter, RunRecord, RunStatus, Store

__all__ = ["Facts", "Stores"]

PATIENCE_S = 10.0
_AGAIN_S = 15.0
"""When a store is tried again that could not be reached."""
_SCHEMES = ("nats://", "tls://")
_MOST_OPEN = 1000
"""Open runs are counted so far."""


class Facts(msgspec.Struct, frozen=True):
    """What is known of a flow's runs.

    Attributes:
        next_firing_ns: Unix nanoseconds; None if no trigger fires by itself.
    """

    last_run: RunRecord | None = None
    open_runs: int = 0
    dead_letters: int = 0
    next_firing_ns: int | None = None


class Stores:
    """Stores by their URL, opened when they are asked for, and anew after a failure.

    A flow says where its runs are kept, so who may write flows chooses what is asked: NATS, and no file.
    """

    def __init__(self, home: Path, patience_s: float = PATIENCE_S) -> None:
        self._home = home
        self._patience_s = patience_s
        self._open: dict[str, Store] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._away: dict[str, tuple[float, str]] = {}
        """Stores that could not be reached: when, on the monotonic clock, and why."""

    async def get(self, url: str) -> Store:
        """The store of a URL.

        Raises:
            NoStoreError: nobody has made it yet.
            StoreError: it cannot be opened.
        """
        if not url.startswith(_SCHEMES):
            raise StoreError("the store must be one on NATS, `nats://host:4222/name`")
        if "$(" in url:
            raise StoreError("the store's URL has a variable of the pod, so only workers can reach it")
        async with self._turns.setdefault(url, asyncio.Lock()):
            if url not in self._open:
                self._spare(url)
                try:
                    async with asyncio.timeout(self._patience_s):
                        self._open[url] = await self._opened(url)
                except NoStoreError:
                    raise  # workers are about to make it
                except (HeadraceError, TimeoutError) as error:
                    raise self._noted(url, error) from error
            return self._open[url]

    async def _opened(self, url: str) -> Store:
        return await open_store(url, self._home, is_new=False)

    def _spare(self, url: str) -> None:
        """Do not have every flow of a store wait for what was just found away."""
        at_s, message = self._away.get(url, (-_AGAIN_S, ""))
        if time.monotonic() - at_s < _AGAIN_S:
            raise StoreError(message)

    def _noted(self, url: str, error: Exception) -> StoreError:
        silent = f"the store has not answered for {self._patience_s:g} s"
        message = error.message if isinstance(error, HeadraceError) else silent
        self._away[url] = time.monotonic(), message
        return StoreError(message)

    async def facts(self, url: str, name: str, flow: Flow | None) -> Facts:
        """What a store knows of a flow.

        Args:
            url: of the store.
            name: of the flow.
            flow: whose triggers fire next; None if it does not load.

        Raises:
            StoreError: the store cannot be reached.
        """
        try:
            store = await self.get(url)
        except NoStoreError:  # no worker has begun yet
            return Facts()
        try:
            async with asyncio.timeout(self._patience_s):
                return await _facts(store, name, flow)
        except (HeadraceError, TimeoutError) as error:
            await self.forget(url)
            raise self._noted(url, error) from error

    async def forget(self, url: str) -> None:
        """Close a store that failed."""
        if (store := self._open.pop(url, None)) is not None:
            await store.close()

    async def close(self) -> None:
        """Close all."""
        for url in list(self._open):
            await self.forget(url)


async def _facts(store: Store, name: str, flow: Flow | None) -> Facts:
    latest = await store.runs(RunFilter(flow=name, limit=1))
    running = frozenset({RunStatus.RUNNING})
    opened = await store.runs(RunFilter(flow=name, statuses=running, limit=_MOST_OPEN))
    letters = await store.letters(LetterFilter(flow=name, limit=0))
    return Facts(
        last_run=latest[0] if latest else None,
        open_runs=len(opened),
        dead_letters=letters.total,
        next_firing_ns=None if flow is None else await _next_firing(store, flow),
    )


async def _next_firing(store: Store, flow: Flow) -> int | None:
    found = {node.name: await store.trigger(flow.name, node.name) for node in flow.triggers}
    known = {name: record for name, record in found.items() if record is not None}
    try:
        due = next_firings(flow, 1, time.time_ns(), known)
    except UsageError:  # no trigger fires by itself
        return None
    return due[0].at_ns if due else None
