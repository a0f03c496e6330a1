"""Which open tasks are executed next, within the limits of their run. No I/O, no waiting."""

import heapq
from collections import deque

import msgspec

from headrace.store import Attempt, TaskRecord

__all__ = ["RUNS_ALONE_FROM", "Agenda", "Entry"]

RUNS_ALONE_FROM = 3
"""Interruptions from which on a task runs while no other does (rule 9): one of them may kill the process."""


class Entry(msgspec.Struct, frozen=True):
    """A task that is due, with the state of its attempts."""

    task: TaskRecord
    attempt: Attempt


class Agenda(msgspec.Struct):
    """The open tasks of one run in this process.

    Attributes:
        concurrency: tasks executing at once.
        max_queued: above this many open tasks, loop-closing ones wait, so that a page loop does not run
            away from the tasks that its pages make (rule 7).
        lane_limits: how many tasks of a lane execute at once, in all processes together.
        sharers: how many processes share that out among them; each may have one, at the least.
        place: of this one among them, from 0: the first have what does not go into equal parts.
        executing: ids of tasks that were taken and are not decided.
    """

    concurrency: int
    max_queued: int
    lane_limits: dict[str, int]
    sharers: int = 1
    place: int = 0
    executing: set[str] = msgspec.field(default_factory=set)
    _deciding: set[str] = msgspec.field(default_factory=set)
    _ready: deque[Entry] = msgspec.field(default_factory=deque)
    _loops: deque[Entry] = msgspec.field(default_factory=deque)
    _alone: deque[Entry] = msgspec.field(default_factory=deque)
    _lanes: dict[str, deque[Entry]] = msgspec.field(default_factory=dict)
    _lane_use: dict[str, int] = msgspec.field(default_factory=dict)
    _later: list[tuple[int, int, Entry]] = msgspec.field(default_factory=list)
    _sequence: int = 0

    def __len__(self) -> int:
        waiting = len(self._ready) + len(self._loops) + len(self._alone) + len(self._later)
        waiting += len(self.executing)
        return waiting + sum(map(len, self._lanes.values()))

    def add(self, task: TaskRecord, attempt: Attempt, now_ns: int) -> None:
        """Take a task up, to be executed when it is due."""
        entry = Entry(task, attempt)
        if attempt.due_at_ns > now_ns:
            self._sequence += 1
            heapq.heappush(self._later, (attempt.due_at_ns, self._sequence, entry))
        elif attempt.interruptions >= RUNS_ALONE_FROM:
            self._alone.append(entry)
        elif task.lane is not None and task.lane in self.lane_limits:
            self._lanes.setdefault(task.lane, deque()).append(entry)
        elif task.closes_loop:
            self._loops.append(entry)
        else:
            self._ready.append(entry)

    def take(self, now_ns: int) -> Entry | None:
        """The next task to execute, now marked as executing; None if none may start now."""
        self._take_due(now_ns)
        if not self._has_room:
            return None
        entry = self._next()
        while entry is not None and entry.task.id in self.executing:  # told of it twice
            entry = self._next()
        return self._marked(entry)

    @property
    def working(self) -> int:
        """How many tasks execute that the store is not deciding yet."""
        return len(self.executing) - len(self._deciding)

    @property
    def _has_room(self) -> bool:
        return self.working < self.concurrency and len(self._deciding) <= self.concurrency

    def take_alone(self, now_ns: int) -> Entry | None:
        """As `take`, of the tasks that run while no other does; to be called when none executes."""
        self._take_due(now_ns)
        return self._marked(self._alone.popleft() if self._alone else None)

    def waits_alone(self, now_ns: int) -> bool:
        """Whether a task is due that runs while no other does."""
        self._take_due(now_ns)
        return bool(self._alone)

    def _take_due(self, now_ns: int) -> None:
        while self._later and self._later[0][0] <= now_ns:
            _, _, due = heapq.heappop(self._later)
            self.add(due.task, due.attempt, now_ns)

    def _marked(self, entry: Entry | None) -> Entry | None:
        if entry is not None:
            self.executing.add(entry.task.id)
            if entry.task.lane is not None:
                self._lane_use[entry.task.lane] = self._lane_use.get(entry.task.lane, 0) + 1
        return entry

    def _next(self) -> Entry | None:
        if self._ready:
            return self._ready.popleft()
        is_crowded = len(self) - len(self._loops) > self.max_queued
        if self._loops and not is_crowded:
            return self._loops.popleft()
        for lane, entries in self._lanes.items():
            if entries and self._lane_use.get(lane, 0) < self._part_of(self.lane_limits[lane]):
                return entries.popleft()
        return None

    def _part_of(self, limit: int) -> int:
        equal, rest = divmod(limit, self.sharers)
        return max(equal + (self.place < rest), 1)

    def deciding(self, task: TaskRecord) -> None:
        """A task's work is done, and the store is deciding it: the next one need not wait for that.

        As many may wait so as execute at once; then the store is what is slow.
        """
        self._deciding.add(task.id)
        self._leave_lane(task)

    def done(self, task: TaskRecord) -> None:
        """A task is not executing any more."""
        self.executing.discard(task.id)
        if task.id in self._deciding:
            self._deciding.discard(task.id)
        else:
            self._leave_lane(task)

    def _leave_lane(self, task: TaskRecord) -> None:
        if task.lane is not None and task.lane in self._lane_use:
            self._lane_use[task.lane] -= 1

    def next_due_ns(self) -> int | None:
        """When the next task that waits for its time is due; None if none does."""
        return self._later[0][0] if self._later else None

    def clear(self) -> None:
        """Forget all tasks but the executing ones: the run was cancelled."""
        self._ready.clear()
        self._loops.clear()
        self._alone.clear()
        self._lanes.clear()
        self._later.clear()
