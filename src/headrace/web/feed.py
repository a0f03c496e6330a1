"""What those see at once who watch: a stream of server-sent events for each, out of one bounded memory."""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator

import msgspec

from headrace.values import Json, encode_json

__all__ = ["Feed"]

_KEPT = 5000
"""Events that are remembered: who comes back after a lost connection misses none of them."""
_GATHER_S = 0.05
"""Events are sent together that come within this time."""
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
                texts = [
                    event.text
                    for event in self._since(seen)
                    if flow in ("", event.flow) and run in ("", event.run)
                ]
                seen = self._number
                if texts:
                    yield b"".join(texts)
                await self._wait(seen)
                if seen == self._number:
                    yield b": beat\n\n"
        finally:
            self._watchers -= 1

    def _place(self, last_id: str) -> tuple[int, bool]:
        """After which event a watcher goes on, and whether it has missed any."""
        if not last_id:
            return self._number, False
        name, _, number = last_id.rpartition("-")
        if name != self._name or not number.isdecimal() or int(number) > self._number:
            return self._number, True
        return int(number), False

    def _since(self, seen: int) -> list[_Event]:
        count = self._number - seen
        return [self._events[index] for index in range(-count, 0)] if count else []

    async def _wait(self, seen: int) -> None:
        """Return a moment after there is news, or after a while without."""
        while self._number == seen and not self._is_closed:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), _BEAT_S)
            except TimeoutError:
                return
        if not self._is_closed:
            await asyncio.sleep(_GATHER_S)
