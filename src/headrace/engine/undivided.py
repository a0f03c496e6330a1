"""What is not to be left half done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["undivided"]

Result = TypeVar("Result")


async def undivided(group: asyncio.TaskGroup, work: Coroutine[Any, Any, Result]) -> Result:
    """Do something as a task of `group`: who is cancelled meanwhile is so once it has ended."""
    task = group.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
