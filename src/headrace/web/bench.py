"""Where somebody's text is tried out, which may take the processor for seconds."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from headrace.web.problem import ApiError

__all__ = ["Bench"]

T = TypeVar("T")

_MOST_WAITING = 20


class Bench:
    """One at a time, in a thread: the flows go on meanwhile."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    @property
    def is_busy(self) -> bool:
        """Whether something is worked on."""
        return self._turn.locked()

    async def work(self, work: Callable[[], T]) -> T:
        """The result of some work.

        Raises:
            ApiError: too much is waiting.
        """
        if self._waiting >= _MOST_WAITING:
            message = "too many expressions and files are being checked; come again later"
            raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", message)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
