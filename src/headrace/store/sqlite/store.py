"""Runs, tasks, triggers and dead letters in one SQLite file. See `headrace.store.Store`.

Several processes may have the file open. Each flow is executed by one of them, which holds the flow's lock;
it has the flow's unfinished runs in memory, decides by them, and writes what changed. Others read, and
leave requests.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from msgspec.structs import asdict, replace

from headrace.errors import InternalError, StoreError
from headrace.store.caller import Caller
from headrace.store.encoding import EncodedOutcome, encode_outcome
from headrace.store.executor import Executor
from headrace.store.ledger import Ledger
from headrace.store.limit import MAX_MESSAGE_BYTES
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
from headrace.store.run import Changes
from headrace.store.sqlite import rows
from headrace.store.sqlite.adoption import Found, adopt, take_over
from headrace.store.sqlite.aside import Aside
from headrace.store.sqlite.batch import Batch
from headrace.store.sqlite.connection import open_file
from headrace.store.sqlite.failure import SQLITE_ERRORS, failure_of
from headrace.store.sqlite.lock import FlowLock, locking_process
from headrace.store.sqlite.place import resolved
from headrace.store.sqlite.prune import prune
from headrace.store.sqlite.reader import Reader
from headrace.store.sqlite.turn import Turns
from headrace.store.sqlite.writer import Writer
from headrace.values import Json, encode_json

__all__ = ["SqliteStore"]

_PATIENCE_S = 30.0
"""How long another process's lock or a full disk is waited for: as long as for a database's lock."""
_ANSWERED_KEPT = 1000
_SHRUNK_PAGES = 1000
"""By how many pages the file may shrink when runs are forgotten: 4 MiB, with which nobody waits for long."""

_NONE_EXECUTES = """
UPDATE tasks SET is_executing = 0
WHERE is_executing = 1 AND run_id IN (SELECT id FROM runs WHERE flow = ? AND status = 'running')
"""

_ADD_KEY = "INSERT OR REPLACE INTO dedupe_keys (flow, trigger_name, key, run_id) VALUES (?, ?, ?, ?)"


class SqliteStore(Aside):
    """See `Store`."""

    sharing = None

    def __init__(self, path: Path, writer: Writer, patience_s: float) -> None:
        self.path = path
        super().__init__(writer, Reader(path, patience_s))
        self._patience_s = patience_s
        self._ledger = Ledger()
        self._locks: dict[str, FlowLock] = {}
        self._seen_changes: dict[str, int] = {}
        self._of_letters = asyncio.Lock()  # a dead letter is found, and decided about, by one at a time
        self._turns = Turns()
        self._is_closed = False

    @classmethod
    async def open(cls, path: Path, patience_s: float = _PATIENCE_S) -> "SqliteStore":
        """Open the file, or make it; a file of an earlier headrace is brought to the newest schema.

        Args:
            path: absolute.
            patience_s: how long another process's lock or a full disk is waited for.

        Raises:
            StoreError: it cannot be opened or written, is something else, was written by a newer headrace,
                or lies on a network file system.
        """
        path = resolved(path)
        store = cls(path, Writer(path, lambda: open_file(path, patience_s), patience_s), patience_s)
        try:
            await store._writer.start()
        except SQLITE_ERRORS as error:
            raise failure_of(error, path) from error
        except StoreError as error:
            raise StoreError(
                f"the store `{path}` cannot be used: {error.message}", code=error.code
            ) from error
        return store

    async def adopt(self, version: VersionRecord) -> Adoption:
        """See `Store`."""
        flow = version.flow
        if flow in self._locks:
            found = await self._reader.ask(lambda connection: adopt(connection, version, is_new=False))
            return Adoption(moved_from=found.moved_from)
        found = await self._take(flow, lambda connection: adopt(connection, version, is_new=True))
        return Adoption(self._ledger.open_runs(flow), found.moved_from)

    async def hold(self, flow: str) -> tuple[OpenRun, ...]:
        """See `Store`."""
        if flow not in self._locks:
            await self._take(flow, lambda connection: take_over(connection, flow))
        return self._ledger.open_runs(flow)

    async def _take(self, flow: str, find: Callable[[sqlite3.Connection], Found]) -> Found:
        """Take a flow's lock, and take up what is found then."""
        lock = await asyncio.to_thread(FlowLock, self.path, flow)
        try:
            found = await self._reader.ask(find)
        except BaseException:
            lock.release()
            raise
        self._locks[flow] = lock
        self._ledger.triggers |= found.triggers
        self._ledger.take_up(found.runs)
        return found

    async def release(self, flow: str) -> None:
        """See `Store`."""
        lock = self._locks.pop(flow, None)
        if lock is None:
            return
        self._seen_changes.pop(flow, None)
        for run in self._ledger.open_runs(flow):
            self._ledger.forget(run.run.id)
        try:
            await self._writer.commit(lambda batch: batch.execute(_NONE_EXECUTES, flow))
        finally:
            lock.release()

    async def version(self, flow: str, version: str) -> VersionRecord | None:
        """See `Store`."""
        return await self._reader.ask(lambda connection: rows.find_version(connection, flow, version))

    async def flows(self) -> dict[str, str]:
        """See `Store`."""
        return await self._reader.ask(rows.find_flows)

    async def activate(
        self, flow: str, trigger: str, schedule: str, now_ns: int, *, emit_on_start: bool = False
    ) -> TriggerRecord:
        """See `Store`."""
        self._check_executes(flow)
        before = self._ledger.triggers.get((flow, trigger))
        record = self._ledger.activate(flow, trigger, schedule, now_ns, emit_on_start=emit_on_start)
        await self._writer.commit(lambda batch: batch.set_trigger(flow, trigger, before, record))
        return record

    async def deactivate(self, flow: str, trigger: str) -> None:
        """See `Store`."""
        self._check_executes(flow)
        before = self._ledger.triggers.get((flow, trigger))
        record = self._ledger.deactivate(flow, trigger)
        await self._writer.commit(lambda batch: batch.set_trigger(flow, trigger, before, record))

    async def trigger(self, flow: str, trigger: str) -> TriggerRecord | None:
        """See `Store`."""
        if flow in self._locks:
            return self._ledger.triggers.get((flow, trigger))
        triggers = await self._reader.ask(lambda connection: rows.find_triggers(connection, flow))
        return triggers.get((flow, trigger))

    async def switch(self, flow: str, trigger: str, is_on: bool | None) -> None:
        """See `Store`."""
        await self._writer.commit(lambda batch: batch.switch(flow, trigger, is_on))

    async def switches(self, flow: str) -> dict[str, bool]:
        """See `Store`."""
        return await self._reader.ask(lambda connection: rows.find_switches(connection, flow))

    async def fire(self, request: FireRequest) -> Fired:
        """See `Store`."""
        self._check_executes(request.flow)
        if request.dedupe_key is None:
            return await self._fire(request)
        key = request.flow, request.trigger, request.dedupe_key
        async with self._turns.of(key):  # of two at once, the second finds what the first has made durable
            repeats = await self._reader.ask(lambda connection: rows.find_repeated(connection, *key))
            if repeats is not None:
                return Fired(reason="repeated", repeats=repeats)
            return await self._fire(request)

    async def _fire(self, request: FireRequest) -> Fired:
        flow, trigger, key = request.flow, request.trigger, request.dedupe_key
        before = self._ledger.triggers.get((flow, trigger))
        fired, changes = self._ledger.fire(request)
        after = self._ledger.triggers.get((flow, trigger))

        def add(batch: Batch) -> None:
            for change in changes:
                batch.add(change, {})
            batch.set_trigger(flow, trigger, before, after)
            if key is not None and fired.run is not None:
                batch.execute(_ADD_KEY, flow, trigger, key, fired.run.id)
            if request.on_request:
                batch.answer(request.run_id)  # where another process asked for it, under the run's id

        cancelled = await self._write(add, *fired.superseded.values())
        return replace(fired, superseded=dict(zip(fired.superseded, cancelled, strict=True)))

    def encode(self, outcome: Outcome) -> EncodedOutcome:
        """See `Store`."""
        return encode_outcome(outcome, MAX_MESSAGE_BYTES)

    async def begin(self, task: TaskRecord, *, durably: bool) -> None:
        """See `Store`."""
        if durably:
            await self._writer.commit(lambda batch: batch.begin(task.id))
        else:
            self._writer.change(lambda batch: batch.begin(task.id))

    async def commit(
        self, task: TaskRecord, outcome: EncodedOutcome, now_ns: int, *, is_recorded: bool
    ) -> Committed:
        """See `Store`."""
        changes = self._ledger.commit(task, outcome, now_ns)
        committed = changes.committed

        def add(batch: Batch) -> None:
            batch.add(changes, outcome.tasks, is_recorded=is_recorded)

        if is_recorded and committed.ended is None and not changes.state:
            self._writer.change(add)
            return committed
        (written,) = await self._write(add, committed)
        return written

    async def retry(
        self, task: TaskRecord, attempt: Attempt, error: ErrorRecord | None, now_ns: int
    ) -> Committed | None:
        """See `Store`."""
        changes, is_dropped = self._ledger.retry(task, attempt, error, now_ns)
        committed = await self._decide(changes)
        return committed if is_dropped else None

    async def bury(self, task: TaskRecord, attempts: int, error: ErrorRecord, now_ns: int) -> Committed:
        """See `Store`."""
        return await self._decide(self._ledger.bury(task, attempts, error, now_ns))

    async def revive(self, revival: Revival) -> OpenRun | None:
        """See `Store`."""
        async with self._of_letters:
            letter = await self.dead_letter(revival.run_id, revival.task_id)
            record = await self.run(revival.run_id)
            if letter is None or record is None:
                return None
            if record.flow not in self._locks:
                raise StoreError(
                    f"run `{record.id}` is one of flow `{record.flow}`, which this process does not execute",
                    code="HR408",
                )
            changes = self._ledger.revive(revival, letter, record)
            await self._decide(changes, revival.answers)
        return OpenRun(record, tuple((task, Attempt(first=False)) for task in changes.opened))

    async def discard(self, run_id: str, task_id: str, *, answers: str | None = None) -> bool:
        """See `Store`."""
        async with self._of_letters:
            if await self.dead_letter(run_id, task_id) is None:
                return False

            def add(batch: Batch) -> None:
                batch.execute("DELETE FROM dead_letters WHERE id = ?", task_id)
                batch.answer(answers)

            await self._writer.commit(add)
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
        return await self._decide(self._ledger.cancel(run_id, status, error, keep, now_ns), answers)

    async def drop(self, task: TaskRecord, now_ns: int) -> Committed:
        """See `Store`."""
        return await self._decide(self._ledger.drop(task, now_ns))

    async def state(self, flow: str, key: str) -> Json:
        """See `Store`."""
        return await self._reader.ask(lambda connection: rows.find_state(connection, flow, key))

    async def settle(self, run_id: str, caller: Caller) -> None:
        """See `Store`; durable a moment later."""
        state = self._ledger.runs.get(run_id)
        if state is not None:
            state.record.caller = caller
        sql = "UPDATE runs SET caller = ? WHERE id = ?"
        self._writer.change(lambda batch: batch.execute(sql, caller.value, run_id))

    async def response(self, run_id: str) -> Json:
        """See `Store`."""
        return await self._reader.ask(lambda connection: rows.find_response(connection, run_id))

    async def run(self, run_id: str) -> RunRecord | None:
        """See `Store`."""
        state = self._ledger.runs.get(run_id)
        if state is not None:
            return state.record
        return await self._reader.ask(lambda connection: rows.find_run(connection, run_id))

    async def runs(self, wanted: RunFilter = ALL_RUNS) -> list[RunRecord]:
        """See `Store`."""
        return await self._reader.ask(lambda connection: rows.find_runs(connection, wanted))

    async def open_runs(self, flow: str) -> list[OpenRun]:
        """See `Store`."""
        return list(self._ledger.open_runs(flow))

    async def open_tasks(self, run_id: str) -> list[tuple[TaskRecord, Attempt]]:
        """See `Store`."""
        state = self._ledger.runs.get(run_id)
        if state is not None:
            return list(state.open.values())
        return await self._reader.ask(lambda connection: rows.find_open_tasks(connection, run_id))

    async def open_count(self, run_id: str) -> int:
        """See `Store`."""
        state = self._ledger.runs.get(run_id)
        if state is not None:
            return len(state.open)
        return await self._reader.ask(lambda connection: rows.count_open_tasks(connection, run_id))

    async def dead_letters(self, run_id: str | None = None, flow: str | None = None) -> list[DeadLetter]:
        """See `Store`."""
        return await self._reader.ask(lambda connection: rows.find_dead_letters(connection, run_id, flow))

    async def letters(self, wanted: LetterFilter) -> LetterPage:
        """See `Store`."""
        return await self._reader.ask(lambda connection: rows.find_letters(connection, wanted))

    async def dead_letter(self, run_id: str, task_id: str) -> DeadLetter | None:
        """See `Store`."""
        found = await self._reader.ask(
            lambda connection: rows.find_dead_letters(connection, run_id, None, task_id)
        )
        return found[0] if found else None

    async def ask(self, request: Request) -> None:
        """See `Store`."""
        body = encode_json({**asdict(request), "kind": request.kind.value})
        sql = "INSERT OR IGNORE INTO requests (id, flow, body) VALUES (?, ?, ?)"
        await self._writer.commit(lambda batch: batch.execute(sql, request.id, request.flow, body))

    async def requests(self, flow: str) -> list[Request]:
        """See `Store`; costs next to nothing while no other process has written."""

        def find(connection: sqlite3.Connection) -> list[Request]:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version == self._seen_changes.get(flow):
                return []
            found = rows.find_requests(connection, flow)
            self._seen_changes[flow] = version
            return found

        return await self._reader.ask(find)

    async def answer(self, request_id: str, refusal: str = "") -> None:
        """See `Store`."""

        def add(batch: Batch) -> None:
            batch.answer(request_id, refusal)
            batch.execute(
                """
                DELETE FROM requests WHERE refusal IS NOT NULL
                AND position <= (SELECT max(position) FROM requests) - ?
                """,
                _ANSWERED_KEPT,
            )

        await self._writer.commit(add)

    async def answered(self, request_id: str) -> str | None:
        """See `Store`."""

        def find(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT refusal FROM requests WHERE id = ?", (request_id,)).fetchone()
            return "" if row is None else row[0]

        return await self._reader.ask(find)

    async def executors(self, flow: str) -> tuple[Executor, ...]:
        """See `Store`."""
        process = await asyncio.to_thread(locking_process, self.path, flow)
        return () if process is None else (Executor(process, is_self=process == os.getpid()),)

    async def recorded_runs(self, flow: str, ended_before_ns: int, limit: int) -> list[str]:
        """See `Store`."""
        sql = "SELECT id FROM runs WHERE flow = ? AND is_recorded = 1 AND ended_at < ? LIMIT ?"
        values = flow, ended_before_ns, limit
        return await self._reader.ask(
            lambda connection: [id_ for (id_,) in connection.execute(sql, values)],
        )

    async def forget_rows(self, run_ids: Sequence[str]) -> None:
        """See `Store`."""

        def add(batch: Batch) -> None:
            for id_ in run_ids:
                batch.execute("UPDATE runs SET is_recorded = 0 WHERE id = ? AND ended_at IS NOT NULL", id_)

        await self._writer.commit(add)

    async def prune(self, keep_ns: int | None, keep_runs: int | None, now_ns: int) -> int:
        """See `Store`."""
        removed = await self._reader.ask(lambda connection: prune(connection, keep_ns, keep_runs, now_ns))

        def add(batch: Batch) -> None:
            for id_ in removed:
                batch.execute("DELETE FROM run_errors WHERE run_id = ?", id_)
                batch.execute("DELETE FROM dedupe_keys WHERE run_id = ?", id_)
                batch.execute("DELETE FROM profiles WHERE run_id = ?", id_)
                batch.execute("DELETE FROM runs WHERE id = ?", id_)
            for _ in range(_SHRUNK_PAGES):  # a page each: Python takes one step of it and no more
                batch.execute("PRAGMA incremental_vacuum(1)")

        if removed:
            await self._writer.commit(add)
        return len(removed)

    async def close(self) -> None:
        """See `Store`."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            async with AsyncExitStack() as releasing:
                for flow in self._locks:
                    releasing.push_async_callback(self.release, flow)
        finally:
            await self._writer.close()
            self._reader.close()

    async def watch(self) -> None:
        """See `Store`."""
        await asyncio.shield(self._writer.failed)

    async def _decide(self, changes: Changes, answers: str | None = None) -> Committed:
        committed = changes.committed  # before others decide about the same run

        def add(batch: Batch) -> None:
            batch.add(changes, {})
            batch.answer(answers)

        (written,) = await self._write(add, committed)
        return written

    async def _write(self, add: Callable[[Batch], None], *decided: Committed) -> list[Committed]:
        """Make decisions durable; a run that ended with one is forgotten, also by one who gave up waiting."""
        try:
            await self._writer.commit(add)
        finally:
            for committed in decided:
                run = committed.ended
                if run is not None and run.status is not RunStatus.RUNNING:
                    self._ledger.forget(run.id)
        return [_still(committed) for committed in decided]

    def _check_executes(self, flow: str) -> None:
        if flow not in self._locks:
            raise InternalError(f"this process does not execute flow `{flow}`")


def _still(committed: Committed) -> Committed:
    """A run that ended is open again where one of its dead letters was tried again meanwhile."""
    run = committed.ended
    return (
        replace(committed, ended=None) if run is not None and run.status is RunStatus.RUNNING else committed
    )
