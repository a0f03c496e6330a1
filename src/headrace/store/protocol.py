"""What the engine asks of a store. Everything is durable when a method returns, as far as the store is."""

from typing import Protocol

from headrace.store.records import (
    Attempt,
    Committed,
    DeadLetter,
    ErrorRecord,
    Fired,
    FireRequest,
    OpenRun,
    Outcome,
    RunRecord,
    RunStatus,
    TaskRecord,
    TriggerRecord,
)

__all__ = ["Store"]


class Store(Protocol):
    """Runs, tasks, triggers and dead letters.

    Every method raises `StoreError` if the store fails; nothing was changed then.
    """

    async def activate(self, flow: str, trigger: str, now_ns: int) -> tuple[TriggerRecord, bool]:
        """The record of a trigger, and whether it is new: made with `now_ns` as its anchor."""
        ...

    async def fire(self, request: FireRequest) -> Fired:
        """Decide a firing and create its run and first task, in one step (rule 22)."""
        ...

    def check(self, outcome: Outcome) -> None:
        """Encode and measure what an outcome holds, before anything commits (rule 4).

        Raises:
            PermanentError: a message is no JSON, or larger than the store takes; says whose.
        """
        ...

    async def commit(self, task: TaskRecord, outcome: Outcome, now_ns: int) -> Committed:
        """Decide that a task ended well (rules 2, 4 and 7). Deciding the same task twice changes nothing.

        What a cancelled run's task would create is dropped.
        """
        ...

    async def retry(
        self, task: TaskRecord, attempt: Attempt, error: ErrorRecord | None, now_ns: int
    ) -> Committed | None:
        """Record that a task failed and is due again as `attempt` says; `error` None: it was interrupted.

        Returns:
            None; or what it led to that the task was dropped instead, since its run was cancelled.
        """
        ...

    async def bury(self, task: TaskRecord, attempts: int, error: ErrorRecord, now_ns: int) -> Committed:
        """Decide that a task failed for good: it becomes a dead letter."""
        ...

    async def revive(self, run_id: str, task_id: str) -> OpenRun | None:
        """Open a dead letter again, and with it its run (rule 2); None if there is no such dead letter.

        The task keeps its id and its group; a group that has announced its end does not do so again.
        """
        ...

    async def cancel(
        self, run_id: str, status: RunStatus, error: ErrorRecord | None, keep: frozenset[str], now_ns: int
    ) -> Committed:
        """End a run before its time: all open tasks but those in `keep` (executing now) are dropped.

        The run ends with `status` once the kept ones are decided.
        """
        ...

    async def drop(self, task: TaskRecord, now_ns: int) -> Committed:
        """Decide that a task of a cancelled run, kept because it was executing, did not end."""
        ...

    async def run(self, run_id: str) -> RunRecord | None:
        """A run, as it is now."""
        ...

    async def runs(self, flow: str | None = None, limit: int = 50) -> list[RunRecord]:
        """The latest runs, the newest first."""
        ...

    async def open_runs(self, flow: str) -> list[OpenRun]:
        """The unfinished runs of a flow, the oldest first."""
        ...

    async def dead_letters(self, run_id: str) -> list[DeadLetter]:
        """The dead letters of a run, the oldest first."""
        ...

    async def close(self) -> None:
        """Let go of files and connections; safe to call twice."""
        ...
