"""`headrace run --next N`: when the triggers of a flow would fire, if they were started now."""

import heapq
import time
from collections.abc import Iterator
from typing import NamedTuple

from headrace.errors import UsageError
from headrace.expr.time import time_text
from headrace.flow.model import Flow, Node
from headrace.flow.settings import resolve
from headrace.sdk import Trigger

__all__ = ["Due", "next_firings", "triggers_of"]


class Due(NamedTuple):
    """A firing to come, at Unix nanoseconds."""

    at_ns: int
    trigger: str

    @property
    def text(self) -> str:
        """Its time, RFC 3339 in UTC."""
        return time_text(self.at_ns)


def triggers_of(flow: Flow) -> dict[str, Trigger]:
    """The triggers of a flow. Their settings read no secrets here: they hold times and payloads.

    Raises:
        FlowError: settings are wrong.
    """
    made: dict[str, Trigger] = {}
    for node in flow.triggers:
        factory: type[Trigger] = node.spec.factory
        made[node.name] = factory(resolve(node, flow.vars, dict.fromkeys(flow.secrets, "")))
    return made


def next_firings(flow: Flow, count: int, now_ns: int | None = None) -> list[Due]:
    """The next firings of all started triggers, the earliest first.

    Raises:
        UsageError: no trigger fires by itself.
    """
    now_ns = time.time_ns() if now_ns is None else now_ns
    series = [
        _series(flow.nodes[name], trigger, now_ns)
        for name, trigger in triggers_of(flow).items()
        if trigger.schedule is not None and flow.nodes[name].starts
    ]
    if not series:
        raise UsageError(f"no trigger of {flow.name} fires by itself")
    merged = heapq.merge(*series)
    return [due for due, _ in zip(merged, range(count), strict=False)]


def _series(node: Node, trigger: Trigger, now_ns: int) -> Iterator[Due]:
    schedule, policy = trigger.schedule, trigger.policy
    fired = 0
    at_ns: int | None = now_ns
    if policy.emit_on_start:
        fired = 1
        yield Due(now_ns, node.name)
    while at_ns is not None and (policy.max_firings == 0 or fired < policy.max_firings):
        at_ns = schedule.next_after(at_ns, now_ns) if schedule is not None else None
        if at_ns is not None:
            fired += 1
            yield Due(at_ns, node.name)
