"""What those see at once who watch: a stream of server-sent events for each, out of one bounded memory."""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from itertools import islice

import msgspec

from headrace.values import Json, encode_json

__all__ = ["Feed"]

_KEPT = 5000
"""Events that are remembered: who comes back after a lost connection misses none of them."""
_GATHER_S = 0.05
"""Events are sent together that come within this time."""
_PIECE_BYTES = 64 * 1024
"""Of events that are sent at once."""
_MOST_WATCHERS = 200
_BEAT_S = 15.0
"""A sign of life where nothing happens, so that proxies keep the connection."""


class _Event(msgspec.Struct, frozen=True):
    number: int
    flow: str
    run: str
    text: bytes


class Feed:
    """Events in order, numbered; the latest 5,000 are kept."""

    def __init__(self) -> None:
        self._name = secrets.token_hex(4)  # numbers of another process mean nothing here
        self._events: deque[_Event] = deque(maxlen=_KEPT)
        self._number = 0
        self._watchers = 0
        self._news = asyncio.Event()
        self._is_closed = False

    @property
    def is_full(self) -> bool:
        """Whether no more may watch."""
        return self._watchers >= _MOST_WATCHERS

    @property
    def is_watched(self) -> bool:
        """Whether anybody gets what is published."""
        return self._watchers > 0

    def publish(self, event: str, data: Json, *, flow: str = "", run: str = "") -> None:
        """Tell those who watch."""
        self.publish_text(event, encode_json(data).decode(), flow=flow, run=run)

    def publish_text(self, event: str, text: str, *, flow: str = "", run: str = "") -> None:
        """As `publish`, for what is JSON already, of one line."""
        self._number += 1
        whole = f"id: {self._name}-{self._number}\nevent: {event}\ndata: {text}\n\n"
        self._events.append(_Event(self._number, flow, run, whole.encode()))
        self._news.set()

    def close(self) -> None:
        """End all streams."""
        self._is_closed = True
        self._news.set()

    async def stream(self, last_id: str, flow: str, run: str) -> AsyncIterator[bytes]:
        """Events as text, until the feed closes.

        Args:
            last_id: of the last one that the watcher has seen; empty: only what comes from now on.
            flow: whose events are wanted; empty: of all.
            run: likewise.
        """
        self._watchers += 1
        try:
            seen, missed = self._place(last_id)
            yield b"event: reset\ndata: {}\n\n" if missed else b": welcome\n\n"
            while not self._is_closed:
                if self._events and self._events[0].number > seen + 1:
                    yield b"event: reset\ndata: {}\n\n"
                    seen = self._number
                texts, seen = self._following(seen, flow, run)
                if texts:
                    yield b"".join(texts)
                if seen == self._number and not await self._wait(seen):
                    yield b": beat\n\n"
        finally:
            self._watchers -= 1

    def _place(self, last_id: str) -> tuple[int, bool]:
        """After which event a watcher goes on, and whether it has missed any."""
        if not last_id:
            return self._number, False
        name, _, number = last_id.rpartition("-")
        is_number = number.isascii() and number.isdecimal() and len(number) <= len(str(self._number))
        if name != self._name or not is_number or int(number) > self._number:
            return self._number, True
        return int(number), False

    def _following(self, seen: int, flow: str, run: str) -> tuple[list[bytes], int]:
        """Some of the events after one, not too many for a watcher who does not read; and the last seen."""
        texts: list[bytes] = []
        left = _PIECE_BYTES
        for event in islice(self._events, len(self._events) - (self._number - seen), None):
            seen = event.number
            if flow in ("", event.flow) and run in ("", event.run):
                texts.append(event.text)
                left -= len(event.text)
                if left <= 0:
                    break
        return texts, seen

    async def _wait(self, seen: int) -> bool:
        """Return a moment after there is news, or after a while without; whether there is any."""
        while self._number == seen and not self._is_closed:
            self._news.clear()
            try:
                async with asyncio.timeout(_BEAT_S):  # `wait_for` may swallow a cancellation (Python 3.11)
                    await self._news.wait()
            except TimeoutError:
                return False
        if not self._is_closed:
            await asyncio.sleep(_GATHER_S)
        return True
