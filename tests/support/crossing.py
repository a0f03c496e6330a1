"""Watches real messages: each that crosses a port must be like the shapes that were inferred before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from headrace.engine import context as engine_context
from headrace.engine.context import NodeContext
from headrace.engine.program import Target
from headrace.expr.shape import admits
from headrace.flow import loader
from headrace.flow.draft import Draft
from headrace.flow.loader import Loaded
from headrace.flow.model import Flow
from headrace.flow.shape import Shapes, follow
from headrace.values import Json, is_json

__all__ = ["crossings_watched"]


class Watch:
    """Follows the shapes of each flow that is loaded, and compares what really crosses its edges."""

    def __init__(self) -> None:
        self.flows: dict[int, tuple[Flow, Draft]] = {}
        self.shapes: dict[int, Shapes] = {}
        self.unlike: list[str] = []
        self.count = 0

    def loaded(self, result: Loaded) -> None:
        if result.flow is not None and result.draft is not None:
            self.flows[id(result.flow)] = result.flow, result.draft

    def crossed(
        self, context: NodeContext, target: Target, sent: Json, made: tuple[Json, Json] | None
    ) -> None:
        flow = context.execution.program.flow
        if id(flow) not in self.flows or not is_json(sent):
            return
        if id(flow) not in self.shapes:
            self.shapes[id(flow)] = follow(self.flows[id(flow)][1], likely=False)
        shapes, edge = self.shapes[id(flow)], target.edge
        self.count += 1
        self.check(shapes.emitted(edge.source), sent, f"sent at {edge.source}")
        if made is not None:
            entry = shapes.crossings[edge.index]
            self.check(entry.base, made[0], f"base value over {edge.source} -> {edge.target}")
            self.check(entry.message, made[1], f"message over {edge.source} -> {edge.target}")

    def check(self, shape: Any, value: Json, what: str) -> None:
        if not admits(shape, value) and len(self.unlike) < 5:
            self.unlike.append(f"{what}: {value!r:.300} is not {shape!r:.300}")


@contextmanager
def crossings_watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Compare all messages that cross edges in here with their shapes."""
    watch = Watch()
    load, shape = loader._load, NodeContext.shape

    def watched_load(*arguments: Any) -> Loaded:
        result = load(*arguments)
        watch.loaded(result)
        return result

    def watched_shape(context: NodeContext, target: Target, message: Json) -> tuple[Json, Json]:
        made = None
        try:
            made = shape(context, target, message)
            return made
        finally:
            watch.crossed(context, target, message, made)

    monkeypatch.setattr(loader, "_load", watched_load)
    monkeypatch.setattr(engine_context.NodeContext, "shape", watched_shape)
    yield watch
    assert watch.unlike == [], "\n".join(watch.unlike)
