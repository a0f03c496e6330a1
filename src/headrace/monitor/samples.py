"""The last messages that entered and left each node, cut and masked."""

import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from headrace.expr.time import time_text
from headrace.monitor.cut import cut_copy
from headrace.monitor.profile import Sample
from headrace.values import Message

__all__ = ["Samples"]

_KEPT = 5
_EVERY_NS = 10**9
_WHILE_FEW_NS = 10**8
_SHARE = 200
"""One part of so many of the time goes into samples: a large message takes a millisecond."""


class Samples:
    """Five a node and direction, for which half a percent of the time is spent at most.

    The first of each port is always taken. Further ones are taken ten times a second at most while they are
    few, then once a second; more seldom where they are costly, of each port alike.
    """

    def __init__(self, now_ns: Callable[[], int], timer_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        self._now_ns = now_ns
        self._timer_ns = timer_ns
        self._kept: dict[tuple[str, str, str], deque[Sample]] = {}
        self._pauses: dict[tuple[str, str, str, str], tuple[int, int]] = {}

    def take(
        self,
        flow: str,
        node: str,
        run_id: str,
        direction: Literal["in", "out"],
        port: str,
        message: Message,
        mask: Callable[[str], str],
    ) -> None:
        """Keep a message, unless enough was kept lately."""
        key = flow, node, direction, port
        now_ns = self._now_ns()
        since_ns, until_ns = self._pauses.get(key, (0, 0))
        if since_ns <= now_ns < until_ns:  # before it, the clock was set back
            return
        began_ns = self._timer_ns()
        kept = self._kept.setdefault(key[:3], deque(maxlen=_KEPT))
        copied, is_cut = cut_copy(message, mask)
        kept.append(Sample(time_text(now_ns), run_id, direction, port, copied, is_cut))
        cost_ns = self._timer_ns() - began_ns
        pause_ns = _EVERY_NS if len(kept) == _KEPT else _WHILE_FEW_NS
        self._pauses[key] = now_ns, now_ns + max(pause_ns, cost_ns * _SHARE * (len(self._pauses) + 1))

    def of(self, flow: str, node: str) -> list[Sample]:
        """Those of a node: what entered, then what left, the latest first."""
        return [
            sample
            for direction in ("in", "out")
            for sample in reversed(self._kept.get((flow, node, direction), ()))
        ]
