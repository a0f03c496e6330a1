"""Requests evenly spaced in time."""

__all__ = ["Pace"]

_LATE_NS = 20_000_000
"""A timer fires some milliseconds late; the next request does not wait for them once more."""


class Pace:
    """No more than so many requests a second."""

    def __init__(self, rate_per_s: float) -> None:
        self.rate_per_s = rate_per_s
        self._interval_ns = self._whole_ns = round(1e9 / rate_per_s)
        self._next_ns = 0

    def divide(self, parts: int) -> None:
        """Keep to an equal part of the rate: others take the rest."""
        self._interval_ns = self._whole_ns * parts

    @property
    def kept_per_s(self) -> float:
        """The rate that is kept to here."""
        return self.rate_per_s * self._whole_ns / self._interval_ns

    def is_ahead(self, now_ns: int) -> bool:
        """Whether the last request still counts."""
        return 0 < self._next_ns - now_ns <= self._interval_ns

    def take(self, now_ns: int) -> float:
        """Let a request start, and give 0; or give for how many seconds none may."""
        wait_ns = self._wait_ns(now_ns)
        if wait_ns > 0:
            return wait_ns / 1e9
        self._spend(now_ns)
        return 0.0

    def _wait_ns(self, now_ns: int) -> int:
        if self._next_ns - now_ns > self._interval_ns:
            self._next_ns = now_ns  # the clock was set back
        return self._next_ns - now_ns

    def _spend(self, now_ns: int) -> None:
        is_planned = 0 <= now_ns - self._next_ns < _LATE_NS
        self._next_ns = (self._next_ns if is_planned else now_ns) + self._interval_ns
