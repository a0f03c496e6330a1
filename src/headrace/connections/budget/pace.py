"""Requests evenly spaced in time."""

__all__ = ["Pace"]

_LATE_NS = 20_000_000
"""A timer fires some milliseconds late; the next request does not wait for them once more."""


class Pace:
    """No more than so many requests a second."""

    def __init__(self, rate_per_s: float) -> None:
        self.rate_per_s = rate_per_s
        self._interval_ns = round(1e9 / rate_per_s)
        self._next_ns = 0

    def wait_ns(self, now_ns: int) -> int:
        """How long until the next request may start; not above 0: it may."""
        if self._next_ns - now_ns > self._interval_ns:
            self._next_ns = now_ns  # the clock was set back
        return self._next_ns - now_ns

    def spend(self, now_ns: int) -> None:
        """A request starts now."""
        is_planned = 0 <= now_ns - self._next_ns < _LATE_NS
        self._next_ns = (self._next_ns if is_planned else now_ns) + self._interval_ns
