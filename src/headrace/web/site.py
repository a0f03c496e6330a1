"""What the routes of the API speak about."""

import time
from collections.abc import Callable
from http import HTTPStatus

import msgspec

from headrace.app.folder import FlowFile, Folder
from headrace.engine import Engine, Program
from headrace.monitor.fleet import Fleet
from headrace.monitor.metrics import Metrics
from headrace.monitor.profile import Profile
from headrace.monitor.recorder import Recorder
from headrace.sdk import Registry
from headrace.store import RunRecord, RunStatus, Store
from headrace.web.actions import Actions
from headrace.web.bench import Bench
from headrace.web.feed import Feed
from headrace.web.problem import ApiError
from headrace.web.watcher import Watcher

__all__ = ["Site"]


class Site(msgspec.Struct, frozen=True):
    """A process that executes flows, as the API sees it.

    Attributes:
        mask: takes secrets out of a text for people.
    """

    engine: Engine
    store: Store
    folder: Folder
    recorder: Recorder
    fleet: Fleet
    watcher: Watcher
    metrics: Metrics
    feed: Feed
    registry: Registry
    mask: Callable[[str], str]
    bench: Bench = msgspec.field(default_factory=Bench)
    started_ns: int = msgspec.field(default_factory=time.time_ns)

    @property
    def actions(self) -> Actions:
        """What people do."""
        return Actions(self.engine, self.store)

    def flow(self, name: str) -> FlowFile:
        """The file of a flow.

        Raises:
            ApiError: there is none.
        """
        file = self.folder.find(name)
        if file is None:
            hint = self.folder.near(name)
            raise ApiError(HTTPStatus.NOT_FOUND, "not_found", f"there is no flow `{name}`{hint}")
        return file

    def program(self, name: str) -> Program:
        """A flow that is executed here.

        Raises:
            ApiError: it is not.
        """
        file = self.flow(name)
        if file.program is None:
            message = f"flow `{name}` is not executed here: {file.problem}"
            raise ApiError(HTTPStatus.CONFLICT, "not_running", message)
        return file.program

    async def run(self, run_id: str) -> RunRecord:
        """A run.

        Raises:
            ApiError: there is none.
        """
        run = await self.store.run(run_id)
        if run is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "not_found", f"there is no run `{run_id}`")
        return run

    async def profile(self, run: RunRecord) -> Profile | None:
        """How a run goes or went, in all processes; None if nothing of it is remembered."""
        is_open = run.status is RunStatus.RUNNING
        return await self.recorder.kept(run.id, await self.fleet.profiles(run.id) if is_open else {})
