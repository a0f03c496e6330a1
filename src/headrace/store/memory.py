"""A store in memory: nothing survives the process. For tests and throw-away runs."""

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from headrace.errors import StoreError
from headrace.store.caller import Caller
from headrace.store.encoding import EncodedOutcome, encode_outcome
from headrace.store.executor import Executor
from headrace.store.ledger import Ledger
from headrace.store.limit import MAX_MESSAGE_BYTES
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
from headrace.store.run import Changes, RunState
from headrace.values import Json

__all__ = ["MemoryStore"]

_KEPT_RUNS = 1000


class MemoryStore:
    """Runs, tasks, triggers and dead letters in dictionaries; the last 1,000 ended runs are kept."""

    sharing = None

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._ended: dict[str, RunState] = {}
        self._letters: dict[str, DeadLetter] = {}
        self._versions: dict[tuple[str, str], VersionRecord] = {}
        self._state: dict[tuple[str, str], Json] = {}
        self._recorded: set[str] = set()
        self._keyed: dict[tuple[str, str, str], str] = {}  # runs by flow, trigger and dedupe key
        self._key_of: dict[str, tuple[str, str, str]] = {}
        self._responses: dict[str, Json] = {}
        self._switches: dict[str, dict[str, bool]] = {}
        self._profiles: dict[str, bytes] = {}
        self._notices: dict[str, Notice] = {}
        self._last_notices: dict[str, Notice] = {}

    async def adopt(self, version: VersionRecord) -> Adoption:
        """See `Store`."""
        self._versions[version.flow, version.version] = version
        return Adoption(await self.hold(version.flow))

    async def hold(self, flow: str) -> tuple[OpenRun, ...]:
        """See `Store`."""
        for state in (*self._ledger.runs.values(), *self._ended.values()):
            if state.record.flow == flow and state.record.caller is Caller.WAITS:
                state.record.caller = Caller.LOST
        runs = self._ledger.open_runs(flow)
        return tuple(replace(run, tasks=tuple(map(_redelivered, run.tasks))) for run in runs)

    async def release(self, flow: str) -> None:
        """See `Store`."""

    async def version(self, flow: str, version: str) -> VersionRecord | None:
        """See `Store`."""
        return self._versions.get((flow, version))

    async def flows(self) -> dict[str, str]:
        """See `Store`."""
        return {version.flow: version.path for version in self._versions.values()}

    async def activate(
        self, flow: str, trigger: str, schedule: str, now_ns: int, *, emit_on_start: bool = False
    ) -> TriggerRecord:
        """See `Store`."""
        return self._ledger.activate(flow, trigger, schedule, now_ns, emit_on_start=emit_on_start)

    async def deactivate(self, flow: str, trigger: str) -> None:
        """See `Store`."""
        self._ledger.deactivate(flow, trigger)

    async def trigger(self, flow: str, trigger: str) -> TriggerRecord | None:
        """See `Store`."""
        return self._ledger.triggers.get((flow, trigger))

    async def switch(self, flow: str, trigger: str, is_on: bool | None) -> None:
        """See `Store`."""
        switches = self._switches.setdefault(flow, {})
        switches.pop(trigger, None)
        if is_on is not None:
            switches[trigger] = is_on

    async def switches(self, flow: str) -> dict[str, bool]:
        """See `Store`."""
        return dict(self._switches.get(flow, {}))

    async def fire(self, request: FireRequest) -> Fired:
        """See `Store`."""
        key = None
        if request.dedupe_key is not None:
            key = request.flow, request.trigger, request.dedupe_key
            if key in self._keyed:
                return Fired(reason="repeated", repeats=self._keyed[key])
        fired, changes = self._ledger.fire(request)
        for change in changes:
            self._keep(change)
        if key is not None and fired.run is not None:
            self._keyed[key] = fired.run.id
            self._key_of[fired.run.id] = key
        return fired

    def encode(self, outcome: Outcome) -> EncodedOutcome:
        """See `Store`."""
        return encode_outcome(outcome, MAX_MESSAGE_BYTES)

    async def begin(self, task: TaskRecord, *, durably: bool) -> None:
        """See `Store`."""

    async def commit(
        self, task: TaskRecord, outcome: EncodedOutcome, now_ns: int, *, is_recorded: bool
    ) -> Committed:
        """See `Store`."""
        changes = self._ledger.commit(task, outcome, now_ns)
        if is_recorded:
            self._recorded.add(task.run_id)
        if self._ledger.runs.get(task.run_id) is not None:
            flow = self._ledger.runs[task.run_id].record.flow
            self._state |= {(flow, key): value for key, value in changes.state.items()}
        if changes.response is not None and task.run_id in self._key_of:
            self._responses[task.run_id] = changes.response
        return self._keep(changes)

    async def retry(
        self, task: TaskRecord, attempt: Attempt, error: ErrorRecord | None, now_ns: int
    ) -> Committed | None:
        """See `Store`."""
        changes, is_dropped = self._ledger.retry(task, attempt, error, now_ns)
        return self._keep(changes) if is_dropped else None

    async def bury(self, task: TaskRecord, attempts: int, error: ErrorRecord, now_ns: int) -> Committed:
        """See `Store`."""
        return self._keep(self._ledger.bury(task, attempts, error, now_ns))

    async def revive(self, revival: Revival) -> OpenRun | None:
        """See `Store`."""
        letter = await self.dead_letter(revival.run_id, revival.task_id)
        if letter is None:
            return None
        state = self._ended.get(revival.run_id) or self._ledger.runs[revival.run_id]
        changes = self._ledger.revive(revival, letter, state.record)
        self._ended.pop(revival.run_id, None)
        del self._letters[revival.task_id]
        return OpenRun(state.record, tuple((task, Attempt(first=False)) for task in changes.opened))

    async def discard(self, run_id: str, task_id: str, *, answers: str | None = None) -> bool:
        """See `Store`."""
        if await self.dead_letter(run_id, task_id) is None:
            return False
        del self._letters[task_id]
        return True

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
        """See `Store`."""
        return self._keep(self._ledger.cancel(run_id, status, error, keep, now_ns))

    async def drop(self, task: TaskRecord, now_ns: int) -> Committed:
        """See `Store`."""
        return self._keep(self._ledger.drop(task, now_ns))

    async def state(self, flow: str, key: str) -> Json:
        """See `Store`."""
        return self._state.get((flow, key))

    async def settle(self, run_id: str, caller: Caller) -> None:
        """See `Store`."""
        record = await self.run(run_id)
        if record is not None:
            record.caller = caller

    async def response(self, run_id: str) -> Json:
        """See `Store`."""
        return self._responses.get(run_id)

    async def run(self, run_id: str) -> RunRecord | None:
        """See `Store`."""
        state = self._ledger.runs.get(run_id) or self._ended.get(run_id)
        return None if state is None else state.record

    async def runs(self, wanted: RunFilter = ALL_RUNS) -> list[RunRecord]:
        """See `Store`."""
        states = (*self._ledger.runs.values(), *self._ended.values())
        return wanted.chosen(state.record for state in states)

    async def keep_profile(self, run_id: str, profile: bytes) -> None:
        """See `Store`."""
        if await self.run(run_id) is not None:
            self._profiles[run_id] = profile

    async def profiles(self, run_id: str) -> dict[str, bytes]:
        """See `Store`."""
        return {"": self._profiles[run_id]} if run_id in self._profiles else {}

    async def announce(self, notice: Notice) -> None:
        """See `Store`."""
        last = self._last_notices.get(notice.flow)
        if last is None or last.id != notice.id:
            self._notices[notice.id] = self._last_notices[notice.flow] = notice

    async def notices(self, flow: str) -> list[Notice]:
        """See `Store`."""
        return [notice for notice in self._notices.values() if notice.flow == flow]

    async def last_notice(self, flow: str) -> Notice | None:
        """See `Store`."""
        return self._last_notices.get(flow)

    async def sent(self, notice: Notice) -> None:
        """See `Store`."""
        self._notices.pop(notice.id, None)

    async def open_runs(self, flow: str) -> list[OpenRun]:
        """See `Store`."""
        return list(self._ledger.open_runs(flow))

    async def open_tasks(self, run_id: str) -> list[tuple[TaskRecord, Attempt]]:
        """See `Store`."""
        state = self._ledger.runs.get(run_id)
        return [] if state is None else list(state.open.values())

    async def open_count(self, run_id: str) -> int:
        """See `Store`."""
        return len(await self.open_tasks(run_id))

    async def dead_letters(self, run_id: str | None = None, flow: str | None = None) -> list[DeadLetter]:
        """See `Store`."""
        return [
            letter
            for letter in self._letters.values()
            if run_id in (None, letter.task.run_id) and flow in (None, letter.flow)
        ]

    async def letters(self, wanted: LetterFilter) -> LetterPage:
        """See `Store`."""
        numbered = list(enumerate(self._letters.values()))
        found = [(number, letter) for number, letter in reversed(numbered) if wanted.wants(letter)]
        return LetterPage.of(found, wanted)

    async def dead_letter(self, run_id: str, task_id: str) -> DeadLetter | None:
        """See `Store`."""
        letter = self._letters.get(task_id)
        return letter if letter is not None and letter.task.run_id == run_id else None

    async def ask(self, request: Request) -> None:
        """See `Store`. Nobody else sees this store, so there is nobody to ask."""
        raise StoreError("a store in memory is seen by its own process alone")

    async def requests(self, flow: str) -> list[Request]:
        """See `Store`."""
        return []

    async def answer(self, request_id: str, refusal: str = "") -> None:
        """See `Store`."""

    async def answered(self, request_id: str) -> str | None:
        """See `Store`."""
        return None

    async def executors(self, flow: str) -> tuple[Executor, ...]:
        """See `Store`."""
        return ()

    async def recorded_runs(self, flow: str, ended_before_ns: int, limit: int) -> list[str]:
        """See `Store`."""
        found = [
            id_
            for id_ in self._recorded
            if (state := self._ended.get(id_)) is not None
            and state.record.flow == flow
            and (state.record.ended_at_ns or ended_before_ns) < ended_before_ns
        ]
        return found[:limit]

    async def forget_rows(self, run_ids: Sequence[str]) -> None:
        """See `Store`."""
        self._recorded.difference_update(run_ids)

    async def prune(self, keep_ns: int | None, keep_runs: int | None, now_ns: int) -> int:
        """See `Store`; what goes beyond 1,000 is forgotten anyway."""
        return 0

    async def watch(self) -> None:
        """See `Store`. It never fails."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """See `Store`."""

    def _keep(self, changes: Changes) -> Committed:
        """Keep what a decision left behind: a dead letter, a run that has ended."""
        if changes.buried is not None:
            self._letters[changes.buried.task.id] = changes.buried
        committed = changes.committed
        if committed.ended is not None:
            self._end(committed.ended.id)
        return committed

    def _end(self, run_id: str) -> None:
        self._ended[run_id] = self._ledger.runs.pop(run_id)
        if len(self._ended) > _KEPT_RUNS:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            self._recorded.discard(oldest)
            self._responses.pop(oldest, None)
            self._profiles.pop(oldest, None)
            if (key := self._key_of.pop(oldest, None)) is not None:
                del self._keyed[key]
            for id_ in [id_ for id_, letter in self._letters.items() if letter.task.run_id == oldest]:
                del self._letters[id_]


def _redelivered(entry: tuple[TaskRecord, Attempt]) -> tuple[TaskRecord, Attempt]:
    task, attempt = entry
    return task, replace(attempt, first=False)
