"""Who executes a flow, for people and programs."""

import asyncio

import msgspec

from headrace.errors import StoreError
from headrace.store import Executor, Store
from headrace.values import Json

__all__ = ["Executing", "executing", "executing_facts", "others_of"]

_ANSWER_S = 3.0
"""Who leaves does not wait longer to learn who stays."""


class Executing(msgspec.Struct, frozen=True):
    """The processes that execute a flow now.

    Attributes:
        is_shared: several may, on many machines.
    """

    executors: tuple[Executor, ...] = ()
    is_shared: bool = False

    def __str__(self) -> str:
        if not self.executors:
            return "waits for `headrace worker`" if self.is_shared else "waits for `headrace run`"
        first, others = self.executors[0], len(self.executors) - 1
        return f"{first} and {others} more" if others else str(first)


async def executing(store: Store, flow: str) -> Executing:
    """Who executes a flow now.

    Raises:
        StoreError: the store failed.
    """
    return Executing(await store.executors(flow), store.sharing is not None)


async def others_of(store: Store, flow: str) -> Executing:
    """The other processes that execute a flow; nobody if the store does not answer soon."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            found = await store.executors(flow)
    except (TimeoutError, StoreError):
        found = ()
    others = tuple(executor for executor in found if not executor.is_self)
    return Executing(others, store.sharing is not None)


def executing_facts(executing: Executing) -> dict[str, Json]:
    """The same as JSON: `process` is the first; all with their machines are in `executors`."""
    executors: list[Json] = [
        {"host": each.host or None, "process": each.process} for each in executing.executors
    ]
    return {"process": executing.executors[0].process if executors else None, "executors": executors}
