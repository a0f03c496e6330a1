"""When triggers fire."""

from enum import Enum
from typing import Protocol

import msgspec

from headrace.values import Json

__all__ = ["Catchup", "Firing", "Overlap", "Schedule", "SchedulePolicy"]


class Overlap(Enum):
    """What happens when a firing is due while a run of the same trigger is still open."""

    SKIP = "skip"
    """No run is started."""
    QUEUE = "queue"
    """One firing waits for the open run to end; further ones are dropped."""
    ALLOW = "allow"
    """Both run."""
    CANCEL_RUNNING = "cancel-running"
    """The open run is cancelled."""


class Catchup(Enum):
    """Which firings are made up for that were missed, while no process was there or it was held up."""

    NONE = "none"
    """None of them."""
    LATEST = "latest"
    """The latest one."""
    ALL = "all"
    """All of them, one after the other."""


class Schedule(Protocol):
    """The grid of times at which a trigger fires. Times are Unix nanoseconds."""

    @property
    def identity(self) -> str:
        """What the schedule is, in words that change whenever its times do: then a new grid begins."""
        ...

    @property
    def text(self) -> str:
        """When it fires, for people: `every 1h`, `0 3 * * * Europe/Oslo`."""
        ...

    @property
    def timezone(self) -> str:
        """Name of the time zone in which people read its times; `UTC` where it has none."""
        ...

    def next_after(self, after_ns: int, anchor_ns: int) -> int | None:
        """The first time on the grid later than `after_ns`; None for never.

        Args:
            after_ns: any time.
            anchor_ns: where a grid starts that is not bound to the calendar, not itself on it.
        """
        ...

    def last_until(self, until_ns: int, anchor_ns: int) -> int | None:
        """The last time on the grid that is not later than `until_ns`; None if there is none.

        Takes no longer for years of missed times than for one.
        """
        ...


class SchedulePolicy(msgspec.Struct, frozen=True):
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


class Firing(msgspec.Struct, frozen=True):
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
