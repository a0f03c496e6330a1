"""What a process does for a flow besides its tasks: it fires the triggers, and hears what others ask."""

import asyncio
from collections.abc import Callable

import msgspec

from headrace.engine.desk import Actions, Desk
from headrace.engine.observer import Observer
from headrace.engine.program import Program
from headrace.engine.receiver import Reception, TriggerReceiver
from headrace.engine.trigger import FireAt, Timetable
from headrace.sdk import Clock
from headrace.store import RunRecord, Store

__all__ = ["Attendance"]


class _Attended(msgspec.Struct):
    """What is done for a program.

    Attributes:
        following: by trigger with a schedule, what follows it, or notes that it is stopped.
        listens: the triggers that take what comes.
        desk: carries out what other processes ask.
    """

    program: Program
    timetables: dict[str, Timetable] = msgspec.field(default_factory=dict)
    following: dict[str, asyncio.Task[None]] = msgspec.field(default_factory=dict)
    listens: set[str] = msgspec.field(default_factory=set)
    desk: asyncio.Task[None] | None = None
    follows: bool = False
    is_listening: bool = False

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """All that goes on for it."""
        return [*self.following.values(), *filter(None, (self.desk,))]


class Attendance:
    """Follows schedules, listens, and attends to requests, for the current version of each flow.

    A trigger is started or stopped by its file (`control: {start}`), unless a person has switched it.

    Attributes:
        switches: by flow and trigger, whether a person has started or stopped it.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        observer: Observer,
        mask: Callable[[str], str],
        group: asyncio.TaskGroup,
        reception: Reception,
        fire: FireAt,
        actions: Actions,
    ) -> None:
        self._store = store
        self._clock = clock
        self._observer = observer
        self._mask = mask
        self._group = group
        self._reception = reception
        self._fire = fire
        self._actions = actions
        self._attended: dict[str, _Attended] = {}
        self.switches: dict[tuple[str, str], bool] = {}

    async def learn(self, flow: str) -> None:
        """Read which triggers of a flow a person has switched."""
        switched = await self._store.switches(flow)
        self.switches |= {(flow, trigger): is_on for trigger, is_on in switched.items()}

    def is_on(self, program: Program, trigger: str) -> bool:
        """Whether a trigger is to fire by itself."""
        starts = program.units[trigger].node.starts
        return self.switches.get((program.flow.name, trigger), starts)

    def follow(self, program: Program) -> None:
        """Follow the schedules of the triggers that are on, and note which are stopped."""
        attended = self._of(program)
        attended.follows = True
        for name, trigger in program.triggers.items():
            if (schedule := trigger.schedule) is None:
                continue
            attended.timetables[name] = Timetable(
                program, name, schedule, trigger.policy, self._store, self._clock, self._fire
            )
            self._turn(attended, name)

    def _turn(self, attended: _Attended, name: str, *, emits: bool = True) -> None:
        """Follow a schedule, or note that it is stopped."""
        timetable = attended.timetables[name]
        is_on = self.is_on(attended.program, name)
        work = timetable.follow(emits=emits) if is_on else timetable.stop()
        attended.following[name] = self._group.create_task(work)

    async def listen(self, program: Program) -> None:
        """Have the triggers that listen take what comes, if they are on.

        Raises:
            UsageError: the address cannot be had, or another flow takes the same requests.
        """
        attended = self._of(program)
        attended.is_listening = True
        for name in program.listening:
            if program.units[name].node.starts or self.is_on(program, name):
                await self._take(attended, name)
            if not self.is_on(program, name):
                self._reception.paused.add((program.flow.name, name))

    async def _take(self, attended: _Attended, name: str) -> None:
        if name in attended.listens:
            return
        program = attended.program
        receiver = TriggerReceiver(program, name, self._reception)
        where = await program.listening[name].listen(receiver)
        attended.listens.add(name)
        self._observer.listening(program.flow.name, name, self._mask(where))

    def attend(self, program: Program) -> None:
        """Carry out what other processes ask of this one about a flow."""
        desk = Desk(program, self._store, self._actions, self._group)
        self._of(program).desk = self._group.create_task(desk.attend())

    async def switch(self, program: Program, trigger: str, *, is_on: bool) -> None:
        """Have a trigger fire by itself from now on, or no more; durable on return, and after a restart.

        A schedule that is started again begins anew: what was missed meanwhile is not made up for.

        Raises:
            UsageError: it cannot listen there.
        """
        flow, starts = program.flow.name, program.units[trigger].node.starts
        before = self.is_on(program, trigger)
        await self._store.switch(flow, trigger, None if is_on == starts else is_on)
        self.switches[flow, trigger] = is_on
        if is_on != before:
            await self._turn_to(self._of(program), trigger, is_on=is_on)

    async def relearn(self, flow: str) -> None:
        """Go by what other processes have noted of a flow's triggers.

        Raises:
            UsageError: a trigger cannot listen.
        """
        attended = self._attended.get(flow)
        if attended is None:
            return
        program = attended.program
        before = {name: self.is_on(program, name) for name in program.triggers}
        self.switches = {key: is_on for key, is_on in self.switches.items() if key[0] != flow}
        await self.learn(flow)
        for name, was_on in before.items():
            if (is_on := self.is_on(program, name)) != was_on:
                await self._turn_to(attended, name, is_on=is_on)

    async def _turn_to(self, attended: _Attended, trigger: str, *, is_on: bool) -> None:
        """Have a trigger that was off fire by itself, or the other way round."""
        program, flow = attended.program, attended.program.flow.name
        if attended.follows and trigger in attended.timetables:
            await self._rest(attended, trigger)
            self._turn(attended, trigger, emits=False)
        elif attended.is_listening and trigger in program.listening:
            paused = self._reception.paused
            if not is_on:
                paused.add((flow, trigger))
            else:
                paused.discard((flow, trigger))
                await self._take(attended, trigger)

    async def replace(self, old: Program, new: Program) -> None:
        """Do for a new version of a flow what is done for the old one, and no more for that.

        Raises:
            UsageError: the new one cannot listen; all is as before.
        """
        attended = self._of(old)
        await self.end(old)
        try:
            await self._begin(new, attended)
        except BaseException:
            await self.end(new)
            await self._begin(old, attended)
            raise

    async def _begin(self, program: Program, like: _Attended) -> None:
        if like.is_listening:  # at first, and at once: no request is to find the place empty
            await self.listen(program)
        if like.follows:
            self.follow(program)
        if like.desk is not None:
            self.attend(program)

    async def end(self, program: Program) -> None:
        """Fire no more for a program, and attend to nothing; what is being fired is fired."""
        attended = self._of(program)
        for trigger in attended.following:
            await self._rest(attended, trigger)
        if attended.desk is not None:
            await _end(attended.desk)
        for name in attended.listens:
            program.listening[name].leave()
        del self._attended[program.flow.name]

    async def _rest(self, attended: _Attended, trigger: str) -> None:
        """Follow a schedule no more."""
        await attended.timetables[trigger].rest()
        await _end(attended.following[trigger])

    def stop(self) -> None:
        """Fire nothing more, and attend to nothing; returns at once."""
        for attended in self._attended.values():
            for task in attended.tasks:
                task.cancel()

    def run_ended(self, run: RunRecord) -> None:
        """A run has ended: a firing that waits for that may go."""
        attended = self._attended.get(run.flow)
        if attended is not None and run.trigger in attended.timetables:
            attended.timetables[run.trigger].run_ended()

    async def followed(self) -> None:
        """Return when no schedule fires any more (`maxEmissions`), and no trigger listens."""
        following = [task for attended in self._attended.values() for task in attended.following.values()]
        if following:
            await asyncio.wait(following)
        if any(attended.listens for attended in self._attended.values()):
            await asyncio.Event().wait()

    def _of(self, program: Program) -> _Attended:
        name = program.flow.name
        attended = self._attended.get(name)
        if attended is None or attended.program is not program:
            attended = self._attended[name] = _Attended(program)
        return attended


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task, and wait until it has ended."""
    task.cancel()
    await asyncio.wait((task,))
