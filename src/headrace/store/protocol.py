"""What the engine asks of a store. Everything is durable when a method returns, as far as the store is."""

from collections.abc import Sequence
from typing import Protocol

from headrace.store.caller import Caller
from headrace.store.encoding import EncodedOutcome
from headrace.store.executor import Executor
from headrace.store.notice import Notice
from headrace.store.records import (
    Adoption,
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
    VersionRecord,
)
from headrace.store.request import ALL_RUNS, LetterFilter, LetterPage, Request, Revival, RunFilter
from headrace.store.sharing import Sharing
from headrace.values import Json

__all__ = ["Store"]


class Store(Protocol):
    """Runs, tasks, triggers and dead letters.

    Every method raises `StoreError` if the store fails. What was to be decided then is not known to be
    durable; the process ends, and the next one goes on from what is.
    """

    @property
    def sharing(self) -> Sharing | None:
        """How several processes execute a flow together; None if one alone does."""
        ...

    async def adopt(self, version: VersionRecord) -> Adoption:
        """Become the process that executes a flow, and keep the text of its current version (rules 20, 21).

        The tasks of the unfinished runs are not known to be at their first delivery. Those that were
        executing when their process died are counted as interrupted (rule 9).

        Raises:
            StoreError: another process executes the flow; or it has unfinished runs and came from another
                file.
        """
        ...

    async def hold(self, flow: str) -> tuple[OpenRun, ...]:
        """Become the process that executes a flow, to decide about its unfinished runs without its file.

        As `adopt`, but the flow's path and versions stay as they are.

        Raises:
            StoreError: another process executes the flow.
        """
        ...

    async def release(self, flow: str) -> None:
        """Execute a flow no more; its unfinished runs stay. Safe to call twice."""
        ...

    async def version(self, flow: str, version: str) -> VersionRecord | None:
        """A version of a flow that a run began with."""
        ...

    async def flows(self) -> dict[str, str]:
        """The flows that were executed, by name: the absolute path of the file of each."""
        ...

    async def activate(
        self, flow: str, trigger: str, schedule: str, now_ns: int, *, emit_on_start: bool = False
    ) -> TriggerRecord:
        """The record with which a trigger's schedule is followed, made or changed as `store.firing` says."""
        ...

    async def deactivate(self, flow: str, trigger: str) -> None:
        """Note that a trigger is stopped, if it ever was active: its next activation is a new one."""
        ...

    async def trigger(self, flow: str, trigger: str) -> TriggerRecord | None:
        """What is remembered of a trigger; None if it never was active."""
        ...

    async def switch(self, flow: str, trigger: str, is_on: bool | None) -> None:
        """Note that a person has started or stopped a trigger; None: it is again as its file says."""
        ...

    async def switches(self, flow: str) -> dict[str, bool]:
        """The triggers of a flow that a person has started or stopped."""
        ...

    async def fire(self, request: FireRequest) -> Fired:
        """Decide a firing (`store.firing`) and create its run and first task, in one step (rule 22).

        In the same step its dedupe key is noted, which is kept as long as the run is (rule 23), and the
        request of another process is answered that has the run's id.

        Raises:
            PermanentError: the trigger's message cannot be kept; nothing was decided.
            UsageError: it cannot be made of what the request holds; neither.
        """
        ...

    def encode(self, outcome: Outcome) -> EncodedOutcome:
        """Encode and measure what an outcome holds, before anything commits (rule 4).

        Raises:
            PermanentError: a message is no JSON, or larger than the store takes; says whose.
        """
        ...

    async def begin(self, task: TaskRecord, *, durably: bool) -> None:
        """Note that a task is executing (rule 9).

        Args:
            durably: durable on return, for a task that may have ended a process before; else a moment later.
        """
        ...

    async def commit(
        self, task: TaskRecord, outcome: EncodedOutcome, now_ns: int, *, is_recorded: bool
    ) -> Committed:
        """Decide that a task ended well (rules 2, 4 and 7). Deciding the same task twice changes nothing.

        What a cancelled run's task would create is dropped.

        Args:
            is_recorded: the outcome lies in the target, so a task whose decision is lost finds it there. It
                may become durable here a moment later then, unless it ends the run.
        """
        ...

    async def retry(
        self, task: TaskRecord, attempt: Attempt, error: ErrorRecord | None, now_ns: int
    ) -> Committed | None:
        """Record that a task failed and is due again as `attempt` says.

        Returns:
            None; or what it led to that the task was dropped instead, since its run was cancelled.
        """
        ...

    async def bury(self, task: TaskRecord, attempts: int, error: ErrorRecord, now_ns: int) -> Committed:
        """Decide that a task failed for good: it becomes a dead letter."""
        ...

    async def revive(self, revival: Revival) -> OpenRun | None:
        """Open a dead letter again, and with it its run (rule 2); None if there is no such dead letter.

        The task keeps its id and its group; a group that has announced its end does not do so again.

        Raises:
            PermanentError: the edited message is no JSON, or larger than the store takes.
        """
        ...

    async def discard(self, run_id: str, task_id: str, *, answers: str | None = None) -> bool:
        """Remove a dead letter for good; false if there is none. Its run stays as it ended.

        Args:
            answers: id of the request that this carries out; both become durable together.
        """
        ...

    async def cancel(
        self,
        run_id: str,
        status: RunStatus,
        error: ErrorRecord | None,
        keep: frozenset[str],
        now_ns: int,
        *,
        answers: str | None = None,
    ) -> Committed:
        """End a run before its time: all open tasks but those in `keep` (executing now) are dropped.

        The run ends with `status` once the kept ones are decided.

        Args:
            answers: id of the request that this carries out; both become durable together.
        """
        ...

    async def drop(self, task: TaskRecord, now_ns: int) -> Committed:
        """Decide that a task of a cancelled run, kept because it was executing, did not end."""
        ...

    async def state(self, flow: str, key: str) -> Json:
        """What the nodes of a flow keep under a key; null if nothing."""
        ...

    async def settle(self, run_id: str, caller: Caller) -> None:
        """Note what became of a run's caller. It is LOST after `adopt` where it was not noted (rule 23).

        It may become durable a moment later: who got an answer does not wait for that.
        """
        ...

    async def response(self, run_id: str) -> Json:
        """What a run responded that has a dedupe key; None if nothing."""
        ...

    async def run(self, run_id: str) -> RunRecord | None:
        """A run, as it is now."""
        ...

    async def runs(self, wanted: RunFilter = ALL_RUNS) -> list[RunRecord]:
        """Runs, the latest first; without their errors."""
        ...

    async def keep_profile(self, run_id: str, profile: bytes) -> None:
        """Keep how a run went, for people, in place of what was kept of it; gone when the run is.

        Of a run that the store does not have, nothing is kept. Where several processes execute a flow, each
        keeps what it did itself.
        """
        ...

    async def profiles(self, run_id: str) -> dict[str, bytes]:
        """What is kept of how a run went, as it was given; by the ids of the processes (`Sharing.me`).

        Where one process executes a flow alone, it has no id, and goes on with what another has kept.
        """
        ...

    async def announce(self, notice: Notice) -> None:
        """Keep a notice that is to be sent; one of the same id changes nothing."""
        ...

    async def notices(self, flow: str) -> list[Notice]:
        """The notices of a flow that were not sent yet, the oldest first."""
        ...

    async def last_notice(self, flow: str) -> Notice | None:
        """What a flow has announced last, sent or not."""
        ...

    async def sent(self, notice: Notice) -> None:
        """A notice was sent, or given up."""
        ...

    async def open_runs(self, flow: str) -> list[OpenRun]:
        """The unfinished runs of a flow that this process executes, the oldest first."""
        ...

    async def open_tasks(self, run_id: str) -> list[tuple[TaskRecord, Attempt]]:
        """The open tasks of a run, in the order of their making."""
        ...

    async def open_count(self, run_id: str) -> int:
        """How many open tasks a run has; reads none of them."""
        ...

    async def dead_letters(self, run_id: str | None = None, flow: str | None = None) -> list[DeadLetter]:
        """Dead letters, the oldest first."""
        ...

    async def letters(self, wanted: LetterFilter) -> LetterPage:
        """A page of dead letters, the newest first."""
        ...

    async def dead_letter(self, run_id: str, task_id: str) -> DeadLetter | None:
        """A dead letter; None if there is none (any more)."""
        ...

    async def ask(self, request: Request) -> None:
        """Leave a request for the process that executes a flow."""
        ...

    async def requests(self, flow: str) -> list[Request]:
        """The requests that are left for a flow and not answered, the oldest first."""
        ...

    async def answer(self, request_id: str, refusal: str = "") -> None:
        """A request was carried out, or refused for a reason; changes nothing if it has an answer."""
        ...

    async def answered(self, request_id: str) -> str | None:
        """Why a request was refused, empty if it was carried out; None while it waits."""
        ...

    async def executors(self, flow: str) -> tuple[Executor, ...]:
        """The processes that execute a flow; none if it waits for one."""
        ...

    async def recorded_runs(self, flow: str, ended_before_ns: int, limit: int) -> list[str]:
        """Runs that ended before a time and whose tasks' rows may still lie in targets (rule 12)."""
        ...

    async def forget_rows(self, run_ids: Sequence[str]) -> None:
        """The rows of these runs' tasks were removed from the targets."""
        ...

    async def prune(self, keep_ns: int | None, keep_runs: int | None, now_ns: int) -> int:
        """Forget ended runs without dead letters: older than `keep_ns`, or beyond `keep_runs` of their flow.

        Returns:
            How many.
        """
        ...

    async def watch(self) -> None:
        """Wait for the store to fail, for whoever waits for nothing else of it.

        Raises:
            StoreError: it has failed.
        """
        ...

    async def close(self) -> None:
        """Make durable what is not yet, and let go of files and connections; safe to call twice."""
        ...
