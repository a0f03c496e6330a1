"""A run while it is recorded: of a size that does not grow with the run."""

import heapq
from collections import deque
from collections.abc import Mapping
from itertools import count

from msgspec.structs import replace

from headrace.engine import NodeStats
from headrace.monitor.profile import (
    MOST_SLOWEST,
    MOST_SPANS,
    NodeProfile,
    Profile,
    Result,
    Steps,
    TaskSpan,
)
from headrace.values import Json

__all__ = ["MOST_CHANGED", "MOST_STEPS", "Recording"]

MOST_CHANGED = 50
MOST_STEPS = 120
_FIRST_STEP_S = 0.1


class Recording:
    """What is remembered of an active run.

    Attributes:
        kept_s: up to when it lies in the store, in seconds since the run began.
    """

    def __init__(self, run_id: str, flow: str, started_at_ns: int) -> None:
        self.run_id = run_id
        self.flow = flow
        self.kept_s = 0.0
        self._started_at_ns = started_at_ns
        self._spans: deque[TaskSpan] = deque()
        self._earlier = 0
        self._running: dict[str, TaskSpan] = {}
        self._slowest: list[tuple[float, int, TaskSpan]] = []
        self._numbers = count()
        self._nodes: dict[str, NodeProfile] = {}
        self._steps = Steps(_FIRST_STEP_S)
        self._seen: set[tuple[str, str]] = set()
        self._changed: dict[int, TaskSpan] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the run was executed here."""
        return not self._spans and not self._nodes

    def time_s(self, now_ns: int) -> float:
        """Seconds since the run began; a clock that was set back counts for nothing."""
        return max(now_ns - self._started_at_ns, 0) / 1e9

    def begin(
        self, task: str, node: str, port: str, attempt: int, at_s: float, context: dict[str, Json]
    ) -> None:
        """An attempt of a task has begun."""
        span = TaskSpan(task, node, port, attempt, at_s, context=context)
        self._running[task] = span
        self._add(span)
        self._change(span)

    def end(self, task: str, result: Result, at_s: float) -> None:
        """It has ended; one that never began is passed over."""
        span = self._running.pop(task, None)
        if span is None:
            return
        span.seconds = max(at_s - span.began_seconds, 0.0)
        span.result = result
        self._rank(span)
        self._change(span)
        if result == "done":
            _count_at(self._steps, at_s)

    def count(self, nodes: Mapping[str, NodeStats]) -> None:
        """Take in what a task has counted."""
        for name, stats in nodes.items():
            node = self.node(name)
            node.received += stats.received
            node.failed += stats.failed

    def node(self, name: str) -> NodeProfile:
        """What is remembered of a node."""
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = NodeProfile()
        return node

    def sees_first(self, node: str, port: str) -> bool:
        """Whether no task for this port was seen before; asked once a task."""
        if (node, port) in self._seen:
            return False
        self._seen.add((node, port))
        return True

    def take_changed(self) -> list[TaskSpan]:
        """The spans that have begun or ended since this was called last, the latest 50 at most."""
        changed, self._changed = self._changed, {}
        return [replace(span) for span in changed.values()]

    def extend(self, kept: Profile) -> None:
        """Go on with what was remembered before, of which nothing is running any more."""
        later, self._spans = self._spans, deque()
        self._earlier += kept.earlier
        kept.settle()
        for span in (*kept.tasks, *later):
            self._add(span)
        for span in kept.slowest:
            self._rank(span)
        for name, before in kept.nodes.items():
            self.node(name).add(before)
        self._steps.add(kept.steps)

    def profile(self, at_s: float) -> Profile:
        """What is remembered, at a time of the run."""
        for span in self._running.values():
            span.seconds = max(at_s - span.began_seconds, 0.0)
        slowest = sorted(self._slowest, key=lambda entry: -entry[0])
        return Profile(
            tasks=[replace(span) for span in self._spans],
            earlier=self._earlier,
            slowest=[replace(span) for _, _, span in slowest],
            nodes={name: replace(node) for name, node in self._nodes.items()},
            steps=Steps(self._steps.seconds, list(self._steps.tasks)),
        )

    def _add(self, span: TaskSpan) -> None:
        self._spans.append(span)
        if len(self._spans) > MOST_SPANS:
            self._spans.popleft()
            self._earlier += 1

    def _rank(self, span: TaskSpan) -> None:
        entry = span.seconds, next(self._numbers), span
        if len(self._slowest) < MOST_SLOWEST:
            heapq.heappush(self._slowest, entry)
        elif span.seconds > self._slowest[0][0]:
            heapq.heapreplace(self._slowest, entry)

    def _change(self, span: TaskSpan) -> None:
        changed = self._changed
        changed.pop(id(span), None)
        changed[id(span)] = span
        if len(changed) > MOST_CHANGED:
            del changed[next(iter(changed))]


def _count_at(steps: Steps, at_s: float) -> None:
    while (number := int(at_s / steps.seconds)) >= MOST_STEPS:
        steps.double()
    steps.tasks += [0] * (number + 1 - len(steps.tasks))
    steps.tasks[number] += 1
