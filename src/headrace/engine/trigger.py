"""Fires triggers by their schedules: at most one run for each flow, trigger and scheduled time."""

import random
from collections.abc import Awaitable, Callable

from headrace.engine.program import Program
from headrace.sdk import Catchup, Clock, Schedule, SchedulePolicy
from headrace.store import Fired, Store

__all__ = ["FireAt", "Timetable"]

FireAt = Callable[[Program, str, int], Awaitable[Fired]]
"""Fire a program's trigger for a scheduled time (Unix nanoseconds)."""

_LATE_S = 5.0
"""A firing later than this was missed, and is subject to `catchup`; the rest is ordinary delay."""


class Timetable:
    """Follows the schedule of one trigger."""

    def __init__(self, program: Program, trigger: str, store: Store, clock: Clock, fire: FireAt) -> None:
        self._program = program
        self._trigger = trigger
        self._store = store
        self._clock = clock
        self._fire = fire

    async def follow(self, schedule: Schedule, policy: SchedulePolicy) -> None:
        """Fire until nothing more is due, ever; else until cancelled."""
        flow = self._program.flow.name
        record = await self._store.activate(
            flow,
            self._trigger,
            schedule.identity,
            self._clock.now_ns(),
            emit_on_start=policy.emit_on_start,
        )
        if record.owes_start:
            await self._fire(self._program, self._trigger, record.anchor_ns)
        last_ns = record.last_scheduled_ns
        firings = record.firings + int(record.owes_start)
        while policy.max_firings == 0 or firings < policy.max_firings:
            next_ns = schedule.next_after(last_ns, record.anchor_ns)
            if next_ns is None:
                return
            await self._sleep_until(next_ns, policy.jitter_s)
            due = self._due(schedule, next_ns, record.anchor_ns)
            for due_ns in self._fired(due, policy):
                fired = await self._fire(self._program, self._trigger, due_ns)
                firings += int(fired.run is not None)
            last_ns = due[-1]

    async def _sleep_until(self, time_ns: int, jitter_s: float) -> None:
        time_ns += int(random.uniform(0.0, jitter_s) * 1e9)  # noqa: S311 - spreads load, guards nothing
        # A timer may come a little early, and a machine may sleep: ask the clock, not the timer.
        while (left_ns := time_ns - self._clock.now_ns()) > 0:
            await self._clock.sleep(min(left_ns / 1e9, 60.0))

    def _due(self, schedule: Schedule, first_ns: int, anchor_ns: int) -> list[int]:
        """The times on the grid from `first_ns` up to now."""
        now_ns = self._clock.now_ns()
        due = [first_ns]
        while (next_ns := schedule.next_after(due[-1], anchor_ns)) is not None and next_ns <= now_ns:
            due.append(next_ns)
        return due

    def _fired(self, due: list[int], policy: SchedulePolicy) -> list[int]:
        """Which of the due times are fired, under the trigger's `catchup`."""
        if policy.catchup is Catchup.ALL:
            return due
        late_s = (self._clock.now_ns() - due[-1]) / 1e9
        is_missed = late_s > _LATE_S + policy.jitter_s
        return [] if is_missed and policy.catchup is Catchup.NONE else due[-1:]
