"""The last messages that entered and left each node, cut and masked."""

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


class Samples:
    """Five a node and direction; once there are as many, a new one is taken each second at most."""

    def __init__(self, now_ns: Callable[[], int], mask: Callable[[str], str]) -> None:
        self._now_ns = now_ns
        self._mask = mask
        self._kept: dict[tuple[str, str, str], deque[Sample]] = {}
        self._due_ns: dict[tuple[str, str, str], int] = {}

    def take(
        self, flow: str, node: str, run_id: str, direction: Literal["in", "out"], port: str, message: Message
    ) -> None:
        """Keep a message, unless enough was kept lately."""
        key = flow, node, direction
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = deque(maxlen=_KEPT)
        now_ns = self._now_ns()
        if len(kept) == _KEPT and now_ns < self._due_ns[key]:
            return
        self._due_ns[key] = now_ns + _EVERY_NS
        copied, is_cut = cut_copy(message, self._mask)
        kept.append(Sample(time_text(now_ns), run_id, direction, port, copied, is_cut))

    def of(self, flow: str, node: str) -> list[Sample]:
        """Those of a node: what entered, then what left, the latest first."""
        return [
            sample
            for direction in ("in", "out")
            for sample in reversed(self._kept.get((flow, node, direction), ()))
        ]
