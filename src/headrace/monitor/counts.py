"""Numbers that only grow, by their labels; kept as they happen, at the cost of an addition."""

from bisect import bisect_left
from collections import defaultdict

import msgspec

__all__ = ["BUCKETS_S", "Counts", "Durations"]

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)
"""From a task that writes a row to one that waits for a slow API."""


class Durations:
    """How long something took: how often up to each bound, how often beyond, and together."""

    __slots__ = ("buckets", "total_s")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BUCKETS_S) + 1)
        self.total_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.buckets[bisect_left(BUCKETS_S, seconds)] += 1
        self.total_s += seconds


def _by_labels() -> defaultdict[tuple[str, ...], int]:
    return defaultdict(int)


class Counts(msgspec.Struct):
    """All of them since the process began; the first label is the flow.

    Attributes:
        runs: flow, status.
        tasks: flow, result of the attempt.
        errors: flow, code, fate.
        hops: flow.
        dropped: firings that created no run: flow, reason.
        messages: flow, node; `failures` and `items` likewise.
        durations: of attempts, by flow.
    """

    runs: defaultdict[tuple[str, ...], int] = msgspec.field(default_factory=_by_labels)
    tasks: defaultdict[tuple[str, ...], int] = msgspec.field(default_factory=_by_labels)
    errors: defaultdict[tuple[str, ...], int] = msgspec.field(default_factory=_by_labels)
    hops: defaultdict[tuple[str, ...], int] = msgspec.field(default_factory=_by_labels)
    dropped: defaultdict[tuple[str, ...], int] = msgspec.field(default_factory=_by_labels)
    messages: defaultdict[tuple[str, ...], int] = msgspec.field(default_factory=_by_labels)
    failures: defaultdict[tuple[str, ...], int] = msgspec.field(default_factory=_by_labels)
    items: defaultdict[tuple[str, ...], int] = msgspec.field(default_factory=_by_labels)
    durations: defaultdict[str, Durations] = msgspec.field(default_factory=lambda: defaultdict(Durations))
