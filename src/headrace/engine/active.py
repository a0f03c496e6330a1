"""A run that has open tasks in this process."""

import asyncio

import msgspec

from headrace.engine.agenda import Agenda
from headrace.engine.observer import RunStats
from headrace.engine.program import Program
from headrace.expr.time import time_text
from headrace.sdk import RunInfo
from headrace.store import RunRecord

__all__ = ["ActiveRun"]


class ActiveRun(msgspec.Struct):
    """A run that has open tasks in this process.

    Attributes:
        executing: the asyncio task of each executing task that may still be cancelled.
        begun: those of them that have come to run; one that is cancelled before never does.
        ended: set once the run's end is durable.
        is_cancelled: what is cut off is dropped, not left for later.
        counted_at_ns: up to when `record.worked_ns` counts.
    """

    record: RunRecord
    program: Program
    agenda: Agenda
    counted_at_ns: int
    stats: RunStats = msgspec.field(default_factory=RunStats)
    executing: dict[str, asyncio.Task[None]] = msgspec.field(default_factory=dict)
    begun: set[str] = msgspec.field(default_factory=set)
    ended: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    timers: list[asyncio.Task[None]] = msgspec.field(default_factory=list)
    wakes_at_ns: int | None = None
    is_cancelled: bool = False
    _info: RunInfo | None = None

    def info(self, attempt: int) -> RunInfo:
        """The run as a task sees it at an attempt; mostly the same for all."""
        if self._info is None or self._info.attempt != attempt:
            run = self.record
            self._info = RunInfo(run.id, run.flow, run.trigger, time_text(run.started_at_ns), attempt)
        return self._info

    def count_time(self, now_ns: int) -> None:
        """Note for how long a worker has been alive for it; a clock that was set back counts for nothing."""
        self.record.worked_ns += max(now_ns - self.counted_at_ns, 0)
        self.counted_at_ns = now_ns
