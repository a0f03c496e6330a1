"""The store of many processes on many machines."""

import asyncio
import contextlib
import os
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from headrace.store.caller import Caller
from headrace.store.encoding import EncodedOutcome, encode_error, encode_measured, encode_outcome, encode_task
from headrace.store.executor import Executor
from headrace.store.firing import decide
from headrace.store.jetstream.care import Care
from headrace.store.jetstream.connection import CONNECT_S, Connection
from headrace.store.jetstream.history import History
from headrace.store.jetstream.journal import FlowJournal
from headrace.store.jetstream.lookup import Lookup
from headrace.store.jetstream.place import Place
from headrace.store.jetstream.presence import GONE_AFTER_S, Presence, here
from headrace.store.jetstream.sayings import Sayings
from headrace.store.jetstream.share import Share
from headrace.store.jetstream.snapshots import Snapshots
from headrace.store.jetstream.values import Values
from headrace.store.journal import event as events
from headrace.store.journal.change import Applied
from headrace.store.journal.record import encode_ended
from headrace.store.journal.replica import STALE, Replica
from headrace.store.ledger import revived_task
from headrace.store.limit import MAX_MESSAGE_BYTES
from headrace.store.records import (
    Adoption,
    Attempt,
    Committed,
    ErrorRecord,
    Fired,
    FireRequest,
    OpenRun,
    Outcome,
    RunStatus,
    TaskRecord,
    TriggerRecord,
    VersionRecord,
)
from headrace.store.request import Request, Revival
from headrace.values import Json

__all__ = ["JetStreamStore"]

_PATIENCE_S = 300.0
"""How long NATS may be away before the store has failed: long enough for an update of its servers."""
_PRUNED_AT_ONCE = 500
_ANY_NUMBER = 2**31
_REMEMBERED = 100_000
"""Runs whose flows are known without a look; far more than are open at once."""


