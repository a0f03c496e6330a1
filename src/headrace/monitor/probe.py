"""Looks closely at one execution of a task: the own time of nodes, and samples of their messages."""

import time
from collections.abc import Callable
from typing import Literal

from headrace.engine import Probe
from headrace.monitor.cut import MaskedOnce
from headrace.monitor.recording import Recording
from headrace.monitor.samples import Samples
from headrace.values import Message

__all__ = ["NodeTimer"]

_MOST_VISITS = 500
"""Enough to know where the time goes: a task may send millions of messages through its nodes."""


class _Visit:
    """A message at a node: when it entered, and for how long nodes below were at work.

    Attributes:
        below: messages that are below now; those of an iterator may be there at once.
        below_since_ns: since when there is one.
    """

    __slots__ = ("above", "began_ns", "below", "below_ns", "below_since_ns", "node")

    def __init__(self, node: str, above: "_Visit | None", began_ns: int) -> None:
        self.node = node
        self.above = above
        self.began_ns = began_ns
        self.below = 0
        self.below_ns = 0
        self.below_since_ns = 0


class NodeTimer(Probe):
    """Times nodes for a recording, and takes samples.

    After many visits it is told of no more. The own time of those that last longer is told from the part that
    was seen.
    """

    def __init__(
        self,
        recording: Recording,
        samples: Samples,
        mask: Callable[[str], str],
        now_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._recording = recording
        self._mask = MaskedOnce(mask)
        self._samples = samples
        self._now_ns = now_ns
        self._sampled: set[tuple[str, str, str]] = set()
        self._visits = 0
        self._stopped_ns = 0

    def entered(self, node: str, port: str, message: Message, above: object) -> object:
        """See `Probe`."""
        if self._visits == _MOST_VISITS:
            self._stopped_ns = self._now_ns()
            return None
        self._visits += 1
        self._sample(node, "in", port, message)
        now_ns = self._now_ns()
        parent = above if isinstance(above, _Visit) else None
        if parent is not None:
            if parent.below == 0:
                parent.below_since_ns = now_ns
            parent.below += 1
        return _Visit(node, parent, now_ns)

    def left(self, visit: object) -> None:
        """See `Probe`."""
        if not isinstance(visit, _Visit):
            return
        now_ns = self._now_ns()
        if not self._stopped_ns and (parent := visit.above) is not None:
            parent.below -= 1
            if parent.below == 0:
                parent.below_ns += now_ns - parent.below_since_ns
        profile = self._recording.node(visit.node)
        profile.timed += 1
        profile.seconds += self._own_ns(visit, now_ns) / 1e9

    def emitted(self, node: str, port: str, message: Message) -> None:
        """See `Probe`."""
        self._sample(node, "out", port, message)

    def _sample(self, node: str, direction: Literal["in", "out"], port: str, message: Message) -> None:
        """Keep a message, one of each port in this execution."""
        key = node, direction, port
        if key not in self._sampled:
            self._sampled.add(key)
            recording = self._recording
            self._samples.take(recording.flow, node, recording.run_id, direction, port, message, self._mask)

    def _own_ns(self, visit: _Visit, now_ns: int) -> float:
        total_ns = now_ns - visit.began_ns
        if not self._stopped_ns:
            return total_ns - visit.below_ns
        seen_ns = self._stopped_ns - visit.began_ns
        below_ns = visit.below_ns
        if visit.below:
            below_ns += self._stopped_ns - visit.below_since_ns
        return total_ns * (1 - below_ns / seen_ns) if seen_ns > 0 else 0.0
