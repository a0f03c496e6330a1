"""A flow that runs in this process: once or by its schedules, until it is done or told to stop."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import msgspec

from headrace.app.executing import Executing, others_of
from headrace.app.schedule import signals_of
from headrace.app.session import DEFAULT_KEEP, open_engine, open_store
from headrace.cli.account import store_option
from headrace.cli.collector import keep_loaded
from headrace.cli.stopping import StopSignals
from headrace.cli.watch import View, Watch
from headrace.cli.wording import plural
from headrace.engine import Engine, Keep, Program, ReadVersion
from headrace.flow.model import Flow
from headrace.monitor.meter import meter_of
from headrace.monitor.recorder import Recorder
from headrace.sdk import Address
from headrace.sdk.resource import DEFAULT_ADDRESS
from headrace.store import RunRecord, RunStatus, Store
from headrace.values import Json

__all__ = ["Order", "Session", "Work", "run_flow", "run_loop"]


class Order(msgspec.Struct, frozen=True):
    """What is to be run.

    Attributes:
        secrets: values by name.
        mask: takes them out of texts for people.
        store: its URL; None for the one in the home folder.
        trigger: to fire once; None to follow the schedules.
        payload: of that firing; null for the trigger's own.
        is_new: fire even where an unfinished run is left, which else is finished instead.
        grace_s: how long running tasks may take to end when told to stop.
    """

    flow: Flow
    secrets: dict[str, str]
    mask: Callable[[str], str]
    home: Path
    store: str | None = None
    trigger: str | None = None
    payload: Json = None
    is_new: bool = False
    grace_s: float = 30.0
    keep: Keep = DEFAULT_KEEP
    address: Address = DEFAULT_ADDRESS
    read_version: ReadVersion | None = None


def run_loop(work: Coroutine[None, None, int]) -> int:
    """Run in an event loop, the faster one if it is installed; returns what the work returns."""
    uvloop = import_module("uvloop") if find_spec("uvloop") else None
    keep_loaded()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        return runner.run(work)


async def run_flow(order: Order, view: View, watch: Watch | None = None, work: "Work | None" = None) -> int:
    """Run a flow and show it; returns the exit code.

    Args:
        order: what is to be run.
        view: shows it.
        watch: where others may put in a word; a new one if None.
        work: what to do instead of firing the trigger or following the schedules; gives the exit code.

    Raises:
        FlowError: its settings are wrong.
        ComponentError: a node could not get what it needs.
        StoreError: the store failed.
    """
    watch, stop = watch or Watch(), StopSignals()
    store = await open_store(order.store, order.home)
    opened = open_engine(
        order.home,
        store=store,
        observer=watch,
        recorder=Recorder(store, mask=order.mask),
        mask=order.mask,
        read_version=order.read_version,
        keep=order.keep,
        address=order.address,
    )
    try:
        with stop.handled():
            async with opened as engine, asyncio.TaskGroup() as group:
                session = Session(order, store, engine, watch, view, stop, group)
                showing = group.create_task(session.show())
                status = await session.run(work or Session.fire_or_follow)
                showing.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        view.show(watch.take())
        view.close()
    return status


class Session:
    """One call of `run_flow`; its tasks belong to `group`.

    Attributes:
        awaited: ids of the runs by whose ends the exit code is told.
    """

    def __init__(
        self,
        order: Order,
        store: Store,
        engine: Engine,
        watch: Watch,
        view: View,
        stop: StopSignals,
        group: asyncio.TaskGroup,
    ) -> None:
        self.order = order
        self.store = store
        self.engine = engine
        self.watch = watch
        self._view = view
        self._stop = stop
        self._group = group
        self.awaited: list[str] = []
        self._follows = False

    async def show(self) -> None:
        """Show what happens, for ever."""
        while True:
            self._view.show(self.watch.take())
            await asyncio.sleep(self._view.period_s)

    async def run(self, work: "Work") -> int:
        """Work until it is done, or until a signal comes."""
        working = self._group.create_task(work(self))
        asked = self._group.create_task(self._stop.asked.wait())
        await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if working.done():
            return working.result()
        working.cancel()
        return await self._drain()

    async def load(self) -> Program:
        """Become the process that executes the flow, and show its counts from now on."""
        program = await self.engine.load(self.order.flow, self.order.secrets)
        self.watch.meter = meter_of(program, self.engine.stats, self.engine.budgets)
        self._view.open(self.watch.meter)
        return program

    async def end_of_awaited(self) -> int:
        """Wait for the awaited runs, and for what other processes have asked for; returns the exit code.

        What is open besides is left to other processes that execute the flow, if there are some.
        """
        codes = [_exit_code(await self.engine.wait(run_id)) for run_id in self.awaited]
        if (await self._others()).executors:
            await self.engine.drain(self.order.grace_s)
        else:
            await self.engine.finish()
        return max(codes, default=0)

    async def _others(self) -> Executing:
        return await others_of(self.store, self.order.flow.name)

    async def fire_or_follow(self) -> int:
        """Fire the order's trigger, or follow the schedules to their end; what was left is finished, too."""
        self._follows = self.order.trigger is None
        program = await self.load()
        left = await self.engine.resume(program)
        self.engine.attend(program)
        if self.order.trigger is not None:
            return await self._run_once(program, self.order.trigger, left)
        if left:
            others = await self._others()
            whose = f"that {others} executes as well" if others.executors else "left unfinished"
            self.watch.say(f"going on with {plural(len(left), 'run')} {whose}")
        for name, unit in program.units.items():
            if name in program.triggers and unit.node.starts and not self.engine.is_on(program, name):
                self.watch.say(
                    f"{name} is paused: it fires again once it is resumed on the page of headrace serve"
                )
        await self.engine.follow(program)
        await self.engine.listen(program)
        # Nobody else sees a store in memory.
        signals = [] if self.order.store == "memory" else signals_of(self.order.flow)
        for name in signals:
            where = f"headrace signal {self.order.flow.name} {name}{store_option(self.order.store)}"
            self.watch.listening(self.order.flow.name, name, where)
        await self.engine.followed()
        if signals:
            await asyncio.Event().wait()
        while self.watch.active:  # the schedules have ended; what they began has not
            await self.engine.wait(next(iter(self.watch.active)))
        return 1 if self.watch.failures else 0

    async def _run_once(self, program: Program, trigger: str, left: list[RunRecord]) -> int:
        """Finish what was left unfinished; fire if there was nothing, or if a new run is asked for.

        What other processes are executing was not left.
        """
        is_shared = bool((await self._others()).executors)
        fires = self.order.is_new or is_shared
        if self.watch.stuck and not fires:
            return 1
        if left and not fires:
            self.watch.say(
                f"finishing {plural(len(left), 'run')} left unfinished, as it began; no new one is fired "
                "(--new fires one in any case)"
            )
        else:
            left = [] if is_shared else left
            left = [*left, await self.engine.fire(program, trigger, self.order.payload)]
        self.awaited = [run.id for run in left]
        return await self.end_of_awaited()

    async def _drain(self) -> int:
        """Let running tasks end, within limits; returns the exit code."""
        grace_s, active = self.order.grace_s, self.watch.active
        if active:
            is_typed = self._stop.received is signal.SIGINT
            again = "press Ctrl-C again to stop at once" if is_typed else "a second signal means at once"
            self.watch.say(f"stopping: running tasks have {grace_s:g} s to end; {again}")
        drain = self._group.create_task(self.engine.drain(grace_s))
        insisted = self._group.create_task(self._stop.insisted.wait())
        await asyncio.wait({drain, insisted}, return_when=asyncio.FIRST_COMPLETED)
        insisted.cancel()
        drain.cancel()
        others = await self._others() if active else Executing()
        self.watch.say(f"stopped; {self._fate(len(active), others)}")
        is_left = bool(active) and not others.executors
        if self._stop.received is not signal.SIGTERM or is_left or any(id_ in active for id_ in self.awaited):
            return self._stop.exit_code
        if self.awaited:
            return await self.end_of_awaited()
        # Whoever asked for one run is not told that it was done when it never began.
        return 0 if self._follows else self._stop.exit_code

    def _fate(self, left: int, others: Executing) -> str:
        if not left:
            return "no run is left unfinished"
        if others.executors:
            return f"{plural(left, 'run goes', 'runs go')} on elsewhere ({others})"
        fate = "and lost: the store is in memory" if self.order.store == "memory" else "for the next start"
        return f"{plural(left, 'run is', 'runs are')} left unfinished {fate}"


Work: TypeAlias = Callable[[Session], Coroutine[None, None, int]]
"""What is done while a flow is loaded; gives the exit code."""


def _exit_code(run: RunRecord) -> int:
    return 0 if run.status is RunStatus.SUCCEEDED else 1
