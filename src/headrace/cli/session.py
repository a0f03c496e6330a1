"""A flow that runs in this process: once or by its schedules, until it is done or told to stop."""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from headrace.app import open_engine
from headrace.app.session import DEFAULT_KEEP, open_store
from headrace.cli.progress import Meter
from headrace.cli.stopping import StopSignals
from headrace.cli.watch import View, Watch
from headrace.cli.wording import plural
from headrace.engine import Engine, Keep, Program, ReadVersion
from headrace.flow.model import Flow
from headrace.store import RunRecord, RunStatus
from headrace.values import Json

__all__ = ["Order", "run_flow", "run_loop"]


@dataclass(frozen=True, slots=True)
class Order:
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
    read_version: ReadVersion | None = None


def run_loop(work: Coroutine[None, None, int]) -> int:
    """Run in an event loop, the faster one if it is installed; returns what the work returns."""
    uvloop = import_module("uvloop") if find_spec("uvloop") else None
    # What is loaded by now stays; the collector need not look at it again and again.
    gc.freeze()
    gc.set_threshold(50_000)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        return runner.run(work)


async def run_flow(order: Order, view: View, watch: Watch | None = None) -> int:
    """Run a flow and show it; returns the exit code.

    Args:
        watch: where others may put in a word; a new one if None.

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
        mask=order.mask,
        read_version=order.read_version,
        keep=order.keep,
    )
    try:
        with stop.handled():
            async with opened as engine, asyncio.TaskGroup() as group:
                session = _Session(order, engine, watch, view, stop, group)
                showing = group.create_task(session.show())
                status = await session.run()
                showing.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        view.show(watch.take())
        view.close()
    return status


class _Session:
    """One call of `run_flow`; its tasks belong to `group`."""

    def __init__(
        self,
        order: Order,
        engine: Engine,
        watch: Watch,
        view: View,
        stop: StopSignals,
        group: asyncio.TaskGroup,
    ) -> None:
        self._order = order
        self._engine = engine
        self._watch = watch
        self._view = view
        self._stop = stop
        self._group = group
        self._run_id: str | None = None

    async def show(self) -> None:
        """Show what happens, for ever."""
        while True:
            self._view.show(self._watch.take())
            await asyncio.sleep(self._view.period_s)

    async def run(self) -> int:
        """Work until it is done, or until a signal comes."""
        work = self._group.create_task(self._work())
        asked = self._group.create_task(self._stop.asked.wait())
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if work.done():
            return work.result()
        work.cancel()
        return await self._drain()

    async def _work(self) -> int:
        order = self._order
        program = await self._engine.load(order.flow, order.secrets)
        self._watch.meter = Meter(program, self._engine.stats)
        self._view.open(self._watch.meter)
        left = await self._engine.resume(program)
        self._engine.attend(program)
        if order.trigger is not None:
            return await self._run_once(program, order.trigger, left)
        if left:
            self._watch.say(f"going on with {plural(len(left), 'run')} left unfinished")
        self._engine.follow(program)
        await self._engine.followed()
        while self._watch.active:  # the schedules have ended; what they began has not
            await self._engine.wait(next(iter(self._watch.active)))
        return 1 if self._watch.failures else 0

    async def _run_once(self, program: Program, trigger: str, left: list[RunRecord]) -> int:
        """Finish what was left unfinished; fire if there was nothing, or if a new run is asked for."""
        if self._watch.stuck and not self._order.is_new:
            return 1
        if left and not self._order.is_new:
            self._watch.say(
                f"finishing {plural(len(left), 'run')} left unfinished, as it began; no new one is fired "
                "(--new fires one in any case)"
            )
        else:
            left = [*left, await self._engine.fire(program, trigger, self._order.payload)]
        self._run_id = left[-1].id
        return max([_exit_code(await self._engine.wait(run.id)) for run in left])

    async def _drain(self) -> int:
        """Let running tasks end, within limits; returns the exit code."""
        grace_s, active = self._order.grace_s, self._watch.active
        if active:
            is_typed = self._stop.received is signal.SIGINT
            again = "press Ctrl-C again to stop at once" if is_typed else "a second signal means at once"
            self._watch.say(f"stopping: running tasks have {grace_s:g} s to end; {again}")
        drain = self._group.create_task(self._engine.drain(grace_s))
        insisted = self._group.create_task(self._stop.insisted.wait())
        await asyncio.wait({drain, insisted}, return_when=asyncio.FIRST_COMPLETED)
        insisted.cancel()
        drain.cancel()
        left = len(active)
        if left:
            fate = (
                "and lost: the store is in memory" if self._order.store == "memory" else "for the next start"
            )
            self._watch.say(f"stopped; {plural(left, 'run is', 'runs are')} left unfinished {fate}")
        else:
            self._watch.say("stopped; no run is left unfinished")
        if self._stop.received is not signal.SIGTERM or left:
            return self._stop.exit_code
        if self._order.trigger is None:
            return 0
        # Whoever asked for one run is not told that it was done when it was not.
        return (
            self._stop.exit_code
            if self._run_id is None
            else _exit_code(await self._engine.wait(self._run_id))
        )


def _exit_code(run: RunRecord) -> int:
    return 0 if run.status is RunStatus.SUCCEEDED else 1
