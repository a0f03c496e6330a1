"""When triggers fire."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from headrace.values import Json

__all__ = ["Catchup", "Firing", "Overlap", "Schedule", "SchedulePolicy"]


class Overlap(Enum):
    """What happens when a firing is due while a run of the same trigger is still open."""

    SKIP = "skip"
    QUEUE = "queue"
    ALLOW = "allow"
    CANCEL_RUNNING = "cancel-running"


class Catchup(Enum):
    """Which firings are made up for that were missed while no process was there."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


class Schedule(Protocol):
    """The grid of times at which a trigger fires."""

    @property
    def identity(self) -> str:
        """What the schedule is, in words that change whenever its times do."""
        ...

    def next_after(self, after_ns: int, anchor_ns: int) -> int | None:
        """The first time on the grid later than `after_ns`; None for never.

        Args:
            after_ns: Unix nanoseconds.
            anchor_ns: when the trigger was activated; a grid that is not bound to the calendar starts there.
        """
        ...


@dataclass(frozen=True, slots=True)
class SchedulePolicy:
    """How a schedule is followed.

    Attributes:
        emit_on_start: fire once at activation as well.
        max_firings: no more than this many, ever; 0 for no limit.
        jitter_s: each firing is late by a random time up to this; the scheduled time stays on the grid.
    """

    emit_on_start: bool = False
    max_firings: int = 0
    overlap: Overlap = Overlap.SKIP
    catchup: Catchup = Catchup.LATEST
    jitter_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of a trigger.

    Attributes:
        fired_at_ns: when it really fired, Unix nanoseconds.
        scheduled_at_ns: its time on the grid; for a firing on request the time of the request.
        tick_number: counts the scheduled firings from 1; 0 for a firing on request.
        payload: what was given with a request; None to use the trigger's own payload.
    """

    fired_at_ns: int
    scheduled_at_ns: int
    tick_number: int
    payload: Json = None
