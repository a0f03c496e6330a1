"""The versions of flows that are open in a process, closed when nothing needs them any more."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager

from headrace.engine.program import Program
from headrace.engine.version import ReadVersion
from headrace.errors import StoreError, TemporaryError
from headrace.flow.model import Flow
from headrace.sdk import Resources
from headrace.store import RunRecord, Store

__all__ = ["Programs"]


class Programs:
    """Of each flow the current version, and earlier ones that unfinished runs began with (rule 21).

    Attributes:
        current: by the flow's name.
        changing: to be held while `current` is changed, from taking a flow's lock on: what closes waits.
    """

    def __init__(
        self,
        store: Store,
        resources: Resources,
        read_version: ReadVersion | None,
        is_used: Callable[[Program], bool],
    ) -> None:
        """Set up.

        Args:
            store: has the versions.
            resources: what nodes share.
            read_version: loads a version; None: no earlier one can be had.
            is_used: whether an active run is of a program.
        """
        self._store = store
        self._resources = resources
        self._read_version = read_version
        self._is_used = is_used
        self._opened: dict[Program, AsyncExitStack] = {}
        self._earlier: list[Program] = []
        self._leaving: set[str] = set()
        self._held: Counter[Program] = Counter()
        self.current: dict[str, Program] = {}
        self.changing = asyncio.Lock()

    async def open(self, flow: Flow, secrets: Mapping[str, str]) -> Program:
        """Open a program, which is closed by `close`, or by `close_all`.

        Raises:
            FlowError | ComponentError | UsageError: as `Program.open`.
        """
        async with AsyncExitStack() as opening:
            program = await Program.open(flow, secrets, self._resources, opening)
            self._opened[program] = opening.pop_all()
        return program

    async def close(self, program: Program) -> None:
        """Close a program's components; safe to call twice."""
        opened = self._opened.pop(program, None)
        if opened is not None:
            await opened.aclose()

    async def close_all(self) -> None:
        """Close everything that is open, the latest first."""
        async with AsyncExitStack() as closing:
            for program in self._opened:
                closing.push_async_callback(self.close, program)

    @contextmanager
    def held(self, program: Program) -> Iterator[Program]:
        """Keep a program open while something begins with it.

        Of one that is closed already, who begins came late: the current version takes its place.

        Raises:
            TemporaryError: its flow is not executed here any more.
        """
        if program not in self._opened:
            flow = program.flow.name
            if flow not in self.current:
                raise TemporaryError(f"flow `{flow}` is not executed here any more")
            program = self.current[flow]
        self._held[program] += 1
        try:
            yield program
        finally:
            self._held[program] -= 1
            if not self._held[program]:
                del self._held[program]

    def set_current(self, program: Program) -> None:
        """Have a program be its flow's current version; the one before stays as long as it is used."""
        flow = program.flow.name
        if (before := self.current.get(flow)) is not None:
            self._earlier.append(before)
        self.current[flow] = program
        self._leaving.discard(flow)

    def is_leaving(self, flow: str) -> bool:
        """Whether a flow is given up once its last run has ended."""
        return flow in self._leaving

    def leave(self, flow: str) -> None:
        """Have a flow given up once its last run has ended."""
        self._leaving.add(flow)

    async def of(self, run: RunRecord) -> Program:
        """The program of the version that a run of a loaded flow began with.

        Raises:
            StoreError: the store does not have that version.
            HeadraceError: it does not load any more.
        """
        for program in (self.current[run.flow], *self._earlier):
            if (program.flow.name, program.flow.version) == (run.flow, run.version):
                return program
        version = await self._store.version(run.flow, run.version)
        if version is None or self._read_version is None:
            raise StoreError(f"the store has no version `{run.version}` of flow `{run.flow}`")
        flow, secrets = self._read_version(version)
        program = await self.open(flow, secrets)
        self._earlier.append(program)
        return program

    @property
    def may_close(self) -> bool:
        """Whether there is anything that may be needed no more."""
        return bool(self._earlier or self._leaving)

    async def close_unused(self) -> None:
        """Close earlier versions that nothing is of any more, and give up flows that are leaving.

        To be called with `changing`.

        Raises:
            StoreError: the store failed.
        """
        for program in list(self._earlier):
            if not self._needs(program):
                self._earlier.remove(program)
                await self.close(program)
        used = {program.flow.name for program in self._earlier}
        for flow in self._leaving - used:
            program = self.current[flow]
            if not self._needs(program):
                self._leaving.remove(flow)
                del self.current[flow]
                await self.close(program)
                await self._store.release(flow)

    def _needs(self, program: Program) -> bool:
        return program in self._held or self._is_used(program)
