"""What a flow's journal comes to: the same state in every process that has applied as much of it."""

import logging
from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec
from msgspec.structs import replace

from headrace.errors import HeadraceError, InternalError
from headrace.store.caller import Caller
from headrace.store.encoding import EncodedOutcome, decode_error, decode_outcome, decode_task
from headrace.store.journal import event as events
from headrace.store.journal.change import Applied, EndedRun, KeptLetter, RunChange
from headrace.store.journal.claim import Claims
from headrace.store.journal.desk import Desk
from headrace.store.journal.record import copy_run, decode_ended
from headrace.store.ledger import Ledger
from headrace.store.records import (
    Attempt,
    Committed,
    Fired,
    FireRequest,
    OpenRun,
    Outcome,
    PastRun,
    RunRecord,
    RunStatus,
)
from headrace.store.request import Request
from headrace.store.run import Changes, RunState
from headrace.values import Json

__all__ = ["STALE", "Replica"]

_log = logging.getLogger(__name__)

STALE = "stale"
"""Why a firing was not decided: its trigger has changed meanwhile; its author may look and try again."""

_Told = tuple[object, tuple[RunChange, ...]]


class Replica(msgspec.Struct):
    """The state of a flow after some part of its journal.

    Attributes:
        sequence: of the last message that was applied.
        compacted: the place of the last snapshot of which the journal tells.
        ledger: unfinished runs, and triggers.
        claims: who executes which task.
        began_ns: of each unfinished run, `Claims.alive_ns` when it began, from where its time counts.
        switches: of triggers, by people.
        state: what nodes keep, by key.
        keys: the runs of dedupe keys, by trigger and key.
        letters: dead letters by the ids of their tasks, the oldest first.
        past: all runs that have ended, by id.
        ended: those of them that are not in the history yet.
        recorded: unfinished runs whose tasks may have rows in a target.
        responses: of unfinished runs that have a dedupe key; null before there is one.
        callers: the processes that hold the connections of callers, by run.
        desk: what is asked of those who execute the flow.
    """

    flow: str
    sequence: int = 0
    compacted: int = 0
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    claims: Claims = msgspec.field(default_factory=Claims)
    began_ns: dict[str, int] = msgspec.field(default_factory=dict)
    switches: dict[str, bool] = msgspec.field(default_factory=dict)
    state: dict[str, Json] = msgspec.field(default_factory=dict)
    keys: dict[tuple[str, str], str] = msgspec.field(default_factory=dict)
    letters: dict[str, KeptLetter] = msgspec.field(default_factory=dict)
    last_position: int = 0
    past: dict[str, PastRun] = msgspec.field(default_factory=dict)
    ended: dict[str, EndedRun] = msgspec.field(default_factory=dict)
    recorded: set[str] = msgspec.field(default_factory=set)
    responses: dict[str, Json] = msgspec.field(default_factory=dict)
    callers: dict[str, str] = msgspec.field(default_factory=dict)
    desk: Desk = msgspec.field(default_factory=Desk)

    def apply(
        self, batch: events.Batch, sequence: int, at_ns: int, outcomes: dict[str, Outcome] | None = None
    ) -> list[Applied]:
        """Apply the next message of the journal.

        Args:
            batch: the message.
            sequence: its place in the journal.
            at_ns: the journal's time for it.
            outcomes: of tasks that this process ended in it, by id, which need not be decoded then.

        Returns:
            What became of each event; nothing if the batch was in the journal before.
        """
        self.sequence = sequence
        if not self.claims.is_new(batch, at_ns):
            return []
        applied = []
        for event in batch.events:
            try:
                result, changes = self._apply(batch.author, event, outcomes or {})
            except Exception as error:  # noqa: BLE001 - else one bug would end every process, at each start
                result, changes = _failure(error), ()
            applied.append(Applied(event, batch.author, result, changes))
        return applied

    def open_runs(self) -> tuple[OpenRun, ...]:
        """The unfinished runs, the oldest first."""
        return tuple(replace(each, run=self.told(each.run)) for each in self.ledger.open_runs(self.flow))

    def runs(self) -> Iterator[RunRecord | PastRun]:
        """The runs that there are, to choose from."""
        return chain((state.record for state in self.ledger.runs.values()), self.past.values())

    def run(self, run_id: str) -> RunRecord | None:
        """A run as it is now; None if it is the history that has it."""
        if (state := self.ledger.runs.get(run_id)) is not None:
            return self.told(state.record)
        return None if (ended := self.ended.get(run_id)) is None else ended.run

    def told(self, run: RunRecord) -> RunRecord:
        """A run for somebody who keeps or changes it, with the time that was worked on it."""
        copied = copy_run(run)
        if run.id in self.began_ns:
            copied.worked_ns = self.claims.alive_ns - self.began_ns[run.id]
        return copied

    def _apply(self, author: str, event: events.Event, outcomes: dict[str, Outcome]) -> _Told:
        match event:
            case events.Committed():
                return self._committed(author, event, outcomes.get(event.task_id))
            case events.Claimed():
                return self._claimed(author, event), ()
            case events.Fired():
                return self._fired(author, event)
            case events.Retried():
                return self._retried(author, event)
            case events.Buried():
                return self._buried(author, event)
            case events.Revived():
                return self._revived(event)
            case events.Cancelled():
                return self._cancelled(author, event)
            case events.Dropped():
                return self._dropped(event.run_id, event.task_id, event.now_ns)
            case events.Joined() | events.Left() | events.Lost() | events.Followed():
                return self._moved(author, event)
            case _:
                return self._noted(event), ()

    def _noted(self, event: events.Event) -> object:
        """An event that changes nothing of an unfinished run."""
        match event:
            case events.Activated(trigger, schedule, now_ns, emit_on_start):
                return self.ledger.activate(self.flow, trigger, schedule, now_ns, emit_on_start=emit_on_start)
            case events.Deactivated():
                return self.ledger.deactivate(self.flow, event.trigger)
            case events.Switched():
                self.switches.pop(event.trigger, None)
                if event.is_on is not None:
                    self.switches[event.trigger] = event.is_on
            case events.Discarded():
                self.desk.answer(event.answers)
                return self.letters.pop(event.task_id, None) is not None
            case events.Settled():
                self._settle(event.run_id, event.caller)
            case events.Forgotten():
                self._forget(frozenset(event.run_ids))
            case events.Swept():
                for run_id in self.past.keys() & set(event.run_ids):
                    self.past[run_id] = replace(self.past[run_id], is_recorded=False)
            case events.Compacted():
                self._compact(event.sequence)
            case events.Asked():
                self.desk.ask(Request(flow=self.flow, **msgspec.structs.asdict(event)))
            case events.Answered():
                self.desk.answer(event.id, event.refusal)
            case _:
                raise InternalError(f"no event of a journal: {event!r}")
        return None

    # ---- runs

    def _fired(self, author: str, event: events.Fired) -> _Told:
        trigger = self.ledger.triggers.get((self.flow, event.trigger))
        if event.dedupe_key is not None and (event.trigger, event.dedupe_key) in self.keys:
            return Fired(reason="repeated", repeats=self.keys[event.trigger, event.dedupe_key]), ()
        if event.run_id in self.ledger.runs or event.run_id in self.ended:
            return Fired(reason="duplicate"), ()
        if not event.on_request and (trigger is None or trigger.revision != event.revision):
            return Fired(reason=STALE), ()
        fired, changes = self.ledger.fire(self._request(author, event))
        if event.on_request:
            self.desk.answer(event.run_id)  # where another process asked for it, under the run's id
        if fired.run is None or fired.task is None:
            return fired, ()
        self.began_ns[event.run_id] = self.claims.alive_ns
        if event.dedupe_key is not None:
            self.keys[event.trigger, event.dedupe_key] = event.run_id
            self.responses[event.run_id] = None
        if event.has_caller:
            self.callers[event.run_id] = author
        if event.goes_on:
            self.claims.claim(author, event.run_id, fired.task.id)
        told = tuple(self._changed(each, is_cancelled=True) for each in changes[:-1])
        begun = self.told(fired.run)
        opened = RunChange(event.run_id, begun=begun, opened=((fired.task, Attempt()),))
        superseded = {
            run_id: self._committed_as(each, change)
            for run_id, each, change in zip(fired.superseded, changes, told, strict=False)
        }
        return replace(fired, run=begun, superseded=superseded), (*told, opened)

    def _request(self, author: str, event: events.Fired) -> FireRequest:
        return FireRequest(
            flow=self.flow,
            version=event.version,
            trigger=event.trigger,
            port=event.port,
            run_id=event.run_id,
            scheduled_at_ns=event.scheduled_at_ns,
            fired_at_ns=event.fired_at_ns,
            vars=event.vars,
            message=lambda tick: event.message,
            on_request=event.on_request,
            overlap=event.overlap,
            max_firings=event.max_firings,
            queued=event.queued,
            waits=event.waits,
            has_caller=event.has_caller,
            cut_off=lambda run_id: self._kept(author, run_id, event.kept.get(run_id, ())),
        )

    def _kept(self, author: str, run_id: str, own: Iterable[str]) -> frozenset[str]:
        """Tasks that are decided after their run was cancelled: what others execute, and these."""
        others = (
            task_id
            for member, held in self.claims.held.items()
            if member != author
            for task_id, run in held.items()
            if run == run_id
        )
        return frozenset((*others, *own))

    def _claimed(self, author: str, event: events.Claimed) -> Attempt | None:
        state = self.ledger.runs.get(event.run_id)
        if state is None or event.task_id not in state.open:
            return None
        if not self.claims.claim(author, event.run_id, event.task_id, event.concurrency):
            return None
        return state.open[event.task_id][1]

    def _committed(self, author: str, event: events.Committed, outcome: Outcome | None) -> _Told:
        state = self._decided_by(author, event.run_id, event.task_id)
        if state is None:
            return Committed(), ()
        task, _ = state.open[event.task_id]
        encoded = EncodedOutcome(outcome, {}) if outcome is not None else decode_outcome(bytes(event.outcome))
        changes = self.ledger.commit(task, encoded, event.now_ns)
        for key, value in changes.state.items():
            self.state.pop(key, None)
            if value is not None:
                self.state[key] = value
        if event.is_recorded:
            self.recorded.add(event.run_id)
        if changes.response is not None and event.run_id in self.responses:
            self.responses[event.run_id] = changes.response
        following = next((new for new in changes.opened if new.lane is None), None)
        change = self._changed(changes)
        if event.goes_on and following is not None and state.ends_as is None:
            self.claims.claim(author, event.run_id, following.id)
        return self._committed_as(changes, change), (change,)

    def _retried(self, author: str, event: events.Retried) -> _Told:
        state = self._decided_by(author, event.run_id, event.task_id)
        if state is None:
            return Committed(), ()
        task, _ = state.open[event.task_id]
        error = None if event.error == events.NOTHING else decode_error(bytes(event.error))
        changes, is_dropped = self.ledger.retry(task, event.attempt, error, event.now_ns)
        self.claims.release(event.task_id)
        change = self._changed(changes)
        if is_dropped:
            return self._committed_as(changes, change), (change,)
        return None, (replace(change, opened=((task, event.attempt),)),)

    def _buried(self, author: str, event: events.Buried) -> _Told:
        state = self._decided_by(author, event.run_id, event.task_id)
        if state is None:
            return Committed(), ()
        task, _ = state.open[event.task_id]
        changes = self.ledger.bury(task, event.attempts, decode_error(bytes(event.error)), event.now_ns)
        if changes.buried is not None:
            self.last_position = max(self.last_position + 1, self.claims.alive_at_ns)
            self.letters[event.task_id] = KeptLetter(
                event.run_id, changes.buried, self.last_position, self.sequence
            )
        change = self._changed(changes)
        return self._committed_as(changes, change), (change,)

    def _revived(self, event: events.Revived) -> _Told:
        if event.task_id not in self.letters:
            return None, ()
        ended = decode_ended(event.run)
        run_id = ended.run.id
        del self.letters[event.task_id]
        self.desk.answer(event.answers)
        self.ended.pop(run_id, None)
        past = self.past.pop(run_id, None)
        state = self.ledger.runs.get(run_id)
        record = ended.run if state is None else state.record
        if state is None:
            self.began_ns[run_id] = self.claims.alive_ns - record.worked_ns
            if past is not None and past.is_recorded:
                self.recorded.add(run_id)
            if run_id in self.keys.values():
                self.responses[run_id] = ended.response
        changes = self.ledger.reopen(record, decode_task(bytes(event.task)), event.version, event.vars)
        opened = tuple((each, Attempt(first=False)) for each in changes.opened)
        told = RunChange(run_id, begun=self.told(record), opened=opened)
        return OpenRun(self.told(record), opened), (told,)

    def _cancelled(self, author: str, event: events.Cancelled) -> _Told:
        error = None if event.error == events.NOTHING else decode_error(bytes(event.error))
        keep = self._kept(author, event.run_id, event.keep)
        changes = self.ledger.cancel(event.run_id, event.status, error, keep, event.now_ns)
        self.desk.answer(event.answers)
        if changes.run is None:
            return Committed(), ()
        change = self._changed(changes, is_cancelled=True)
        return self._committed_as(changes, change), (change,)

    def _dropped(self, run_id: str, task_id: str, now_ns: int) -> _Told:
        state = self.ledger.runs.get(run_id)
        if state is None or task_id not in state.open or state.ends_as is None:
            return Committed(), ()
        changes = self.ledger.drop(state.open[task_id][0], now_ns)
        change = self._changed(changes)
        return self._committed_as(changes, change), (change,)

    def _moved(
        self, author: str, event: events.Joined | events.Left | events.Lost | events.Followed
    ) -> _Told:
        """A member comes or goes, or fires triggers."""
        if isinstance(event, events.Joined):
            self.claims.join(author, event)
            return None, ()
        if isinstance(event, events.Followed):
            self.claims.follow(author, event, self.sequence)
            return None, ()
        member = event.member if isinstance(event, events.Lost) else author
        for run_id in [run for run, holder in self.callers.items() if holder == member]:
            self._settle(run_id, Caller.LOST)
        changes: list[RunChange] = []
        for task_id, run_id in self.claims.leave(member).items():
            state = self.ledger.runs[run_id]
            task, attempt = state.open[task_id]
            interruptions = attempt.interruptions + isinstance(event, events.Lost)
            left = replace(attempt, interruptions=interruptions, first=False)
            state.open[task_id] = task, left
            changes.append(RunChange(run_id, opened=((task, left),)))
        return None, tuple(changes)

    def _decided_by(self, author: str, run_id: str, task_id: str) -> RunState | None:
        """The run of an open task that an author may decide: nobody else has begun it since."""
        state = self.ledger.runs.get(run_id)
        if state is None or task_id not in state.open or not self.claims.decides(author, task_id):
            return None
        return state

    def _changed(self, changes: Changes, *, is_cancelled: bool = False) -> RunChange:
        """Take over what a decision changed besides the ledger, and tell it."""
        run = changes.run
        if run is None:
            return RunChange("")
        for task_id in changes.closed:
            self.claims.release(task_id)
        ended = None
        if run.status is not RunStatus.RUNNING:
            ended = self.told(run)
            self._end(run)
        return RunChange(
            run.id,
            opened=tuple((task, Attempt()) for task in changes.opened),
            closed=tuple(changes.closed),
            response=changes.response,
            errors=tuple(each.error for each in changes.errors),
            is_cancelled=is_cancelled,
            ended=ended,
        )

    def _end(self, run: RunRecord) -> None:
        run.worked_ns = self.claims.alive_ns - self.began_ns.pop(run.id, self.claims.alive_ns)
        self.ledger.forget(run.id)
        response = self.responses.pop(run.id, None)
        self.ended[run.id] = EndedRun(run, response, self.sequence)
        self.past[run.id] = PastRun(
            run.id,
            run.flow,
            run.trigger,
            run.status,
            run.started_at_ns,
            run.ended_at_ns or run.started_at_ns,
            run.id in self.recorded,
        )
        self.recorded.discard(run.id)

    @staticmethod
    def _committed_as(changes: Changes, change: RunChange) -> Committed:
        return replace(changes.committed, ended=change.ended)

    # ---- what is forgotten

    def _settle(self, run_id: str, caller: Caller) -> None:
        self.callers.pop(run_id, None)
        state, ended = self.ledger.runs.get(run_id), self.ended.get(run_id)
        if state is not None:
            state.record.caller = caller
        if ended is not None:
            ended.run.caller = caller

    def _forget(self, run_ids: frozenset[str]) -> None:
        """Ended runs are forgotten; one that goes on again is not."""
        gone = run_ids - self.ledger.runs.keys()
        for run_id in gone:
            self.past.pop(run_id, None)
            self.ended.pop(run_id, None)
        self.keys = {key: run_id for key, run_id in self.keys.items() if run_id not in gone}

    def _compact(self, sequence: int) -> None:
        """The history has what was at a place of the journal, but not what becomes of callers who wait."""
        self.compacted = max(self.compacted, sequence)
        self.ended = {
            id_: each
            for id_, each in self.ended.items()
            if each.sequence > sequence or each.run.caller is Caller.WAITS
        }
        for task_id, kept in self.letters.items():
            if kept.sequence <= sequence and kept.letter is not None:
                self.letters[task_id] = replace(kept, letter=None)


def _failure(error: Exception) -> HeadraceError:
    """What the author of an event is told; the same comes of it in every process."""
    if isinstance(error, HeadraceError):
        return error
    _log.error("an event of a journal could not be applied: %r", error, exc_info=error)
    return InternalError(f"the store cannot take this: {error!r}")
