"""What is forgotten of ended runs: the rows of their tasks in databases (rule 12), and their history."""

import logging
from collections.abc import Iterable

import msgspec

from headrace.errors import ComponentError
from headrace.sdk import Clock, Database
from headrace.store import Store

__all__ = ["KEEP_ALL", "Keep", "Sweeper"]

_log = logging.getLogger(__name__)

KEPT_NS = 86_400 * 10**9
"""How long rows are kept after their run's end: a day, far more than a transaction may take."""
_PERIOD_NS = 600 * 10**9
_AT_ONCE = 100


class Keep(msgspec.Struct, frozen=True):
    """How long ended runs without dead letters are remembered; None: for ever.

    Attributes:
        for_ns: after their end.
        runs: of each flow.
    """

    for_ns: int | None = None
    runs: int | None = None


KEEP_ALL = Keep()


class Sweeper:
    """Sweeps now and then, when a run has ended."""

    def __init__(self, store: Store, clock: Clock, keep: Keep) -> None:
        self._store = store
        self._clock = clock
        self._keep = keep
        self._due_ns: dict[str, int] = {}

    def is_due(self, flow: str) -> bool:
        """Whether a flow was not swept for some time; if so, it is now."""
        now_ns = self._clock.now_ns()
        if now_ns < self._due_ns.get(flow, 0):
            return False
        self._due_ns[flow] = now_ns + _PERIOD_NS
        return True

    async def sweep(self, flow: str, databases: Iterable[Database]) -> None:
        """Remove the rows of a flow's old runs, and what is not to be remembered of any flow.

        A database that is away is tried another time.

        Raises:
            StoreError: the store failed.
        """
        await self._forget_rows(flow, list(databases))
        keep = self._keep
        while await self._store.prune(keep.for_ns, keep.runs, self._clock.now_ns()):
            pass

    async def _forget_rows(self, flow: str, databases: list[Database]) -> None:
        before_ns = self._clock.now_ns() - KEPT_NS
        while runs := await self._store.recorded_runs(flow, before_ns, _AT_ONCE):
            try:
                for database in databases:
                    await database.forget_tasks(runs)
            except ComponentError as error:
                _log.info("rows of old tasks of flow %s stay for now: %s", flow, error.message)
                return
            await self._store.forget_rows(runs)
