"""What people who watch can see: counts that are kept as they happen, and a few events."""

from dataclasses import dataclass, field

from headrace.store import ErrorRecord, RunRecord, TaskRecord
from headrace.values import Json

__all__ = ["NodeStats", "Observer", "RunStats"]


@dataclass(slots=True)
class NodeStats:
    """Counts of one node in this process, for display; not durable.

    Attributes:
        received: messages that entered.
        active: messages that are being worked on now.
        failed: messages at which this node itself failed.
        items_done: of the items in the messages that the node has tracked (`Context.progress`).
        items_total: how many those are.
        passes: in how many steps (an iterator's batches) they were done.
    """

    received: int = 0
    active: int = 0
    failed: int = 0
    items_done: int = 0
    items_total: int = 0
    passes: int = 0


@dataclass(slots=True)
class RunStats:
    """What a run is expected to be, for display; not durable.

    Attributes:
        expected: records in all, as its source says; 0 if unknown.
        pages: how often the source has said so, that is with how many answers.
    """

    expected: int = 0
    pages: int = 0
    counters: dict[str, int] = field(default_factory=dict)


class Observer:
    """Told of what happens, in the engine's event loop; must be quick and must not raise."""

    def run_started(self, run: RunRecord) -> None:
        """A firing created a run."""

    def run_ended(self, run: RunRecord) -> None:
        """A run has ended; its end is durable."""

    def firing_dropped(self, trigger: str, reason: str) -> None:
        """A firing was due and created no run (`overlap`, `queued`, `exhausted`)."""

    def task_committed(self, task: TaskRecord) -> None:
        """A task ended well."""

    def result_added(self, node: str, value: Json) -> None:
        """A node has got an answer from outside, and adds it to its message; must not be changed."""

    def error_raised(self, run_id: str, error: ErrorRecord) -> None:
        """An error was raised, whatever becomes of it."""
