"""`headrace run --next N`: when the triggers of a flow would fire, if it were followed from now on."""

import heapq
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from headrace.app.session import STORE_FILE, open_store
from headrace.errors import UsageError
from headrace.expr.time import time_text
from headrace.flow.model import Flow
from headrace.flow.settings import resolve
from headrace.sdk import Schedule, SchedulePolicy, Trigger
from headrace.store import TriggerRecord
from headrace.store.firing import activate

__all__ = ["Due", "firings_of", "next_firings", "signals_of", "stored_triggers", "triggers_of"]


class Due(NamedTuple):
    """A firing to come, at Unix nanoseconds."""

    at_ns: int
    trigger: str
    timezone: str = "UTC"

    @property
    def text(self) -> str:
        """Its time, RFC 3339 in UTC."""
        return time_text(self.at_ns)

    @property
    def local(self) -> str:
        """Its time in the zone of its schedule, and the zone; empty for UTC."""
        if self.timezone == "UTC":
            return ""
        local = datetime.fromtimestamp(self.at_ns // 10**9, ZoneInfo(self.timezone))
        return f"{local:%Y-%m-%d %H:%M:%S} {self.timezone}"


def triggers_of(flow: Flow) -> dict[str, Trigger]:
    """The triggers of a flow that may have a schedule; their settings hold times and payloads, no secrets.

    Raises:
        FlowError: settings are wrong.
    """
    made: dict[str, Trigger] = {}
    for node in flow.triggers:
        if node.spec.listens:
            continue
        factory: type[Trigger] = node.spec.factory
        made[node.name] = factory(resolve(node, flow.vars, dict.fromkeys(flow.secrets, "")))
    return made


def signals_of(flow: Flow) -> list[str]:
    """The triggers that fire on request only."""
    return [name for name, trigger in triggers_of(flow).items() if trigger.schedule is None]


def next_firings(
    flow: Flow,
    count: int,
    now_ns: int | None = None,
    records: Mapping[str, TriggerRecord] = MappingProxyType({}),
) -> list[Due]:
    """The next firings of all started triggers, the earliest first; missed ones are not among them.

    Args:
        flow: the flow.
        count: of firings.
        now_ns: Unix nanoseconds; the machine's time if None.
        records: by trigger, what the store remembers: the grid's anchor, what has fired.

    Raises:
        UsageError: no trigger fires by itself.
    """
    now_ns = time.time_ns() if now_ns is None else now_ns
    series = [
        firings_of(name, trigger.schedule, trigger.policy, records.get(name), now_ns)
        for name, trigger in triggers_of(flow).items()
        if trigger.schedule is not None and flow.nodes[name].starts
    ]
    if not series:
        raise UsageError(f"no trigger of {flow.name} fires by itself")
    merged = heapq.merge(*series)
    return [due for due, _ in zip(merged, range(count), strict=False)]


async def stored_triggers(flow: Flow, url: str | None, home: Path) -> dict[str, TriggerRecord]:
    """What a store remembers of a flow's triggers; nothing where there is no store yet.

    Args:
        flow: the flow.
        url: of the store, as for `--store`; that of the home folder if None.
        home: the home folder.

    Raises:
        UsageError: there is no such store.
        StoreError: it cannot be read.
    """
    if url == "memory" or (url is None and not (home / STORE_FILE).exists()):
        return {}
    store = await open_store(url, home, is_new=False)
    try:
        found = {node.name: await store.trigger(flow.name, node.name) for node in flow.triggers}
    finally:
        await store.close()
    return {name: record for name, record in found.items() if record is not None}


def firings_of(
    name: str, schedule: Schedule, policy: SchedulePolicy, stored: TriggerRecord | None, now_ns: int
) -> Iterator[Due]:
    """The firings of a trigger from now on, were it followed."""
    record = activate(stored, schedule.identity, now_ns, emit_on_start=policy.emit_on_start)
    fired = record.firings
    at_ns: int | None = max(record.last_scheduled_ns, now_ns)
    if record.owes_start and (policy.max_firings == 0 or fired < policy.max_firings):
        fired += 1
        yield Due(now_ns, name, schedule.timezone)
    while at_ns is not None and (policy.max_firings == 0 or fired < policy.max_firings):
        at_ns = schedule.next_after(at_ns, record.anchor_ns)
        if at_ns is not None:
            fired += 1
            yield Due(at_ns, name, schedule.timezone)
