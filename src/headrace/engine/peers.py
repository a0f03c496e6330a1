"""Shares the budgets of APIs with the other processes that execute flows with this one."""

import asyncio
import contextlib
import time
from collections.abc import Set

import msgspec

from headrace.engine.resources import SharedResources
from headrace.sdk.budget import BudgetWord
from headrace.store import Sharing

__all__ = ["Peers"]

_SUBJECT = "budgets"
_PERIOD_S = 0.5
_UNHEARD_S = 3.5
"""Who does not hear what it says itself for so long is not heard by others either."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[BudgetWord])


class Peers:
    """See `headrace.sdk.budget.Peers`. Says twice a second what is asked, and hears what others ask."""

    def __init__(self, sharing: Sharing, resources: SharedResources) -> None:
        self.me = sharing.me
        self._sharing = sharing
        self._resources = resources
        self._is_hasty = asyncio.Event()
        self._known: set[str] = set()
        self._heard_s = 0.0

    @property
    def is_heard(self) -> bool:
        """See `headrace.sdk.budget.Peers`."""
        return time.monotonic() - self._heard_s < _UNHEARD_S

    def members(self) -> Set[str]:
        """See `headrace.sdk.budget.Peers`."""
        return self._sharing.members()

    def hasten(self) -> None:
        """See `headrace.sdk.budget.Peers`."""
        self._is_hasty.set()

    async def follow(self) -> None:
        """Say and hear, until cancelled; then nothing is asked here any more."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear())
                group.create_task(self._say())
        finally:
            await self._sharing.say(_SUBJECT, _encoder.encode([]))

    async def _say(self) -> None:
        last: list[BudgetWord] | None = None
        while True:
            self._is_hasty.clear()
            words = [word for keeper in self._resources.budgeting() for word in keeper.words()]
            if words or last != words:
                await self._sharing.say(_SUBJECT, _encoder.encode(words))
            last = words
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PERIOD_S):
                    await self._is_hasty.wait()

    async def _hear(self) -> None:
        async for member, said in self._sharing.sayings(_SUBJECT):
            if member == self.me:
                self._heard_s = time.monotonic()
                continue
            if member not in self._known:  # it is new here, and knows nothing
                self._known = (self._known & self.members()) | {member}
                self.hasten()
            try:
                words = _decoder.decode(said)
            except msgspec.MsgspecError:
                continue  # of another version of headrace
            for keeper in self._resources.budgeting():
                keeper.hear(member, words)
