"""What happens in a process that runs flows, kept until it is shown."""

from typing import Protocol, TypeAlias

import msgspec

from headrace.cli.account import is_deadly
from headrace.engine import Observer
from headrace.errors import HeadraceError
from headrace.monitor.meter import Meter
from headrace.store import ErrorRecord, RunRecord

__all__ = ["Dropped", "Ended", "Event", "Listening", "Raised", "Resumed", "Said", "Started", "View", "Watch"]


class Started(msgspec.Struct, frozen=True):
    """A run began."""

    run: RunRecord


class Resumed(msgspec.Struct, frozen=True):
    """A run goes on that was left unfinished, or is tried again."""

    run: RunRecord
    tasks_done: int


class Ended(msgspec.Struct, frozen=True):
    """A run ended, durably; `pages` as for `RunStats`."""

    run: RunRecord
    pages: int


class Raised(msgspec.Struct, frozen=True):
    """An error was raised in a run."""

    run_id: str
    error: ErrorRecord


class Dropped(msgspec.Struct, frozen=True):
    """A firing was due and made no run."""

    trigger: str
    reason: str


class Listening(msgspec.Struct, frozen=True):
    """A trigger takes what comes from outside."""

    trigger: str
    where: str


class Said(msgspec.Struct, frozen=True):
    """Something that people should know."""

    text: str


Event: TypeAlias = Started | Resumed | Ended | Raised | Dropped | Listening | Said


class View(Protocol):
    """A way to show what happens."""

    period_s: float
    """How often `show` is to be called."""

    def open(self, meter: Meter) -> None:
        """The program is loaded; its counts can be read."""

    def show(self, events: list[Event]) -> None:
        """Show what happened since the last call, and the counts as they are now."""

    def close(self) -> None:
        """Nothing more will happen."""


class Watch(Observer):
    """Keeps events, since observers must be quick, and knows which runs are active.

    Attributes:
        active: runs that have not ended, by id.
        failures: how many runs have ended otherwise than well.
        meter: the counts of the loaded program; None before.
        codes: of the errors that made a run fail.
        stuck: ids of unfinished runs whose version does not load any more.
        lettered: flows of the runs that have ended with dead letters, by the runs' ids.
    """

    def __init__(self) -> None:
        self.active: dict[str, RunRecord] = {}
        self.failures = 0
        self.meter: Meter | None = None
        self.codes: set[str] = set()
        self.stuck: set[str] = set()
        self.lettered: dict[str, str] = {}
        self._events: list[Event] = []

    @property
    def with_letters(self) -> dict[str, str]:
        """The runs that have dead letters, by id with their flows; those that are active as well."""
        active = {run.id: run.flow for run in self.active.values() if run.dead_letters}
        return {**self.lettered, **active}

    def take(self) -> list[Event]:
        """What happened since this was called last."""
        events, self._events = self._events, []
        return events

    def say(self, text: str) -> None:
        """Tell people something, in its place among the events."""
        self._events.append(Said(text))

    def run_started(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._begin(run)
        self._events.append(Started(run))

    def run_resumed(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._begin(run)
        self._events.append(Resumed(run, run.tasks_done))

    def _begin(self, run: RunRecord) -> None:
        if self.meter is not None:
            self.meter.begin(run.id, is_alone=not self.active)
        self.active[run.id] = run

    def run_ended(self, run: RunRecord) -> None:
        """See `Observer`."""
        self.active.pop(run.id, None)
        self.failures += run.status.value != "succeeded"
        if run.dead_letters:
            self.lettered[run.id] = run.flow
        else:
            self.lettered.pop(run.id, None)  # its last one was tried again, and went well
        pages = self.meter.end(run.id) if self.meter is not None else 0
        self._events.append(Ended(run, pages))

    def run_stuck(self, run: RunRecord, error: HeadraceError) -> None:
        """See `Observer`."""
        self.stuck.add(run.id)
        self.say(
            f"run {run.id} of {run.flow} cannot go on with version {run.version}, which does not load any "
            f"more: {error.message}\nit stays as it is; `headrace runs cancel {run.id}` gives it up"
        )

    def flow_moved(self, flow: str, moved_from: str) -> None:
        """See `Observer`."""
        self.say(f"flow {flow} is read from another file now; it was {moved_from}")

    def listening(self, flow: str, trigger: str, where: str) -> None:
        """See `Observer`."""
        self._events.append(Listening(trigger, where))

    def firing_dropped(self, flow: str, trigger: str, reason: str) -> None:
        """See `Observer`."""
        self._events.append(Dropped(trigger, reason))

    def error_raised(self, run_id: str, error: ErrorRecord) -> None:
        """See `Observer`."""
        if is_deadly(error):
            self.codes.add(error.code)
        self._events.append(Raised(run_id, error))
