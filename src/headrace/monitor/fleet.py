"""What the other processes count that execute flows with this one (`store.sharing`).

Who looks asks, and each process answers with all that it has counted since the runs began that are looked
at. So what is lost is in the next answer, and where nobody looks nothing is said.
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence, Set
from types import TracebackType
from typing import Protocol, Self

import msgspec

from headrace.engine import Observer, Program
from headrace.engine.observer import RunStats
from headrace.monitor.apis import together
from headrace.monitor.meter import Meter, Part
from headrace.monitor.tally import Marks, tally_of
from headrace.sdk.budget import BudgetState
from headrace.store import RunRecord, Sharing, Store

__all__ = ["Fleet"]

_SUBJECT = "counts"
"""Of questions; answers go to `counts.` with the id of who asks."""
_PATIENCE_S = 0.3
"""Whoever answers later is taken in all the same, but not waited for."""
_LATE = 20
"""Questions to which late answers are still taken."""


class _Wanted(msgspec.Struct, frozen=True, array_like=True):
    """What is looked at: a version of a flow, since the first of some runs began that the process knows."""

    flow: str
    version: str
    runs: Sequence[str]


class _Question(msgspec.Struct, frozen=True, array_like=True):
    number: int
    wanted: list[_Wanted]


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """A part for each that is wanted; None of what is not executed here."""

    number: int
    parts: list[Part | None]
    budgets: list[BudgetState]


class _Asked(msgspec.Struct, frozen=True):
    meters: list[tuple[Meter, Sequence[str]]]
    awaited: set[str]
    all_have_answered: asyncio.Event


_encode = msgspec.msgpack.Encoder().encode
_question = msgspec.msgpack.Decoder(_Question).decode
_answer = msgspec.msgpack.Decoder(_Answer).decode


class Executing(Protocol):
    """The engine, as far as the fleet needs it."""

    def program(self, flow: str) -> Program | None:
        """A flow that is executed here."""
        ...

    def stats(self, run_id: str) -> RunStats | None:
        """What is known of an active run."""
        ...

    def budgets(self) -> list[BudgetState]:
        """How APIs are asked."""
        ...


class Fleet(Observer):
    """Asks and answers; an asynchronous context manager. It does nothing where a store has no sharing."""

    def __init__(self, store: Store) -> None:
        self._sharing: Sharing | None = store.sharing
        self._engine: Executing | None = None
        self._marks: dict[str, Marks] = {}
        self._number = 0
        self._asked: dict[int, _Asked] = {}
        self._budgets: dict[str, list[BudgetState]] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    def attach(self, engine: Executing) -> None:
        """Set the engine whose counts are told."""
        self._engine = engine

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        if self._sharing is not None:
            works = self._hear_questions(self._sharing), self._hear_answers(self._sharing)
            self._tasks = [self._group.create_task(each) for each in works]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    # ---- who answers

    def flow_loaded(self, flow: str) -> None:
        """See `Observer`."""
        self._marks.pop(flow, None)

    def run_started(self, run: RunRecord) -> None:
        """See `Observer`."""
        engine = self._engine
        program = None if engine is None else engine.program(run.flow)
        if self._sharing is None or engine is None or program is None or program.flow.version != run.version:
            return
        marks = self._marks.get(run.flow)
        if marks is None:
            marks = self._marks[run.flow] = Marks(program)
        marks.begin(run.id, engine.stats(run.id) or RunStats())

    def run_resumed(self, run: RunRecord) -> None:
        """See `Observer`."""
        self.run_started(run)

    def run_ended(self, run: RunRecord) -> None:
        """See `Observer`."""
        if (marks := self._marks.get(run.flow)) is not None:
            marks.end(run.id)

    async def _hear_questions(self, sharing: Sharing) -> None:
        async for member, said in sharing.sayings(_SUBJECT):
            if member == sharing.me or self._engine is None:
                continue
            with contextlib.suppress(msgspec.MsgspecError):  # of another version of headrace
                question = _question(said)
                parts = [self._part(wanted) for wanted in question.wanted]
                answer = _Answer(question.number, parts, self._engine.budgets())
                await sharing.say(f"{_SUBJECT}.{member}", _encode(answer))

    def _part(self, wanted: _Wanted) -> Part | None:
        marks = self._marks.get(wanted.flow)
        if marks is None or marks.program.flow.version != wanted.version:
            return None
        found = marks.of(wanted.runs)
        if not found:
            return None
        first = next(iter(found.values()))
        told = {id_: mark.stats for id_, mark in found.items() if mark.stats.pages}
        return Part(tally_of(marks.program).since(first.tally).without_zeros(), told)

    # ---- who asks

    def budgets(self) -> list[BudgetState]:
        """How APIs are asked by all together, as the others have told last."""
        own = [] if self._engine is None else self._engine.budgets()
        members = set() if self._sharing is None else self._sharing.members()
        return together([own, *(states for member, states in self._budgets.items() if member in members)])

    async def ask(self, meters: Collection[Meter]) -> None:
        """Have meters know what the others have counted; returns once all have answered, or soon."""
        sharing = self._sharing
        if sharing is None or not meters:
            return
        others = sharing.members() - {sharing.me}
        if others:
            await self._ask(sharing, meters, others)
        for meter in meters:
            meter.keep_to(others)

    async def _ask(self, sharing: Sharing, meters: Collection[Meter], others: Set[str]) -> None:
        self._number += 1
        asked = self._asked[self._number] = _Asked(
            [(meter, meter.since) for meter in meters], set(others), asyncio.Event()
        )
        self._asked.pop(self._number - _LATE, None)
        flows = [(meter.program.flow, since) for meter, since in asked.meters]
        wanted = [_Wanted(flow.name, flow.version, since) for flow, since in flows]
        await sharing.say(_SUBJECT, _encode(_Question(self._number, wanted)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await asked.all_have_answered.wait()

    async def _hear_answers(self, sharing: Sharing) -> None:
        async for member, said in sharing.sayings(f"{_SUBJECT}.{sharing.me}"):
            with contextlib.suppress(msgspec.MsgspecError):  # of another version of headrace
                self._hear(member, _answer(said))

    def _hear(self, member: str, answer: _Answer) -> None:
        self._budgets[member] = answer.budgets
        asked = self._asked.get(answer.number)
        if asked is None:
            return
        for (meter, since), part in zip(asked.meters, answer.parts, strict=False):
            if part is not None and meter.since is since:  # else its counts have begun anew
                meter.hear(member, part)
        asked.awaited.discard(member)
        if not asked.awaited:
            asked.all_have_answered.set()
