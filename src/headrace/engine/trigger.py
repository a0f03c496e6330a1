"""Fires triggers by their schedules: at most one run for each flow, trigger and scheduled time."""

import asyncio
import random
import sys
from typing import Protocol

import msgspec

from headrace.engine.program import Program
from headrace.sdk import Catchup, Clock, Schedule, SchedulePolicy
from headrace.store import Fired, Store, TriggerRecord

__all__ = ["FireAt", "Timetable"]

_LATE_S = 5.0
"""A firing later than this was missed, and is subject to `catchup`; the rest is ordinary delay."""
_FOR_EVER_NS = sys.maxsize
_LOOK_S = 60.0
"""So often is looked whether what waits for a run may go, should nobody have told that the run ended."""


class FireAt(Protocol):
    """Fires a program's trigger for a scheduled time, as a `FireRequest` of `queued` and `waits`."""

    async def __call__(
        self, program: Program, trigger: str, scheduled_at_ns: int, *, queued: bool, waits: bool
    ) -> Fired:
        """Durable on return."""
        ...


class _Due(msgspec.Struct, frozen=True):
    """A firing to come.

    Attributes:
        scheduled_at_ns: its time on the grid.
        fires_at_ns: when it is to fire.
        waits_until_ns: until then it waits while a run is open, whatever the policy of overlap.
    """

    scheduled_at_ns: int
    fires_at_ns: int
    waits_until_ns: int = 0


class Timetable:
    """Follows the schedule of one trigger.

    What is next follows from the trigger's record in the store, which is read each time. So a process that
    starts, one that was held up and one whose clock was set do the same.
    """

    def __init__(
        self,
        program: Program,
        trigger: str,
        schedule: Schedule,
        policy: SchedulePolicy,
        store: Store,
        clock: Clock,
        fire: FireAt,
    ) -> None:
        self._program = program
        self._trigger = trigger
        self._schedule = schedule
        self._policy = policy
        self._store = store
        self._clock = clock
        self._fire = fire
        self._run_ended = asyncio.Event()
        self._rests = asyncio.Event()
        self._rests.set()
        self._jitter_ns = round(policy.jitter_s * 1e9)
        self._grace_ns = self._jitter_ns + round(_LATE_S * 1e9)

    async def follow(self, *, emits: bool = True) -> None:
        """Fire until nothing more is due, ever, or the trigger is stopped; else until cancelled.

        Args:
            emits: whether `emitOnStart` counts.
        """
        await self._store.activate(
            self._program.flow.name,
            self._trigger,
            self._schedule.identity,
            self._clock.now_ns(),
            emit_on_start=emits and self._policy.emit_on_start,
        )
        while (record := await self._record()) is not None:
            self._run_ended.clear()
            if record.queued_ns is not None:
                fired = await self._fire_at(record.queued_ns, queued=True)
                if fired.reason != "waits":
                    continue
            due = self._next(record)
            if due is None and record.queued_ns is None:
                return
            now_ns = self._clock.now_ns()
            if due is None or due.fires_at_ns > now_ns:
                until_ns = _FOR_EVER_NS if due is None else due.fires_at_ns
                await self._pause(until_ns, is_waiting=record.queued_ns is not None)
                continue
            fired = await self._fire_at(due.scheduled_at_ns, waits=now_ns < due.waits_until_ns)
            if fired.reason == "waits":
                await self._pause(due.waits_until_ns, is_waiting=True)

    async def stop(self) -> None:
        """Note that the trigger is not to be followed: its next activation is a new one."""
        await self._store.deactivate(self._program.flow.name, self._trigger)

    async def rest(self) -> None:
        """Return while nothing is being fired: who follows may be cancelled then."""
        while not self._rests.is_set():
            await self._rests.wait()

    def run_ended(self) -> None:
        """A run of the trigger has ended: what waits for that may go."""
        self._run_ended.set()

    async def _record(self) -> TriggerRecord | None:
        """The trigger's record; None once it is stopped, or followed elsewhere by another schedule."""
        record = await self._store.trigger(self._program.flow.name, self._trigger)
        if record is None or not record.is_active or record.schedule != self._schedule.identity:
            return None
        return record

    async def _fire_at(self, scheduled_at_ns: int, *, queued: bool = False, waits: bool = False) -> Fired:
        self._rests.clear()
        try:
            return await self._fire(self._program, self._trigger, scheduled_at_ns, queued=queued, waits=waits)
        finally:
            self._rests.set()

    async def _pause(self, until_ns: int, *, is_waiting: bool) -> None:
        """Sleep until a time; if something waits for a run to end, until that or for a minute."""
        if not is_waiting:
            await self._clock.sleep_until(until_ns)
            return
        async with asyncio.TaskGroup() as group:
            look_ns = self._clock.now_ns() + round(_LOOK_S * 1e9)
            sleeping = group.create_task(self._clock.sleep_until(min(until_ns, look_ns)))
            ending = group.create_task(self._run_ended.wait())
            await asyncio.wait((sleeping, ending), return_when=asyncio.FIRST_COMPLETED)
            sleeping.cancel()
            ending.cancel()

    def _next(self, record: TriggerRecord) -> _Due | None:
        """The firing that is to be decided next; None if there is none any more."""
        schedule, policy, now_ns = self._schedule, self._policy, self._clock.now_ns()
        if policy.max_firings and record.firings >= policy.max_firings:
            return None
        if record.owes_start:
            return _Due(record.anchor_ns, now_ns)
        next_ns = schedule.next_after(record.last_scheduled_ns, record.anchor_ns)
        if next_ns is None:
            return None
        before_ns = schedule.last_until(min(record.since_ns, now_ns), record.anchor_ns)
        if before_ns is not None:  # what the schedule would have named before it took effect was not missed
            next_ns = max(next_ns, before_ns)
        if now_ns - next_ns <= self._grace_ns:
            return self._ordinary(record, next_ns)
        if policy.catchup is Catchup.ALL:
            return _Due(next_ns, now_ns, _FOR_EVER_NS)
        latest_ns = schedule.last_until(now_ns - self._jitter_ns, record.anchor_ns) or next_ns
        if policy.catchup is Catchup.LATEST or now_ns - latest_ns <= self._grace_ns:
            return _Due(latest_ns, now_ns)
        following_ns = schedule.next_after(latest_ns, record.anchor_ns)
        return None if following_ns is None else self._ordinary(record, following_ns)

    def _ordinary(self, record: TriggerRecord, scheduled_at_ns: int) -> _Due:
        """A firing that was not missed.

        The one before it may have been late, by jitter or since it was made up for. It would not have met
        that one's run had both been on time, and so it waits until it is as late.
        """
        fires_at_ns = self._with_jitter(record, scheduled_at_ns)
        if not self._jitter_ns and self._policy.catchup is not Catchup.ALL:
            return _Due(scheduled_at_ns, fires_at_ns)
        late_ns = record.decided_at_ns - record.last_scheduled_ns
        return _Due(scheduled_at_ns, fires_at_ns, scheduled_at_ns + late_ns)

    def _with_jitter(self, record: TriggerRecord, scheduled_at_ns: int) -> int:
        """When a firing is to fire: the same after a restart, another for each time and installation."""
        if not self._jitter_ns:
            return scheduled_at_ns
        seed = f"{self._program.flow.name}/{self._trigger}/{record.anchor_ns}/{scheduled_at_ns}"
        return scheduled_at_ns + random.Random(seed).randint(0, self._jitter_ns)  # noqa: S311 - spreads load
