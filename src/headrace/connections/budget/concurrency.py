"""How many requests an API takes at once: found out by what its answers tell. Pure."""

from math import inf

import msgspec

__all__ = ["Concurrency"]

_START = 8
"""Requests at once until the first answers are there; doubled with each round of good ones."""

PATIENCE_S = 0.02
"""While it starts, one request more goes when none could be sent for so long: an API that needs seconds for
each answer would be asked for too few until it has given some."""

_MIN_SAMPLES = 16
"""Answers of a round; once it has started, three times what is in flight, since quick ones come first."""

_CALM = 1.5
"""Up to this multiple of the best median, latency is the API's own, and one request more may be tried."""
_CROWDED = 2.0
"""Above it requests may be waiting for each other at the API."""
_JITTER_S = 0.01
"""Latencies that differ by less say nothing."""

_LEAST_GAIN = 0.9
"""Of the throughput: who gets less with half the requests has found no crowd, but larger answers."""

_BUSY = 0.5
"""Of the time of a round: a thread that computed for longer has kept the answers waiting itself."""

_MOST_PATIENCE = 512


class _Round(msgspec.Struct):
    """The answers to requests that were sent since the last change for the worse.

    Attributes:
        full: answers that came while as many requests were in flight as may be, or nearly.
    """

    started_s: float
    cpu_s: float
    latencies: list[float] = msgspec.field(default_factory=list)
    full: int = 0


class Concurrency:
    """Additive increase, multiplicative decrease, between one request and the most that nodes ask for.

    Fewer at once for rising latency is a trial: it lasts if the throughput stays. If it falls, answers have
    become slower by themselves; then all is as before, and the next trial is further away.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(min(_START, most))
        self._is_starting = True
        self._changed_s = -inf
        self._round = _Round(-inf, 0.0)
        self._best_s = inf
        self._before: tuple[float, float] | None = None
        self._patience = 0
        self._next_patience = 8

    @property
    def limit(self) -> int:
        """Requests that may be in flight."""
        return int(self._limit)

    @property
    def most(self) -> int:
        """Requests in flight that nodes ask for."""
        return self._most

    @property
    def is_growing(self) -> bool:
        """Whether it is not known yet that the API takes no more."""
        return self._is_starting and self.limit < self._most

    def widen(self) -> None:
        """Allow one request more: nothing could be sent for `PATIENCE_S`."""
        self._limit += 1

    def allow(self, most: int) -> None:
        """A node asks for up to so many at once."""
        self._most = max(self._most, most)
        if self._is_starting:
            self._limit = max(self._limit, float(min(_START, self._most)))

    def refused(self, sent_s: float, in_flight: int, now_s: float, cpu_s: float) -> None:
        """The API refused a request as one too many; halves, once for what was in flight together.

        Args:
            sent_s: when the request was sent, on any clock that only goes forward.
            in_flight: requests, with this one.
            now_s: on the same clock.
            cpu_s: time for which this thread has computed.
        """
        if sent_s >= self._changed_s:
            self._is_starting = False
            self._before = None
            self._set(min(self._limit, in_flight) / 2, now_s, cpu_s)

    def answered(self, sent_s: float, in_flight: int, now_s: float) -> bool:
        """A request was answered well; returns whether a round is complete, to be told to `judge`."""
        if self._is_starting and in_flight >= self.limit and not self._is_crowded(now_s - sent_s):
            self._limit = min(self._limit + 1, float(self._most))
        if sent_s < self._changed_s:
            return False  # it met the earlier number of requests
        latencies = self._round.latencies
        if not latencies:
            self._round.started_s = now_s
        latencies.append(now_s - sent_s)
        self._round.full += in_flight >= self._limit * 0.8
        return len(latencies) >= (_MIN_SAMPLES if self._is_starting else max(_MIN_SAMPLES, 3 * self.limit))

    def judge(self, now_s: float, cpu_s: float) -> None:
        """Draw the conclusions from a round, and begin the next one."""
        done, passed_s = self._round, now_s - self._round.started_s
        count = len(done.latencies)
        median_s = sorted(done.latencies)[count // 2]
        throughput = (count - 1) / passed_s if passed_s > 0 else 0.0
        is_own = cpu_s - done.cpu_s > passed_s * _BUSY
        is_full = done.full * 2 > count
        self._round = _Round(now_s, cpu_s)
        self._patience = max(self._patience - 1, 0)
        if self._before is not None and (is_own or is_full):
            limit, earlier = self._before
            if throughput < (earlier / _LEAST_GAIN if is_own else earlier * _LEAST_GAIN):
                self._before = None
                self._best_s = max(self._best_s, median_s)
                self._patience, self._next_patience = (
                    self._next_patience,
                    min(self._next_patience * 2, _MOST_PATIENCE),
                )
                self._set(limit, now_s, cpu_s)
                self._is_starting = True
                return
        self._best_s = min(self._best_s, median_s)
        if is_own or not self._is_crowded(median_s):
            self._before = None
            if is_full and (is_own or median_s <= max(self._best_s * _CALM, self._best_s + _JITTER_S)):
                self._limit = min(self._limit + 1, float(self._most))
        elif self._is_starting:
            self._is_starting = False  # the next round is long enough to judge by
        elif is_full and self._limit > 1 and not self._patience:
            if self._before is None or throughput > self._before[1]:
                self._before = self._limit, throughput
            self._set(self._limit / 2, now_s, cpu_s)

    def _is_crowded(self, latency_s: float) -> bool:
        return latency_s > max(self._best_s * _CROWDED, self._best_s + _JITTER_S)

    def _set(self, limit: float, now_s: float, cpu_s: float) -> None:
        self._limit = min(max(limit, 1.0), float(self._most))
        self._changed_s = now_s
        self._round = _Round(now_s, cpu_s)
