"""How often an address may ask: buckets that fill with time."""

import time
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Buckets"]

_MOST = 1000
"""Addresses that are remembered; those that asked longest ago are forgotten first."""


class Buckets:
    """A bucket of `size` requests for each address, which fills by `per_s` a second."""

    def __init__(self, size: float, per_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._per_s = per_s
        self._now_s = now_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> float:
        """Take a request out; returns 0, or in how many seconds there is one again."""
        left, now_s = self._level(address)
        if left < 1:
            return (1 - left) / self._per_s
        self._put(address, left - 1, now_s)
        return 0.0

    def _level(self, address: str) -> tuple[float, float]:
        now_s = self._now_s()
        left, at_s = self._left.get(address, (self._size, now_s))
        return min(self._size, left + (now_s - at_s) * self._per_s), now_s

    def _put(self, address: str, left: float, now_s: float) -> None:
        self._left[address] = left, now_s
        self._left.move_to_end(address)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
