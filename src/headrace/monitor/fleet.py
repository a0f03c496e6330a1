"""What the other processes see of runs that they execute together with this one (`store.sharing`).

Who looks asks, and each process answers with all that it has counted since the runs began that are looked
at. So what is lost is in the next answer, and where nobody looks nothing is said.
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Protocol, Self

import msgspec

from headrace.engine import Observer, Program
from headrace.engine.observer import RunStats
from headrace.monitor.apis import together
from headrace.monitor.meter import Meter, Part
from headrace.monitor.profile import Profile
from headrace.monitor.recorder import Recorder
from headrace.monitor.tally import Marks, tally_of
from headrace.sdk.budget import BudgetState
from headrace.store import RunRecord, Sharing, Store

__all__ = ["Fleet"]

_SUBJECT = "seen"
"""Of questions; answers go to `seen.` with the id of who asks."""
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
    """What is looked at: counts of flows, or how an active run goes."""

    number: int
    wanted: list[_Wanted] = []
    run: str = ""


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """A part for each flow that is wanted, and the profile of the run; None of what is not executed here."""

    number: int
    parts: list[Part | None]
    budgets: list[BudgetState]
    profile: Profile | None


class _Asked(msgspec.Struct, frozen=True):
    awaited: set[str]
    meters: list[tuple[Meter, Sequence[str]]] = []
    profiles: dict[str, Profile] = {}
    all_have_answered: asyncio.Event = msgspec.field(default_factory=asyncio.Event)


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

    def __init__(self, store: Store, recorder: Recorder | None = None) -> None:
        """Set up.

        Args:
            store: that the processes share.
            recorder: of this one.
        """
        self._recorder = recorder
        self._sharing: Sharing | None = store.sharing
        self._engine: Executing | None = None
        self._marks: dict[str, Marks] = {}
        self._number = 0
        self._asked: dict[int, _Asked] = {}
        self._budgets: dict[str, list[BudgetState]] = {}
        self._flows: set[str] = set()  # that were looked at
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
                answer = _Answer(
                    question.number,
                    [self._part(wanted) for wanted in question.wanted],
                    self._engine.budgets(),
                    None if self._recorder is None else self._recorder.profile(question.run),
                )
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
        members = set() if self._sharing is None else self._sharing.members(*self._flows)
        self._budgets = {member: told for member, told in self._budgets.items() if member in members}
        return together([own, *self._budgets.values()])

    async def ask(self, meters: Collection[Meter]) -> None:
        """Have meters know what the others have counted; returns once all have answered, or soon."""
        sharing = self._sharing
        if sharing is None or not meters:
            return
        flows = [(meter.flow, meter.since) for meter in meters]
        names = {flow.name for flow, _ in flows}
        self._flows |= names
        others = sharing.members(*names) - {sharing.me}
        if others:
            wanted = [_Wanted(flow.name, flow.version, since) for flow, since in flows]
            asked = _Asked(set(others), [(meter, meter.since) for meter in meters])
            await self._ask(sharing, asked, wanted=wanted)
        for meter in meters:
            meter.keep_to(others)

    async def profiles(self, flow: str, run_id: str) -> dict[str, Profile]:
        """How an active run of a flow goes in the other processes, by their ids."""
        sharing = self._sharing
        others = set() if sharing is None else set(sharing.members(flow) - {sharing.me})
        asked = _Asked(others)
        if sharing is not None and others:
            await self._ask(sharing, asked, run=run_id)
        return asked.profiles

    async def _ask(
        self, sharing: Sharing, asked: _Asked, wanted: Sequence[_Wanted] = (), run: str = ""
    ) -> None:
        """Ask, and wait for all answers, but not for long."""
        self._number += 1
        self._asked[self._number] = asked
        self._asked.pop(self._number - _LATE, None)
        await sharing.say(_SUBJECT, _encode(_Question(self._number, list(wanted), run)))
        with contextlib.suppress(TimeoutError):  # a later answer is taken in when it comes
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
        if answer.profile is not None:
            asked.profiles[member] = answer.profile
        asked.awaited.discard(member)
        if not asked.awaited:
            asked.all_have_answered.set()
