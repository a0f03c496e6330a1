"""What the routes of the API speak about."""

import time
from collections.abc import Callable
from http import HTTPStatus

import msgspec
from msgspec.structs import replace

from headrace.app.elsewhere import Elsewhere, FlowElsewhere
from headrace.app.folder import FlowFile, Folder
from headrace.engine import Engine
from headrace.flow.model import Flow
from headrace.monitor.fleet import Fleet
from headrace.monitor.metrics import Metrics
from headrace.monitor.profile import Profile
from headrace.monitor.recorder import Recorder
from headrace.sdk import Registry
from headrace.store import Glance, RunRecord, RunStatus, Store
from headrace.web.actions import Actions
from headrace.web.bench import Bench
from headrace.web.feed import Feed
from headrace.web.lookout import Lookout
from headrace.web.problem import ApiError
from headrace.web.resources.live import Live
from headrace.web.watcher import Watcher

__all__ = ["Site", "executed_of", "not_executed"]


class Site(msgspec.Struct, frozen=True):
    """A process that executes flows, as the API sees it.

    Attributes:
        mask: takes secrets out of a text for people.
    """

    engine: Engine
    store: Store
    folder: Folder
    elsewhere: Elsewhere
    lookout: Lookout
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

    async def known(self, name: str) -> FlowFile | FlowElsewhere | None:
        """A flow by its file, or as others execute it; None if there is none."""
        return self.chosen(self.folder.find(name), await self.elsewhere.find(name))

    @staticmethod
    def chosen(
        file: FlowFile | None, found: tuple[FlowElsewhere, Glance] | None
    ) -> FlowFile | FlowElsewhere | None:
        """A flow as others execute it, if it is not executed here; with the reason why not."""
        if found is None or (file is not None and not (file.is_idle and found[1].members)):
            return file
        flow, _ = found
        return flow if file is None else replace(flow, problem=flow.problem or file.problem)

    async def flow(self, name: str) -> FlowFile | FlowElsewhere:
        """As `known`.

        Raises:
            ApiError: there is none.
        """
        flow = await self.known(name)
        if flow is None:
            hint = self.folder.near(name) or self.elsewhere.near(name)
            raise ApiError(HTTPStatus.NOT_FOUND, "not_found", f"there is no flow `{name}`{hint}")
        return flow

    async def executed(self, name: str) -> Flow:
        """The version of a flow that is executed, here or elsewhere.

        Raises:
            ApiError: it is not, or it does not load here.
        """
        flow = await self.flow(name)
        shown = executed_of(flow)
        if shown is None:
            raise not_executed(flow)
        return shown

    async def live(self, flow: str) -> Live | None:
        """The counts of a flow as they are now."""
        await self.lookout.look_at(flow)
        return await self.watcher.live(flow)

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
        told = await self.fleet.profiles(run.flow, run.id) if is_open else {}
        return await self.recorder.kept(run.id, told, run.flow)


def executed_of(flow: FlowFile | FlowElsewhere) -> Flow | None:
    """The version of a flow that is executed, as far as that is known here."""
    if isinstance(flow, FlowElsewhere):
        return flow.flow
    return None if flow.program is None else flow.program.flow


def not_executed(flow: FlowFile | FlowElsewhere) -> ApiError:
    """Nothing can be said of what executes a flow, or be asked of it."""
    message = f"flow `{flow.name}` is not executed here: {flow.problem}"
    return ApiError(HTTPStatus.CONFLICT, "not_running", message)
