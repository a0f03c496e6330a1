"""Looks into the store: whoever executes the flows, this is what is durable."""

from headrace.app.executing import executing
from headrace.cli.runs.watch.source import Kept
from headrace.monitor.meter import Snapshot
from headrace.store import RunFilter, RunRecord, RunStatus, Store

__all__ = ["StoreSource"]

_MOST = 1000
"""Runs that are looked at."""
_FEW = 6


class StoreSource:
    """See `Source`; closes the store at its end."""

    def __init__(self, store: Store, about: str) -> None:
        self._store = store
        self.about = about

    async def flows(self) -> list[str]:
        """See `Source`."""
        return sorted(await self._store.flows())

    async def active(self, flow: str | None) -> list[RunRecord]:
        """See `Source`."""
        running = frozenset({RunStatus.RUNNING})
        return await self._store.runs(RunFilter(flow=flow, statuses=running, limit=_MOST))

    async def since(self, flow: str | None, after_ns: int) -> list[RunRecord]:
        """See `Source`."""
        return await self._store.runs(RunFilter(flow=flow, started_after_ns=after_ns, limit=_MOST))

    async def latest(self, flow: str | None) -> RunRecord | None:
        """See `Source`."""
        return next(iter(await self._store.runs(RunFilter(flow=flow, limit=1))), None)

    async def find(self, beginning: str) -> list[RunRecord]:
        """See `Source`."""
        return await self._store.runs(RunFilter(id_prefix=beginning, limit=_FEW))

    async def run(self, run_id: str) -> RunRecord | None:
        """See `Source`."""
        return await self._store.run(run_id)

    async def counts(self, flow: str) -> Snapshot | None:
        """See `Source`."""
        return None

    async def kept(self, run: RunRecord) -> Kept | None:
        """See `Source`."""
        return Kept(await executing(self._store, run.flow), await self._store.open_count(run.id))

    async def close(self) -> None:
        """See `Source`."""
        await self._store.close()
