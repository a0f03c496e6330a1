"""Running flows in tests: from YAML text to the run's record and what its probes saw."""

import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.components import MODULES
from headrace.engine import Engine, Observer, Observers, Program
from headrace.flow.loader import load_flow, require
from headrace.flow.model import Flow
from headrace.sdk import (
    Address,
    Clock,
    Component,
    Context,
    InfrastructureError,
    Input,
    Json,
    Module,
    Output,
    PermanentError,
    Registry,
    Settings,
    TemporaryError,
    component,
)
from headrace.source import Source
from headrace.store import MemoryStore, RunRecord, Store, VersionRecord

ANY_PORT = Address("127.0.0.1", 0)

HEAD = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: test}
spec:
"""


@dataclass
class Seen:
    """What the probes of one flow saw, by the node's name."""

    messages: dict[str, list[Json]] = field(default_factory=dict)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    before: dict[str, Callable[[Json, Context], Any]] = field(default_factory=dict)

    def __getitem__(self, node: str) -> list[Json]:
        return self.messages.get(node, [])

    def fail(self, node: str, *errors: Exception) -> None:
        """Have a probe raise these errors, one a message, before it lets messages pass."""
        self.errors.setdefault(node, []).extend(errors)


class NoSettings(Settings):
    """None."""


def probes(seen: Seen) -> Module:
    """A module of components that tell `seen` what reaches them."""

    @component(
        "test-module/probe",
        summary="Notes each message and passes it on.",
        settings=NoSettings,
        inputs=(Input("in"),),
        outputs=(Output("out"), Output("error", error=True)),
    )
    class Probe(Component):
        async def handle(self, message: Json, context: Context) -> None:
            seen.messages.setdefault(context.node, []).append(message)
            if (hook := seen.before.get(context.node)) is not None:
                await hook(message, context)
            if errors := seen.errors.get(context.node):
                raise errors.pop(0)
            await context.emit("out", message)

    class FailSettings(Settings):
        kind: str = "permanent"
        when: str = ""

    @component(
        "test-module/fail",
        summary="Fails for messages that contain a text, else passes them on.",
        settings=FailSettings,
        inputs=(Input("in"),),
        outputs=(Output("out"), Output("error", error=True)),
    )
    class Fail(Component):
        async def handle(self, message: Json, context: Context) -> None:
            seen.messages.setdefault(context.node, []).append(message)
            if self.settings.when in str(message):
                kinds = {
                    "permanent": PermanentError,
                    "temporary": TemporaryError,
                    "infrastructure": InfrastructureError,
                    "bug": ZeroDivisionError,
                }
                raise kinds[self.settings.kind]("it broke")
            await context.emit("out", message)

    @component(
        "test-module/adder",
        summary="Adds a result to the base value.",
        settings=NoSettings,
        inputs=(Input("in"),),
        outputs=(Output("result", adds="result"), Output("error", error=True)),
    )
    class Adder(Component):
        async def handle(self, message: Json, context: Context) -> None:
            seen.messages.setdefault(context.node, []).append(message)
            if isinstance(message, dict) and message.get("fail"):
                raise PermanentError("asked to fail", code="T1")
            await context.add_result("result", message)

    return Module("test-module", "Probes.", (Probe, Fail, Adder))


class Recorder(Observer):
    """Keeps the errors that are told."""

    def __init__(self) -> None:
        self.errors = []
        self.dropped = []
        self.where = {}
        self.stuck = []

    def error_raised(self, run_id, error):
        self.errors.append(error)

    def run_stuck(self, run, error):
        self.stuck.append((run.id, error))

    def firing_dropped(self, flow, trigger, reason):
        self.dropped.append(reason)

    def listening(self, flow, trigger, where):
        self.where[trigger] = where


@dataclass
class Bench:
    """A flow in an engine."""

    engine: Engine
    program: Program
    store: Store
    seen: Seen
    observer: Recorder
    registry: Registry

    async def run(self, payload: Json = None, trigger: str | None = None) -> RunRecord:
        """Fire a trigger and wait for the end."""
        name = trigger or next(iter(self.program.triggers))
        run = await self.engine.fire(self.program, name, payload)
        return await self.engine.wait(run.id)


@asynccontextmanager
async def bench(
    spec: str,
    *,
    seen: Seen | None = None,
    clock: Clock | None = None,
    store: Store | None = None,
    home: Path = Path("/nonexistent"),
    secrets: dict[str, str] | None = None,
    modules: tuple[Module, ...] = (),
    mask: Callable[[str], str] = str,
    observers: tuple[Observer, ...] = (),
    most_tasks: int | None = None,
    name: str = "flow.yaml",
) -> AsyncIterator[Bench]:
    """An engine with the flow whose `spec` is given, indented or not; `name` is that of its file."""
    seen = seen or Seen()
    text = HEAD + textwrap.indent(textwrap.dedent(spec), "  ")
    registry = Registry((*MODULES, probes(seen), *modules))
    flow = require(load_flow(Source(name, text), registry))
    kept = store or MemoryStore()
    observer = Recorder()

    def read_version(version: VersionRecord) -> tuple[Flow, dict[str, str]]:
        source = Source(version.name, version.text)
        return require(load_flow(source, registry, overrides=version.overrides)), secrets or {}

    async with Engine(
        kept,
        home,
        clock=clock,
        observer=Observers(observer, *observers),
        mask=mask,
        read_version=read_version,
        address=ANY_PORT,
        most_tasks=most_tasks,
    ) as engine:
        program = await engine.load(flow, secrets or {})
        yield Bench(engine, program, kept, seen, observer, registry)


async def run_flow(spec: str, payload: Json = None, **options: Any) -> tuple[RunRecord, Seen]:
    """Run a flow's only trigger once."""
    async with bench(spec, **options) as flow:
        return await flow.run(payload), flow.seen
