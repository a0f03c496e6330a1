"""Pages that are fetched while an earlier one is worked on. In memory alone: who finds nothing fetches."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeAlias

from headrace.sdk import Json

__all__ = ["Ahead"]

Response: TypeAlias = dict[str, Json]
Fetch: TypeAlias = Callable[[], Coroutine[Any, Any, Response]]

_MOST = 64
"""Answers that wait, of all runs; what is pushed out is fetched again."""


class Ahead:
    """Answers on their way, by page."""

    def __init__(self) -> None:
        self._fetching: OrderedDict[Hashable, asyncio.Task[Response]] = OrderedDict()

    def begin(self, key: Hashable, fetch: Fetch) -> None:
        """Fetch a page in the background, unless that is being done."""
        if key in self._fetching:
            return
        task = self._fetching[key] = asyncio.create_task(fetch())
        task.add_done_callback(_seen)
        if len(self._fetching) > _MOST:
            _, oldest = self._fetching.popitem(last=False)
            oldest.cancel()

    async def take(self, key: Hashable, fetch: Fetch) -> Response:
        """The page, as it was fetched in the background, else fetched now.

        Raises:
            What `fetch` raises, also in the background.
        """
        task = self._fetching.pop(key, None)
        if task is None:
            return await fetch()
        try:
            return await task
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def close(self) -> None:
        """Stop fetching."""
        tasks = list(self._fetching.values())
        self._fetching.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _seen(task: asyncio.Task[Response]) -> None:
    """Errors of pages that nobody asks for any more are of no interest."""
    if not task.cancelled():
        task.exception()
