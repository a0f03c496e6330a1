"""What happens, as lines: for logs, pipes and terminals that cannot redraw."""

import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from headrace.cli.account import dropped_line, ended_line, error_line, is_deadly, resumed_line, started_line
from headrace.cli.budget import budget_text
from headrace.cli.watch import Dropped, Ended, Event, Listening, Raised, Resumed, Said, Started
from headrace.cli.wording import clock_time, number, plural
from headrace.monitor.meter import Meter, Snapshot

__all__ = ["Line", "PlainView", "counts_lines", "progress_text", "telling_lines"]

_PROGRESS_S = 5.0
_MOST_ERRORS = 20
"""Shown of those that came at once; they are in the run's record all the same."""


class Line(NamedTuple):
    """A line, or several, about an event."""

    text: str
    event: Event

    @property
    def is_error(self) -> bool:
        """Whether it tells of an error."""
        return isinstance(self.event, Raised)


def telling_lines(events: Sequence[Event]) -> list[Line]:
    """What to say about events, in their order; of many errors the first, of each kind: deadly and not."""
    lines: list[Line] = []
    told = {True: 0, False: 0}
    hidden = 0
    for event in events:
        match event:
            case Started(run):
                lines.append(Line(started_line(run), event))
            case Resumed(run, tasks_done):
                lines.append(Line(resumed_line(run, tasks_done, time.time_ns()), event))
            case Ended(run, pages):
                lines.append(Line(ended_line(run, pages), event))
            case Raised(_, error):
                told[is_deadly(error)] += 1
                if told[is_deadly(error)] <= _MOST_ERRORS:
                    lines.append(Line(error_line(error), event))
                else:
                    hidden += 1
            case Dropped(_, "exhausted"):
                pass  # as its settings say
            case Dropped(trigger, reason):
                lines.append(Line(dropped_line(trigger, reason), event))
            case Listening(trigger, where):
                lines.append(Line(f"{trigger} takes {where}", event))
            case Said(text):
                lines.append(Line(text, event))
    if hidden:
        last = max(place for place, line in enumerate(lines) if line.is_error)
        lines.insert(last + 1, Line(f"… and {plural(hidden, 'further error')}", lines[last].event))
    return lines


def progress_text(snapshot: Snapshot) -> str:
    """`1,200 of 5,000 items (24%), 12 pages, 120 batches, 410/s, 0:09 left`; empty if nothing is known."""
    parts = []
    if snapshot.total:
        percent = snapshot.done * 100 // snapshot.total
        parts.append(f"{number(snapshot.done)} of {number(snapshot.total)} items ({percent}%)")
    if snapshot.pages:
        parts.append(plural(snapshot.pages, "page"))
    if snapshot.batches:
        parts.append(plural(snapshot.batches, "batch", "batches"))
    if snapshot.rate:
        parts.append(f"{snapshot.rate:,.0f}/s")
    if snapshot.left_s is not None and snapshot.done < snapshot.total:
        parts.append(f"{clock_time(snapshot.left_s)} left")
    return ", ".join(parts)


def counts_lines(snapshot: Snapshot) -> list[str]:
    """How far it is, and then the APIs that are waited for."""
    working = sum(row.active for row in snapshot.rows)
    first = progress_text(snapshot) or f"{clock_time(snapshot.elapsed_s)}, {working} active"
    waited = (state for state in snapshot.budgets if state.waiting or state.reason)
    return [first, *(f"  {budget_text(state, time.time_ns())}" for state in waited)]


class PlainView:
    """Lines on standard output: begin, progress every five seconds, errors as they come, end.

    With the progress go the APIs that are waited for.
    """

    period_s = 0.25

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._meter: Meter | None = None
        self._said_s = now_s()
        self._active: set[str] = set()

    def open(self, meter: Meter) -> None:
        """See `View`."""
        self._meter = meter

    def show(self, events: list[Event]) -> None:
        """See `View`."""
        for event in events:
            if isinstance(event, Started | Resumed):
                self._active.add(event.run.id)
                self._said_s = self._now_s()
            elif isinstance(event, Ended):
                self._active.discard(event.run.id)
        lines = [line.text for line in telling_lines(events)]
        if self._active and self._meter is not None and self._now_s() - self._said_s >= _PROGRESS_S:
            self._said_s = self._now_s()
            lines += counts_lines(self._meter.read())
        if lines:
            print("\n".join(lines), file=sys.stdout, flush=True)

    def close(self) -> None:
        """See `View`."""
