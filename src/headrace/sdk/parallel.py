"""Bounded concurrency within one task."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

__all__ = ["for_each"]

Item = TypeVar("Item")


async def for_each(items: Iterable[Item], limit: int, work: Callable[[Item], Awaitable[None]]) -> None:
    """Do `work` for each item, in order of the items, at most `limit` at once.

    After the first error no further item is begun; what is under way ends by itself (work is not cut in
    the middle of a statement), then that error is raised.
    """
    remaining = iter(items)
    if limit == 1:
        for item in remaining:
            await work(item)
        return
    failures: list[Exception] = []

    async def worker() -> None:
        for item in remaining:
            try:
                await work(item)
            except Exception as error:  # noqa: BLE001 - raised below, once the others have ended
                failures.append(error)
            if failures:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(worker())
    if failures:
        raise failures[0]
