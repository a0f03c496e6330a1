"""What a process does for a flow besides its tasks: it fires the triggers, and hears what others ask."""

import asyncio
from collections.abc import Callable

import msgspec

from headrace.engine.desk import Actions, Desk
from headrace.engine.observer import Observer
from headrace.engine.program import Program
from headrace.engine.receiver import Reception, TriggerReceiver
from headrace.engine.trigger import FireAt, Timetable
from headrace.engine.version import changed_ns
from headrace.sdk import Clock
from headrace.store import RunRecord, Store

__all__ = ["Attendance"]


class _Attended(msgspec.Struct):
    """What is done for a program.

    Attributes:
        following: by trigger with a schedule, what follows it, or notes that it is stopped.
        listens: the triggers that take what comes.
        desk: carries out what other processes ask.
        fires: whether triggers fire by themselves here, and requests are carried out; no process with a later
            version of the flow does.
    """

    program: Program
    timetables: dict[str, Timetable] = msgspec.field(default_factory=dict)
    following: dict[str, asyncio.Task[None]] = msgspec.field(default_factory=dict)
    listens: set[str] = msgspec.field(default_factory=set)
    desk: asyncio.Task[None] | None = None
    follows: bool = False
    is_listening: bool = False
    fires: bool = True

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
        self._changing = asyncio.Lock()
        self._is_stopped = False
        self.switches: dict[tuple[str, str], bool] = {}

    async def learn(self, flow: str) -> None:
        """Read which triggers of a flow a person has switched."""
        switched = await self._store.switches(flow)
        self.switches |= {(flow, trigger): is_on for trigger, is_on in switched.items()}

    def is_on(self, program: Program, trigger: str) -> bool:
        """Whether a trigger is to fire by itself."""
        starts = program.units[trigger].node.starts
        return self.switches.get((program.flow.name, trigger), starts)

    async def follow(self, program: Program) -> None:
        """Follow the schedules of the triggers that are on, and note which are stopped.

        Raises:
            StoreError: the store failed.
        """
        async with self._changing:
            await self._follow(program)

    async def _follow(self, program: Program) -> None:
        attended = self._of(program)
        attended.follows = True
        if self._store.sharing is not None:
            await self._store.sharing.follow(
                program.flow.name, program.flow.version, changed_ns(program.flow)
            )
        await self._let_fire(attended, fires=self._fires(program))
        for name, trigger in program.triggers.items():
            if (schedule := trigger.schedule) is None:
                continue
            attended.timetables[name] = Timetable(
                program, name, schedule, trigger.policy, self._store, self._clock, self._fire
            )
            self._turn(attended, name)

    def _fires(self, program: Program) -> bool:
        sharing = self._store.sharing
        return sharing is None or sharing.fires(program.flow.name, program.flow.version)

    def _turn(self, attended: _Attended, name: str, *, emits: bool = True) -> None:
        """Follow a schedule, or note that it is stopped; or leave that to those with a later version."""
        if self._is_stopped:
            return
        timetable = attended.timetables[name]
        if not attended.fires:
            work = _nothing()
        elif self.is_on(attended.program, name):
            work = timetable.follow(emits=emits)
        else:
            work = timetable.stop()
        attended.following[name] = self._group.create_task(work)

    async def listen(self, program: Program) -> None:
        """Have the triggers that listen take what comes, if they are on.

        Raises:
            UsageError: the address cannot be had, or another flow takes the same requests.
        """
        async with self._changing:
            await self._listen(program)

    async def _listen(self, program: Program) -> None:
        attended = self._of(program)
        attended.is_listening = True
        for name in program.listening:
            is_on = self.is_on(program, name)
            self._let(program.flow.name, name, is_on=is_on)
            if is_on or program.units[name].node.starts:
                await self._take(attended, name)

    def _let(self, flow: str, trigger: str, *, is_on: bool) -> None:
        """Have what comes to a trigger be taken, or asked to come again."""
        if is_on:
            self._reception.paused.discard((flow, trigger))
        else:
            self._reception.paused.add((flow, trigger))

    async def _take(self, attended: _Attended, name: str) -> None:
        if name in attended.listens:
            return
        program = attended.program
        receiver = TriggerReceiver(program, name, self._reception)
        where = await program.listening[name].listen(receiver)
        attended.listens.add(name)
        self._observer.listening(program.flow.name, name, self._mask(where))

    def attend(self, program: Program) -> None:
        """Carry out what other processes ask about a flow, while none with a later version does."""
        attended = self._of(program)
        attended.fires = self._fires(program)
        self._open_desk(attended)

    def _open_desk(self, attended: _Attended) -> None:
        if self._is_stopped:
            return
        desk = Desk(attended.program, self._store, self._actions, self._group)
        attended.desk = self._group.create_task(desk.attend() if attended.fires else _nothing())

    async def switch(self, program: Program, trigger: str, *, is_on: bool) -> None:
        """Have a trigger fire by itself from now on, or no more; durable on return, and after a restart.

        A schedule that is started again begins anew: what was missed meanwhile is not made up for.

        Raises:
            UsageError: it cannot listen there.
        """
        flow = program.flow.name
        async with self._changing:
            attended = self._attended.get(flow)
            if attended is not None and trigger in attended.program.units:
                program = attended.program  # which may be a later version by now
            before, starts = self.is_on(program, trigger), program.units[trigger].node.starts
            await self._store.switch(flow, trigger, None if is_on == starts else is_on)
            self.switches[flow, trigger] = is_on
            if attended is not None and is_on != before:
                await self._switch(attended, trigger, is_on=is_on)

    async def relearn(self, flow: str) -> None:
        """Go by what other processes have noted of a flow's triggers.

        Raises:
            UsageError: a trigger cannot listen.
        """
        async with self._changing:
            attended = self._attended.get(flow)
            if attended is None:
                return
            program = attended.program
            before = {name: self.is_on(program, name) for name in program.triggers}
            self.switches = {key: is_on for key, is_on in self.switches.items() if key[0] != flow}
            await self.learn(flow)
            await self._let_fire(attended, fires=self._fires(program))
            for name, was_on in before.items():
                if (is_on := self.is_on(program, name)) != was_on:
                    await self._switch(attended, name, is_on=is_on)

    async def _let_fire(self, attended: _Attended, *, fires: bool) -> None:
        """Fire what fires by itself, and do what is asked; or leave it to those with a later version."""
        if fires == attended.fires:
            return
        attended.fires = fires
        for name in attended.following:
            await self._rest(attended, name)
            self._turn(attended, name)
        if attended.desk is not None:
            await _cancel(attended.desk)
            self._open_desk(attended)

    async def _switch(self, attended: _Attended, trigger: str, *, is_on: bool) -> None:
        if trigger in attended.timetables:
            await self._rest(attended, trigger)
            self._turn(attended, trigger, emits=False)
        elif attended.is_listening and trigger in attended.program.listening:
            self._let(attended.program.flow.name, trigger, is_on=is_on)
            if is_on:
                await self._take(attended, trigger)

    async def replace(self, old: Program, new: Program) -> None:
        """Do for a new version of a flow what is done for the old one, and no more for that.

        Raises:
            UsageError: the new one cannot listen; all is as before.
        """
        async with self._changing:
            attended = self._attended.get(old.flow.name)
            if attended is None:
                return
            await self._end(old)
            try:
                await self._begin(new, attended)
            except BaseException:
                await self._end(new)
                await self._begin(old, attended)
                raise

    async def _begin(self, program: Program, like: _Attended) -> None:
        if like.is_listening:  # at first, and at once: no request is to find the place empty
            await self._listen(program)
        if like.follows:
            await self._follow(program)
        if like.desk is not None:
            self.attend(program)

    async def end(self, program: Program) -> None:
        """Fire no more for a program, and attend to nothing; what is being fired is fired."""
        async with self._changing:
            attended = self._attended.get(program.flow.name)
            await self._end(program)
            if attended is not None and attended.follows:
                await self._leave(program.flow.name)

    async def _end(self, program: Program) -> None:
        attended = self._attended.get(program.flow.name)
        if attended is None:
            return
        for trigger in attended.following:
            await self._rest(attended, trigger)
        if attended.desk is not None:
            await _cancel(attended.desk)
        for name in attended.listens:
            program.listening[name].leave()
        del self._attended[program.flow.name]

    async def _rest(self, attended: _Attended, trigger: str) -> None:
        """Follow a schedule no more."""
        await attended.timetables[trigger].rest()
        await _cancel(attended.following[trigger])

    def stop(self) -> None:
        """Fire nothing more, and attend to nothing; returns at once."""
        self._is_stopped = True
        for attended in self._attended.values():
            for task in attended.tasks:
                task.cancel()

    async def leave(self) -> None:
        """Leave what is stopped to other processes."""
        for flow, attended in self._attended.items():
            if attended.follows:
                await self._leave(flow)

    async def _leave(self, flow: str) -> None:
        if self._store.sharing is not None:
            await self._store.sharing.follow(flow, "", 0)

    def run_ended(self, run: RunRecord) -> None:
        """A run has ended: a firing that waits for that may go."""
        attended = self._attended.get(run.flow)
        if attended is not None and run.trigger in attended.timetables:
            attended.timetables[run.trigger].run_ended()

    async def followed(self) -> None:
        """Return when no schedule fires any more (`maxEmissions`), and no trigger listens."""
        while following := await self._following():
            await asyncio.wait(following)
        if any(attended.listens for attended in self._attended.values()):
            await asyncio.Event().wait()

    async def _following(self) -> list[asyncio.Task[None]]:
        """What follows schedules, once none is exchanged for another."""
        async with self._changing:
            tasks = [task for attended in self._attended.values() for task in attended.following.values()]
            return [task for task in tasks if not task.done()]

    def _of(self, program: Program) -> _Attended:
        name = program.flow.name
        attended = self._attended.get(name)
        if attended is None or attended.program is not program:
            attended = self._attended[name] = _Attended(program)
        return attended


async def _nothing() -> None:
    """Wait until cancelled."""
    await asyncio.Event().wait()


async def _cancel(task: asyncio.Task[None]) -> None:
    """Cancel a task, and wait until it has ended."""
    task.cancel()
    await asyncio.wait((task,))
