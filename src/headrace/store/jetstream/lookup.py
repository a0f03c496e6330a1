"""What a JetStream store tells: from the replicas of journals, and from the history beside them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from headrace.store.jetstream.connection import Connection
from headrace.store.jetstream.history import History
from headrace.store.jetstream.journal import FlowJournal
from headrace.store.jetstream.snapshots import Snapshots
from headrace.store.journal.change import Applied, EndedRun
from headrace.store.journal.replica import Replica
from headrace.store.notice import Notice
from headrace.store.records import (
    Attempt,
    DeadLetter,
    OpenRun,
    PastRun,
    RunRecord,
    TaskRecord,
    VersionRecord,
)
from headrace.store.request import ALL_RUNS, LetterFilter, LetterPage, RunFilter

__all__ = ["Lookup"]

Value = TypeVar("Value")


class Lookup:
    """Follows the journals that are asked for, and knows which flow a run is of."""

    def __init__(
        self, connection: Connection, history: History, snapshots: Snapshots, author: str, patience_s: float
    ) -> None:
        self._connection = connection
        self._history = history
        self._snapshots = snapshots
        self._author = author
        self._patience_s = patience_s
        self._journals: dict[str, FlowJournal] = {}
        self._opening = asyncio.Lock()
        self._flow_of: dict[str, str] = {}

    # ---- runs

    async def version(self, flow: str, version: str) -> VersionRecord | None:
        """See `Store`."""
        return await self._ask(lambda: self._history.version(flow, version))

    async def flows(self) -> dict[str, str]:
        """See `Store`."""
        return await self._ask(lambda: self._history.flows())

    async def run(self, run_id: str) -> RunRecord | None:
        """See `Store`."""
        flow = await self._flow(run_id)
        ended = None if flow is None else await self._ended(flow, run_id)
        return None if ended is None else ended.run

    async def runs(self, wanted: RunFilter = ALL_RUNS) -> list[RunRecord]:
        """See `Store`."""
        replicas = {flow: await self._replica(flow) for flow in await self._flows(wanted.flow)}
        chosen = wanted.chosen(run for replica in replicas.values() for run in replica.runs())
        found = {each.id: replicas[each.flow].run(each.id) for each in chosen}
        past = [each for each in chosen if isinstance(each, PastRun) and found[each.id] is None]
        found |= await self._ask(lambda: self._history.runs(past))
        runs = (found[each.id] for each in chosen)  # one that was forgotten meanwhile is not found
        return [msgspec.structs.replace(run, errors=[]) for run in runs if run is not None]

    async def open_runs(self, flow: str) -> list[OpenRun]:
        """See `Store`."""
        return list((await self._replica(flow)).open_runs())

    async def open_tasks(self, run_id: str) -> list[tuple[TaskRecord, Attempt]]:
        """See `Store`."""
        flow = await self._flow(run_id)
        state = None if flow is None else (await self._replica(flow)).ledger.runs.get(run_id)
        return [] if state is None else list(state.open.values())

    async def open_count(self, run_id: str) -> int:
        """See `Store`."""
        return len(await self.open_tasks(run_id))

    async def recorded_runs(self, flow: str, ended_before_ns: int, limit: int) -> list[str]:
        """See `Store`."""
        past = (await self._replica(flow)).past.values()
        return [run.id for run in past if run.is_recorded and run.ended_at_ns < ended_before_ns][:limit]

    async def keep_profile(self, run_id: str, profile: bytes) -> None:
        """See `Store`."""
        flow = await self._flow(run_id)
        if flow is not None:
            await self._ask(lambda: self._history.keep_profile(flow, run_id, self._author, profile))

    async def profiles(self, run_id: str) -> dict[str, bytes]:
        """See `Store`."""
        flow = await self._flow(run_id)
        return {} if flow is None else await self._ask(lambda: self._history.profiles(flow, run_id))

    # ---- dead letters

    async def dead_letters(self, run_id: str | None = None, flow: str | None = None) -> list[DeadLetter]:
        """See `Store`."""
        wanted = LetterFilter(flow=flow, run_id=run_id)
        return [letter for _, letter in await self._letters(wanted)]

    async def letters(self, wanted: LetterFilter) -> LetterPage:
        """See `Store`."""
        if wanted.looks_inside:
            return LetterPage.of((await self._letters(wanted))[::-1], wanted)
        known = [
            (kept.position, (flow, task_id, kept.letter))
            for flow in await self._flows(wanted.flow)
            for task_id, kept in (await self._replica(flow)).letters.items()
            if wanted.run_id in (None, kept.run_id)
        ]
        shown, following = wanted.page(sorted(known, key=lambda each: -each[0]))
        keys = [(flow, task_id) for flow, task_id, letter in shown if letter is None]
        written = await self._ask(lambda: self._history.letters_of(keys))
        letters = (letter or written.get(task_id) for _, task_id, letter in shown)
        return LetterPage(tuple(each for each in letters if each is not None), following, len(known))

    async def dead_letter(self, run_id: str, task_id: str) -> DeadLetter | None:
        """See `Store`."""
        flow = await self._flow(run_id)
        kept = None if flow is None else (await self._replica(flow)).letters.get(task_id)
        if flow is None or kept is None or kept.run_id != run_id:
            return None
        if kept.letter is not None:
            return kept.letter
        return await self._ask(lambda: self._history.letter(flow, task_id))

    async def _letters(self, wanted: LetterFilter) -> list[tuple[int, DeadLetter]]:
        """Those that are wanted, wherever the page begins, with their positions; the oldest first."""
        found: list[tuple[int, DeadLetter]] = []
        for flow in await self._flows(wanted.flow):
            replica = await self._replica(flow)
            kept_letters = dict(replica.letters)
            written: dict[str, DeadLetter] = {}
            if any(kept.letter is None for kept in kept_letters.values()):
                written = await self._letters_of(flow)
            for task_id, kept in kept_letters.items():
                letter = kept.letter or written.get(task_id)
                if letter is not None and wanted.wants(letter):
                    found.append((kept.position, letter))
        return sorted(found, key=lambda each: each[0])

    # ---- what people are told

    async def announce(self, notice: Notice) -> None:
        """See `Store`."""
        await self._ask(lambda: self._history.keep_notice(notice))

    async def notices(self, flow: str) -> list[Notice]:
        """See `Store`."""
        return await self._ask(lambda: self._history.notices(flow))

    async def last_notice(self, flow: str) -> Notice | None:
        """See `Store`."""
        return await self._ask(lambda: self._history.last_notice(flow))

    async def sent(self, notice: Notice) -> None:
        """See `Store`."""
        await self._ask(lambda: self._history.forget_notice(notice))

    # ---- where it is found

    async def _flows(self, flow: str | None) -> list[str]:
        known = await self.flows()
        return sorted(known) if flow is None else [flow] if flow in known else []

    async def _replica(self, flow: str) -> Replica:
        return (await self._journal(flow)).replica

    async def _journal(self, flow: str) -> FlowJournal:
        """A flow's journal, which is followed from now on."""
        async with self._opening:
            journal = self._journals.get(flow)
            if journal is None:
                journal = FlowJournal(
                    self._connection, self._snapshots, flow, self._author, self._patience_s, self._applied
                )
                await journal.open()
                self._journals[flow] = journal
                self._opened(journal)
        return journal

    def _opened(self, journal: FlowJournal) -> None:
        """A journal is followed."""

    def _applied(self, journal: FlowJournal, applied: Sequence[Applied]) -> None:
        """A journal has grown."""

    async def _flow(self, run_id: str) -> str | None:
        """The flow of a run; None if there is no such run."""
        flow = self._flow_of.get(run_id)
        if flow is not None:
            return flow
        for journal in self._journals.values():
            replica = journal.replica
            if run_id in replica.ledger.runs or run_id in replica.past:
                return self._flow_of.setdefault(run_id, journal.flow)
        for flow in await self.flows():
            replica = await self._replica(flow)
            if run_id in replica.ledger.runs or run_id in replica.past:
                return self._flow_of.setdefault(run_id, flow)
        return None

    async def _ended(self, flow: str, run_id: str) -> EndedRun | None:
        """A run as it is now, ended or not, as it would lie in the history."""
        replica = await self._replica(flow)
        state = replica.ledger.runs.get(run_id)
        if state is not None:
            response = replica.responses.get(run_id)
            return EndedRun(replica.told(state.record), response, replica.sequence)
        if (ended := replica.ended.get(run_id)) is not None:
            return ended
        return await self._ask(lambda: self._history.run(flow, run_id))

    async def _letters_of(self, flow: str) -> dict[str, DeadLetter]:
        """The dead letters of a flow that the history has, and those that are none any more."""
        return await self._ask(lambda: self._history.letters(flow))

    async def _ask(self, ask: Callable[[], Awaitable[Value]]) -> Value:
        return await self._connection.patiently(ask)
