"""Remembers how runs went: while they are active here, and in the store from then on."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from headrace.engine import NodeStats, Observer, Probe, Step
from headrace.engine.failure import facts_of
from headrace.errors import StoreError
from headrace.monitor.probe import NodeTimer
from headrace.monitor.profile import (
    RESULTS,
    Profile,
    Sample,
    TaskSpan,
    decode_profile,
    encode_profile,
    joined,
)
from headrace.monitor.recording import Recording
from headrace.monitor.samples import Samples
from headrace.sdk import Clock, RunInfo, SystemClock
from headrace.store import RunRecord, Store, TaskRecord
from headrace.values import Json

__all__ = ["Recorder"]

_log = logging.getLogger(__name__)

_KEEP_EVERY_S = 10.0
"""What a process that is killed has not kept of a run that goes on."""
_MOST_ENDED = 100
_NOTHING: Mapping[str, Profile] = {}
_PROBE_EVERY_NS = 10**8


class Recorder(Observer):
    """Keeps a profile of each run; an asynchronous context manager, to be left after the engine.

    A run that goes on in another process, or with a dead letter, extends what is kept of it. Where several
    processes execute a flow together, each keeps what it did itself, and who looks joins that.
    """

    def __init__(self, store: Store, clock: Clock | None = None, mask: Callable[[str], str] = str) -> None:
        """Set up.

        Args:
            store: keeps the profiles; closed by the caller, later.
            clock: the engine's; the machine's if None.
            mask: takes secrets out of a text for people.
        """
        self._store = store
        self._now_ns = (clock or SystemClock()).now_ns
        self._mask = mask
        self._samples = Samples(self._now_ns)
        self._probe_due_ns = 0
        self._active: dict[str, Recording] = {}
        self._ended: dict[str, list[TaskSpan]] = {}
        self._to_keep: asyncio.Queue[tuple[Recording, bool] | asyncio.Event | None] = asyncio.Queue()
        self._keeping: asyncio.Task[None] | None = None
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._keeping = self._group.create_task(self._keep_all())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for recording in self._active.values():
            self._to_keep.put_nowait((recording, False))
        self._to_keep.put_nowait(None)
        await self._group.__aexit__(None, None, None)

    def profile(self, run_id: str) -> Profile | None:
        """How an active run of this process goes; None if it is not active."""
        recording = self._active.get(run_id)
        return None if recording is None else recording.profile(recording.time_s(self._now_ns()))

    def samples(self, flow: str, node: str) -> list[Sample]:
        """The last messages of a node, as far as some were looked at: what entered, then what left."""
        return self._samples.of(flow, node)

    async def kept(
        self, run_id: str, told: Mapping[str, Profile] = _NOTHING, flow: str = ""
    ) -> Profile | None:
        """How a run went, as far as it is remembered: of an active one of this process, now.

        Args:
            run_id: of the run.
            told: how an active one goes in other processes (`Fleet.profiles`); else as they have kept it.
            flow: of the run, where it is one that this process does not execute.
        """
        if self._keeping is not None and not self._keeping.done():
            is_kept = asyncio.Event()  # what has ended by now, and what an earlier process kept is taken in
            self._to_keep.put_nowait(is_kept)
            waiting = asyncio.ensure_future(is_kept.wait())
            await asyncio.wait((waiting, self._keeping), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        parts, sharing = await self._kept_parts(run_id), self._store.sharing
        if sharing is not None:
            for member in parts.keys() - sharing.members(flow):  # they are gone
                parts[member].settle()
        parts.update(told)
        if (own := self.profile(run_id)) is not None:
            parts[self._me] = own
        return joined(parts.values())

    def take_spans(self) -> dict[str, list[TaskSpan]]:
        """By run, the tasks that have begun or ended since this was called last: the latest 50 at most."""
        taken, self._ended = self._ended, {}
        for run_id, recording in self._active.items():
            if changed := recording.take_changed():
                taken[run_id] = changed
        return taken

    def run_started(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._active[run.id] = Recording(run.id, run.flow, run.started_at_ns)

    def run_resumed(self, run: RunRecord) -> None:
        """See `Observer`."""
        self.run_started(run)
        self._to_keep.put_nowait((self._active[run.id], True))

    def run_ended(self, run: RunRecord) -> None:
        """See `Observer`."""
        recording = self._active.pop(run.id, None)
        if recording is None:
            return
        if changed := recording.take_changed():
            self._ended[run.id] = changed
            if len(self._ended) > _MOST_ENDED:
                del self._ended[next(iter(self._ended))]
        self._to_keep.put_nowait((recording, False))

    def task_reached(self, task: TaskRecord, step: Step, attempt: int) -> None:
        """See `Observer`."""
        if step is Step.PERFORMED or step is Step.WRITTEN:
            return
        recording = self._active.get(task.run_id)
        if recording is None:
            return
        if step is Step.BEGUN:
            at_s = recording.time_s(self._now_ns())
            recording.begin(task.id, task.node, task.port, attempt, at_s, self._facts(task))
        elif (result := RESULTS.get(step)) is not None:
            at_s = recording.time_s(self._now_ns())
            recording.end(task.id, result, at_s)
            if at_s - recording.kept_s >= _KEEP_EVERY_S:
                recording.kept_s = at_s
                self._to_keep.put_nowait((recording, False))

    def task_counted(self, task: TaskRecord, nodes: Mapping[str, NodeStats], hops: int) -> None:
        """See `Observer`."""
        recording = self._active.get(task.run_id)
        if recording is not None:
            recording.count(nodes)

    def probe(self, task: TaskRecord, attempt: int, run: RunInfo) -> Probe | None:
        """See `Observer`. Some tasks are looked at: ten a second, and the first of each kind of a run."""
        recording = self._active.get(task.run_id)
        if recording is None:
            return None
        now_ns = self._now_ns()
        is_first = recording.sees_first(task.node, task.port)
        if not is_first and 0 < self._probe_due_ns - now_ns <= _PROBE_EVERY_NS:  # else the clock was set back
            return None
        self._probe_due_ns = now_ns + _PROBE_EVERY_NS
        return NodeTimer(recording, self._samples, self._mask)

    def _facts(self, task: TaskRecord) -> dict[str, Json]:
        """Which data a task is about; a further task of its node, by the number of its part."""
        facts = facts_of(task.message)
        if task.resume is not None and task.group is not None and task.group.number:
            facts = {"page": task.group.number, **facts}
        return {name: self._mask(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}

    async def _keep_all(self) -> None:
        """Bring recordings into the store, one after the other: first what was kept of them before."""
        while (entry := await self._to_keep.get()) is not None:
            if isinstance(entry, asyncio.Event):
                entry.set()
                continue
            recording, is_resumed = entry
            try:
                if is_resumed:
                    kept = (await self._kept_parts(recording.run_id)).get(self._me)
                    if kept is not None:
                        recording.extend(kept)
                elif not recording.is_empty:
                    profile = recording.profile(recording.time_s(self._now_ns()))
                    await self._store.keep_profile(recording.run_id, encode_profile(profile))
            except StoreError as error:  # the engine tells of it, if it is there to stay
                _log.info(
                    "the profile of run %s is not kept: %s",
                    recording.run_id,
                    error.message,
                    extra={"run": recording.run_id, "flow": recording.flow},
                )

    async def _kept_parts(self, run_id: str) -> dict[str, Profile]:
        """What is kept of a run, by the processes that did it."""
        parts = {}
        for member, encoded in (await self._store.profiles(run_id)).items():
            try:
                parts[member] = decode_profile(encoded)
            except ValueError as error:
                _log.warning("run %s: %s", run_id, error, extra={"run": run_id})
        return parts

    @property
    def _me(self) -> str:
        return "" if self._store.sharing is None else self._store.sharing.me