class JetStreamStore(Lookup):
    """See `Store`: any number of processes execute a flow together.

    What is decided is in the flow's journal before a method returns, and everybody has it from there.
    """

    def __init__(
        self, connection: Connection, history: History, snapshots: Snapshots, patience_s: float
    ) -> None:
        super().__init__(connection, history, snapshots, uuid.uuid4().hex[:16], patience_s)
        self._presence = Presence(connection.place, connection, self._author)
        self._joined: set[str] = set()
        self._care = Care(self._author, connection, self._presence, snapshots, self._executed)
        self._caring: asyncio.Task[None] | None = None
        self._asked: dict[str, str] = {}
        self.sharing = Share(
            self._author,
            self._journal_of,
            self._executed,
            Sayings(connection, self._author),
            self._journals,
            self._journal,
            lambda flow: self._ask(lambda: self._history.latest_version(flow)),
        )
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        place: Place,
        patience_s: float = _PATIENCE_S,
        connect_s: float = CONNECT_S,
        *,
        is_new: bool = True,
    ) -> "JetStreamStore":
        """Connect, and make the store's buckets if they are not there.

        Args:
            place: where it is.
            patience_s: how long NATS may be away before the store has failed.
            connect_s: how long it may be away at first.
            is_new: whether it is made where it is not there.

        Raises:
            UsageError: it is not there.
            StoreError: nobody answers there, refuses us, or is too old.
        """
        connection = await Connection.open(place, patience_s, connect_s)
        try:
            if not is_new:
                await connection.check_is_there()
            history = History(Values(connection, await connection.bucket("history"), "history"))
            snapshots = Values(connection, await connection.bucket("snapshots"), "snapshots")
        except BaseException:
            await connection.close()
            raise
        return cls(connection, history, Snapshots(connection, snapshots, history), patience_s)

    # ---- flows

    async def adopt(self, version: VersionRecord) -> Adoption:
        """See `Store`. Others may execute the flow as well, this version or another."""
        replica = (await self._join(version.flow)).replica
        await self._ask(lambda: self._history.keep_version(version))
        await self._ask(lambda: self._history.keep_flow(version.flow, version.path))
        return Adoption(replica.open_runs())

    async def hold(self, flow: str) -> tuple[OpenRun, ...]:
        """See `Store`."""
        return (await self._join(flow)).replica.open_runs()

    async def release(self, flow: str) -> None:
        """See `Store`."""
        if flow in self._joined:
            self._joined.discard(flow)
            with contextlib.suppress(TimeoutError):  # what cannot be told now others see soon
                async with asyncio.timeout(GONE_AFTER_S):
                    await self._journals[flow].write(events.Left())

    async def executors(self, flow: str) -> tuple[Executor, ...]:
        """See `Store`; those that show life, the earliest first."""
        members = list((await self._replica(flow)).claims.members.items())
        others = [each for each in members if each[0] != self._author]
        alive = await asyncio.gather(*(self._presence.shows_life(*each) for each in others))
        there = {self._author, *(author for (author, _), lives in zip(others, alive, strict=True) if lives)}
        return tuple(
            Executor(member.pid, member.host.partition(" ")[0], author == self._author)
            for author, member in members
            if author in there
        )

    # ---- triggers

    async def activate(
        self, flow: str, trigger: str, schedule: str, now_ns: int, *, emit_on_start: bool = False
    ) -> TriggerRecord:
        """See `Store`."""
        event = events.Activated(trigger, schedule, now_ns, emit_on_start)
        record: TriggerRecord = await self._write(flow, event)
        return record

    async def deactivate(self, flow: str, trigger: str) -> None:
        """See `Store`."""
        await self._write(flow, events.Deactivated(trigger))

    async def trigger(self, flow: str, trigger: str) -> TriggerRecord | None:
        """See `Store`."""
        return (await self._replica(flow)).ledger.triggers.get((flow, trigger))

    async def switch(self, flow: str, trigger: str, is_on: bool | None) -> None:
        """See `Store`."""
        await self._write(flow, events.Switched(trigger, is_on))

    async def switches(self, flow: str) -> dict[str, bool]:
        """See `Store`."""
        return dict((await self._replica(flow)).switches)

    async def fire(self, request: FireRequest) -> Fired:
        """See `Store`. Of several processes that fire the same time the first in the journal does."""
        replica = await self._replica(request.flow)
        while True:
            event = self._firing(replica, request)
            if isinstance(event, Fired):
                return event
            fired: Fired = await self._write(request.flow, event)
            if fired.reason != STALE:
                return fired

    def _firing(self, replica: Replica, request: FireRequest) -> events.Fired | Fired:
        """The event with which a firing is tried; or what becomes of it, if nothing does."""
        key = request.flow, request.trigger
        trigger = replica.ledger.triggers.get(key)
        running = tuple(
            id_ for id_, state in replica.ledger.runs.items() if state.record.trigger == request.trigger
        )
        decision = decide(trigger, request, running)
        if decision.reason in ("duplicate", "stopped", "waits"):
            return Fired(reason=decision.reason)
        message = None if decision.tick is None else request.message(decision.tick)
        task = TaskRecord(
            f"{request.run_id}.0", request.run_id, request.trigger, request.port, message, message
        )
        encode_measured(task, MAX_MESSAGE_BYTES)
        return events.Fired(
            version=request.version,
            trigger=request.trigger,
            port=request.port,
            run_id=request.run_id,
            scheduled_at_ns=request.scheduled_at_ns,
            fired_at_ns=request.fired_at_ns,
            vars=request.vars,
            message=message,
            revision=None if request.on_request or trigger is None else trigger.revision,
            overlap=request.overlap,
            max_firings=request.max_firings,
            queued=request.queued,
            waits=request.waits,
            has_caller=request.has_caller,
            dedupe_key=request.dedupe_key,
            kept={id_: sorted(request.cut_off(id_)) for id_ in decision.superseded},
            goes_on=self.sharing.has_room(),
        )

    # ---- tasks

    def encode(self, outcome: Outcome) -> EncodedOutcome:
        """See `Store`."""
        return encode_outcome(outcome, MAX_MESSAGE_BYTES)

    async def begin(self, task: TaskRecord, *, durably: bool) -> None:
        """See `Store`."""
        if await self._flow(task.run_id) is not None:
            await self.sharing.claim(task, _ANY_NUMBER)

    async def commit(
        self, task: TaskRecord, outcome: EncodedOutcome, now_ns: int, *, is_recorded: bool
    ) -> Committed:
        """See `Store`."""
        flow = await self._flow(task.run_id)
        if flow is None:
            return Committed()
        event = events.Committed(
            task.run_id,
            task.id,
            msgspec.Raw(outcome.record()),
            now_ns,
            is_recorded=is_recorded,
            goes_on=self.sharing.has_room(),
        )
        journal = self._journals[flow]
        committed: Committed = await journal.write(event, (task.id, outcome.outcome))
        return committed

    async def retry(
        self, task: TaskRecord, attempt: Attempt, error: ErrorRecord | None, now_ns: int
    ) -> Committed | None:
        """See `Store`."""
        raw = events.NOTHING if error is None else msgspec.Raw(encode_error(error))
        event = events.Retried(task.run_id, task.id, attempt, now_ns, raw)
        committed: Committed | None = await self._write_of(task.run_id, event, Committed())
        return committed

    async def bury(self, task: TaskRecord, attempts: int, error: ErrorRecord, now_ns: int) -> Committed:
        """See `Store`."""
        raw = msgspec.Raw(encode_error(error))
        event = events.Buried(task.run_id, task.id, attempts, raw, now_ns)
        committed: Committed = await self._write_of(task.run_id, event, Committed())
        return committed

    async def drop(self, task: TaskRecord, now_ns: int) -> Committed:
        """See `Store`."""
        event = events.Dropped(task.run_id, task.id, now_ns)
        committed: Committed = await self._write_of(task.run_id, event, Committed())
        return committed

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
        """See `Store`. What other processes execute of the run is kept, too, until they have cut it off."""
        raw = events.NOTHING if error is None else msgspec.Raw(encode_error(error))
        event = events.Cancelled(run_id, status, sorted(keep), now_ns, raw, answers)
        committed: Committed = await self._write_of(run_id, event, Committed())
        return committed

    async def revive(self, revival: Revival) -> OpenRun | None:
        """See `Store`."""
        flow = await self._flow(revival.run_id)
        letter = await self.dead_letter(revival.run_id, revival.task_id)
        ended = None if flow is None else await self._ended(flow, revival.run_id)
        if flow is None or letter is None or ended is None:
            return None
        event = events.Revived(
            revival.task_id,
            msgspec.Raw(encode_task(revived_task(revival, letter))),
            msgspec.Raw(encode_ended(ended)),
            revival.version,
            revival.vars,
            revival.answers,
        )
        revived: OpenRun | None = await self._write(flow, event)
        if revived is not None:
            await self._ask(lambda: self._history.forget_letter(flow, revival.task_id))
        return revived

    async def discard(self, run_id: str, task_id: str, *, answers: str | None = None) -> bool:
        """See `Store`."""
        flow = await self._flow(run_id)
        kept = None if flow is None else (await self._replica(flow)).letters.get(task_id)
        if flow is None or kept is None or kept.run_id != run_id:
            return False
        was_there: bool = await self._write(flow, events.Discarded(task_id, answers))
        await self._ask(lambda: self._history.forget_letter(flow, task_id))
        return was_there

    async def state(self, flow: str, key: str) -> Json:
        """See `Store`."""
        return (await self._replica(flow)).state.get(key)

    async def settle(self, run_id: str, caller: Caller) -> None:
        """See `Store`."""
        flow = await self._flow(run_id)
        if flow is not None:
            await self._write(flow, events.Settled(run_id, caller))

    async def response(self, run_id: str) -> Json:
        """See `Store`."""
        flow = await self._flow(run_id)
        if flow is None:
            return None
        response = (await self._replica(flow)).responses.get(run_id)
        if response is not None:
            return response
        ended = await self._ended(flow, run_id)
        return None if ended is None else ended.response

    # ---- requests

    async def ask(self, request: Request) -> None:
        """See `Store`."""
        self._asked[request.id] = request.flow
        fields = msgspec.structs.asdict(request)
        del fields["flow"]
        await self._write(request.flow, events.Asked(**fields))

    async def requests(self, flow: str) -> list[Request]:
        """See `Store`."""
        return list((await self._replica(flow)).desk.waiting.values())

    async def answer(self, request_id: str, refusal: str = "") -> None:
        """See `Store`."""
        for flow, journal in list(self._journals.items()):
            if request_id in journal.replica.desk.waiting:
                await self._write(flow, events.Answered(request_id, refusal))

    async def answered(self, request_id: str) -> str | None:
        """See `Store`."""
        flow = self._asked.get(request_id)
        for each in [flow] if flow is not None else await self.flows():
            desk = (await self._replica(each)).desk
            if request_id in desk.waiting:
                return None
            if request_id in desk.answers:
                return desk.answers[request_id]
        return ""

    # ---- what is forgotten

    async def forget_rows(self, run_ids: Sequence[str]) -> None:
        """See `Store`."""
        swept: dict[str, list[str]] = {}
        for run_id in run_ids:
            if (flow := await self._flow(run_id)) is not None:
                swept.setdefault(flow, []).append(run_id)
        for flow, ids in swept.items():
            await self._write(flow, events.Swept(ids))

    async def prune(self, keep_ns: int | None, keep_runs: int | None, now_ns: int) -> int:
        """See `Store`."""
        removed = 0
        for flow in await self.flows():
            replica = await self._replica(flow)
            with_letters = {kept.run_id for kept in replica.letters.values()}
            latest = sorted(replica.past.values(), key=lambda run: (-run.started_at_ns, run.id))
            old = [
                run.id
                for number, run in enumerate(latest)
                if run.id not in with_letters
                and (
                    (keep_ns is not None and run.ended_at_ns < now_ns - keep_ns)
                    or (keep_runs is not None and number >= keep_runs)
                )
            ][:_PRUNED_AT_ONCE]
            if old:
                await self._write(flow, events.Forgotten(old))
                for run_id in old:
                    await self._forget_run(flow, run_id)
            removed += len(old)
        return removed

    async def _forget_run(self, flow: str, run_id: str) -> None:
        await self._ask(lambda: self._history.forget_run(flow, run_id))
        self._flow_of.pop(run_id, None)

    # ---- life

    async def watch(self) -> None:
        """See `Store`."""
        await asyncio.shield(self._failed)

    async def close(self) -> None:
        """See `Store`."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._caring is not None:
            self._caring.cancel()
            await asyncio.wait([self._caring])
        try:
            if not self._failed.done():
                for flow in list(self._joined):
                    await self.release(flow)
        finally:
            await self._presence.stop()
            for journal in self._journals.values():
                await journal.close()
            await self._connection.close()

    async def _join(self, flow: str) -> FlowJournal:
        """Execute a flow from now on."""
        journal = await self._journal(flow)
        if flow not in self._joined:
            if self._caring is None:
                await self._presence.start()
                self._caring = asyncio.create_task(self._care.run())
                self._caring.add_done_callback(self._ended_with)
            await self._care.bury_dead(journal, surely=False)
            await journal.write(events.Joined(here(), os.getpid()))
            self._joined.add(flow)
        return journal

    def _executed(self) -> list[FlowJournal]:
        """The journals of the flows that this process executes."""
        return [self._journals[flow] for flow in self._joined]

    async def _write(self, flow: str, event: events.Event) -> Any:  # noqa: ANN401 - as the event is
        return await (await self._journal(flow)).write(event)

    async def _write_of(self, run_id: str, event: events.Event, default: Committed) -> Any:  # noqa: ANN401 - as the event is
        """Write an event about a run; gives `default` if there is no such run."""
        flow = await self._flow(run_id)
        return default if flow is None else await self._write(flow, event)

    def _journal_of(self, run_id: str) -> FlowJournal | None:
        if (flow := self._flow_of.get(run_id)) is not None:
            return self._journals.get(flow)
        having = (each for each in self._journals.values() if run_id in each.replica.ledger.runs)
        return next(having, None)

    def _applied(self, journal: FlowJournal, applied: Sequence[Applied]) -> None:
        for each in applied:
            for change in each.changes:
                self._flow_of.setdefault(change.run_id, journal.flow)
        while len(self._flow_of) > _REMEMBERED:
            del self._flow_of[next(iter(self._flow_of))]
        if journal.flow in self._joined:
            self.sharing.tell(journal.flow, applied)

    def _opened(self, journal: FlowJournal) -> None:
        journal.running.add_done_callback(self._ended_with)

    def _ended_with(self, task: "asyncio.Task[None]") -> None:
        """What must go on has ended: the store has failed, unless it was closed."""
        if self._failed.done() or task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._failed.set_exception(error)
            self._failed.exception()  # nobody may be watching
