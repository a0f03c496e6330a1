"""The flows of a shared store that this process has no file of, as those have them that execute them."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from headrace.app.folder import errors_in, text_of
from headrace.errors import Finding, FlowError
from headrace.expr.suggestion import did_you_mean
from headrace.flow.loader import load_flow
from headrace.flow.model import Flow
from headrace.flow.settings import resolve
from headrace.sdk import Registry, Trigger
from headrace.source import Source
from headrace.store import Glance, Sharing, Store, VersionRecord

__all__ = ["Elsewhere", "FlowElsewhere"]


class FlowElsewhere(msgspec.Struct, frozen=True):
    """A flow that other processes execute, or have executed: one version of it.

    Attributes:
        path: of its file, where it is executed.
        version: whose triggers fire by themselves; else the one that was executed last.
        flow: None where the text does not load here, such as for a component that this process lacks.
        text: as it may be shown.
        problem: why it does not load; empty if it does.
        triggers: with their schedules and payloads, as far as these need no secret.
    """

    name: str
    path: str = ""
    version: str = ""
    flow: Flow | None = None
    text: str = ""
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    triggers: Mapping[str, Trigger] = msgspec.field(default_factory=dict)


class Elsewhere:
    """Loads flows as they are in the store, each version once. There are none where a store is not shared."""

    def __init__(self, store: Store, registry: Registry, is_here: Callable[[str], bool]) -> None:
        """Set up; nothing is read yet.

        Args:
            store: that has them.
            registry: the components that there are.
            is_here: whether this process has a file of the flow that has a name.
        """
        self._store = store
        self._registry = registry
        self._is_here = is_here
        self._loaded: dict[str, FlowElsewhere] = {}
        self._reading = asyncio.Lock()

    async def flows(self) -> list[tuple[FlowElsewhere, Glance]]:
        """All flows that somebody executes, or of which runs are remembered, and how it stands with each.

        Raises:
            StoreError: the store failed.
        """
        sharing = self._store.sharing
        if sharing is None:
            return []
        names = [name for name in sorted(await self._store.flows()) if not self._is_here(name)]
        found = [await self._look(sharing, name) for name in names]
        there = [each for each in found if each is not None]
        self._loaded = {flow.name: flow for flow, _ in there}
        return there

    async def find(self, name: str) -> tuple[FlowElsewhere, Glance] | None:
        """One of them.

        Raises:
            StoreError: the store failed.
        """
        sharing = self._store.sharing
        if sharing is None or self._is_here(name) or name not in await self._store.flows():
            return None
        return await self._look(sharing, name)

    def near(self, name: str) -> str:
        """A hint for a name that none of them has."""
        return did_you_mean(name, self._loaded) or ""

    async def _look(self, sharing: Sharing, name: str) -> tuple[FlowElsewhere, Glance] | None:
        glance = await sharing.glance(name)
        if glance.is_past:
            return None
        async with self._reading:
            flow = self._loaded.get(name)
            if flow is None or flow.version != (glance.version or ""):
                flow = self._loaded[name] = await self._load(name, glance.version)
        return flow, glance

    async def _load(self, name: str, version: str | None) -> FlowElsewhere:
        record = None if version is None else await self._store.version(name, version)
        if record is None:
            return FlowElsewhere(name, version=version or "", problem="the store does not have its text")
        return await asyncio.to_thread(_load, record, self._registry)


def _load(record: VersionRecord, registry: Registry) -> FlowElsewhere:
    """Load a version; its secrets are not needed for that."""
    loaded = load_flow(Source(record.name, record.text), registry, overrides=record.overrides)
    problem = f"it does not load here: its text has {errors_in(loaded.findings)}"
    return FlowElsewhere(
        name=record.flow,
        path=record.path,
        version=record.version,
        flow=loaded.flow,
        text=text_of(record.text, loaded),
        findings=loaded.findings,
        problem=problem if loaded.flow is None else "",
        triggers={} if loaded.flow is None else _triggers(loaded.flow),
    )


def _triggers(flow: Flow) -> dict[str, Trigger]:
    made: dict[str, Trigger] = {}
    for node in flow.triggers:
        try:
            settings = resolve(node, flow.vars, dict.fromkeys(flow.secrets, ""))
        except FlowError:  # nothing can be said of a trigger whose settings need the secret itself
            continue
        made[node.name] = node.spec.factory(settings)
    return made
