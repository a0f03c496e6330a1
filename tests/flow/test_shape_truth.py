"""What is found before a run is true in the run, for flows that nobody would write: made at random.

Each is run as if nothing had been found. A flow with an error must fail; every message must be like the
shapes that were inferred. That real flows give no false alarm is tested where they run.
"""

import random
from pathlib import Path

import pytest

from headrace.app import builtin_registry
from headrace.engine import Engine
from headrace.errors import Severity
from headrace.flow import lint
from headrace.flow.lint.port import check_fields, check_ports
from headrace.flow.lint.shape import check_shapes
from headrace.flow.loader import load_object
from headrace.store import MemoryStore, RunStatus
from support.crossing import crossings_watched

NAMES = ("a", "b", "c", "d")
LITERALS = (1, 2.5, "text", None, True, [], [1, 2], [{"p": 1}], {}, {"p": 1}, {"p": {"q": "x"}})
EXPRESSIONS = (
    "$.NN",
    "$.NN + 1",
    "$.NN - 1",
    "$.NN.p",
    "$.NN.p.q",
    "$.NN?.p",
    "$.NN || 0",
    "$.NN ?? 'none'",
    "$.NN[0]",
    "len($.NN)",
    "$.NN.map(x => x)",
    "$.NN.map(x => x.p)",
    "$.NN.toUpperCase()",
    "[...$.NN, 1]",
    "typeof $.NN",
    "$.NN == null",
    "$.NN ? $.MM + 1 : 0",
    "$.NN && $.MM.p",
    "{...$, NN: 1}",
    "{...$.NN, MM: $.MM}",
    "pick($, ['NN', 'MM'])",
    "omit($, ['NN'])",
    "string($.NN)",
    "upper($.NN)",
    "ceil($.NN)",
    "keys($.NN)",
    "$.NN < $.MM",
    "$.payload.NN",
    "$.payload.NN + 1",
    "{NN: $.MM, MM: {p: $.NN}}",
    "$",
    "has($, 'NN') ? $.NN + 1 : 0",
    "get($, 'NN.p', 1) + 1",
    "$.NN.filter(x => x > 1).length",
    "$.NN.p ? $.NN.p.q.trim() : ''",
    "`${$.NN}`.trim()",
    "JSON.stringify($.NN)",
    "merge($.NN, {p: 2}).p + 1",
    "$.NN.length",
    "first($.NN)",
    "sortBy($.NN, x => x.p)",
    "$run.attempt + 1",
    "$vars.size + $.NN",
    "Object.keys($.NN).length",
)


class Maker:
    """Makes flows of modify nodes: a graph without loops, in which every node gets messages."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def expression(self) -> str:
        names = self.random.sample(NAMES, 2)
        text = self.random.choice(EXPRESSIONS)
        return "{{ " + text.replace("NN", names[0]).replace("MM", names[1]) + " }}"

    def value(self):
        kind = self.random.random()
        if kind < 0.4:
            return self.random.choice(LITERALS)
        if kind < 0.9:
            return self.expression()
        return {name: self.value() for name in self.random.sample(NAMES, 1)}

    def data(self):
        return {name: self.value() for name in self.random.sample(NAMES, self.random.randint(1, 4))}

    def flow(self):
        nodes = {"start": {"component": "common-module/signal"}}
        edges = []
        for number in range(self.random.randint(2, 6)):
            name = f"n{number}"
            node = {"component": self.random.choice(["common-module/modify", "common-module/async"])}
            if self.random.random() < 0.3:
                node["input"] = self.data()
            for source in self.random.sample(list(nodes), min(len(nodes), self.random.choice([1, 1, 2]))):
                edge = {"from": source, "to": name}
                key = self.random.choice(["data", "data", "add", ""])
                edges.append({**edge, key: self.data()} if key else edge)
            nodes[name] = node
        spec = {"vars": {"size": 10}, "nodes": nodes, "edges": edges}
        return {"apiVersion": "headrace.dev/v1", "kind": "Flow", "metadata": {"name": "made"}, "spec": spec}

    def payload(self):
        return self.random.choice([None, {}, {"a": 1, "b": "x"}, [1], {name: [1] for name in NAMES}])

    def wide_flow(self, folder: Path):
        """All components, all ports, loops: any of it may fail, and messages go everywhere."""
        nodes = {"start": {"component": "common-module/signal", "settings": {"payload": {"a": 1}}}}
        ports = [("start", "out")]
        edges = []
        for number in range(self.random.randint(4, 9)):
            name = f"n{number}"
            node, outputs = self.node(folder)
            for source, port in self.random.sample(ports, min(len(ports), self.random.choice([1, 2, 2]))):
                edges.append(self.edge(f"{source}:{port}", name))
            nodes[name] = node
            ports += [(name, port) for port in outputs]
        routers = [name for name, node in nodes.items() if node["component"].endswith("router")]
        if routers:
            back = self.random.choice([name for name in nodes if name != "start"])
            edges.append({"from": f"{routers[-1]}:again", "to": back, "add": {"a": "{{$.a + 1}}"}})
        spec = {"vars": {"size": 10}, "retry": {"maxAttempts": 1}, "nodes": nodes, "edges": edges}
        return {"apiVersion": "headrace.dev/v1", "kind": "Flow", "metadata": {"name": "wide"}, "spec": spec}

    def edge(self, source: str, target: str):
        key = self.random.choice(["data", "add", "", ""])
        edge = {"from": source, "to": target}
        return {**edge, key: self.data()} if key else edge

    def node(self, folder: Path):
        pick = self.random.choice
        settings, node, outputs = {}, {}, ["out"]
        match pick(["modify", "async", "debug", "delay", "router", "iterator", "iterator", "connector"]):
            case "router":
                component, outputs = "common-module/router", ["default"]
                when = "{{typeof $.a == 'number' && $.a < 3}}"
                settings = {
                    "rules": [{"when": when, "outputPort": "again"}],
                    "stopOnMatch": pick([True, False]),
                }
            case "iterator":
                component, outputs = "common-module/iterator", ["item", "batch", "done", "error"]
                settings = {name: pick([True, False]) for name in ("emitIndex", "emitProgress", "durable")}
                node["input"] = {
                    "array": pick(["{{$.b}}", [1, {"p": 2}], "{{[$.a, $]}}"]),
                    "context": self.value(),
                }
            case "connector":
                component, outputs = "database-module/connector", ["result", "error"]
                settings = {"driver": "sqlite", "database": str(folder / "made.db")}
                query = pick(["SELECT 1 AS p, NULL AS q", "SELECT wrong", "CREATE TABLE IF NOT EXISTS t (x)"])
                node["input"] = {"query": query}
                node["as"] = pick(["result", "c"])
            case kind:
                component = f"common-module/{kind}"
                settings = {"duration": 0} if kind == "delay" else {}
                if self.random.random() < 0.3:
                    node["input"] = self.data()
        return {"component": component, "settings": settings, **node}, outputs


@pytest.mark.parametrize("seed", range(5))
async def test_a_flow_with_an_error_fails_and_every_message_is_like_its_shape(seed, monkeypatch, tmp_path):
    registry = builtin_registry()
    about_shapes = {check_shapes, check_ports, check_fields}
    others = tuple(rule for rule in lint.RULES if rule not in about_shapes)
    maker = Maker(seed)
    seen = {"wrong": 0, "failed": 0}
    with crossings_watched(monkeypatch) as watch:
        for _ in range(30):
            made = maker.flow()
            found = load_object(made, registry).findings
            codes = {f.code for f in found if f.severity is Severity.ERROR}
            with monkeypatch.context() as patch:
                patch.setattr(lint, "RULES", others)
                flow = load_object(made, registry).flow
            if flow is None:  # wrong in another way, which is another test's business
                continue
            async with Engine(MemoryStore(), tmp_path) as engine:
                program = await engine.load(flow, {})
                run = await engine.fire(program, "start", maker.payload())
                run = await engine.wait(run.id)
            seen["wrong"] += bool(codes)
            seen["failed"] += run.status is RunStatus.FAILED
            told = "\n".join(finding.render() for finding in found)
            assert not codes or run.status is RunStatus.FAILED, told
    assert watch.count > 0
    assert 0 < seen["wrong"] <= seen["failed"]


@pytest.mark.parametrize("seed", range(4))
async def test_every_message_of_every_component_is_like_its_shape(seed, monkeypatch, tmp_path):
    registry = builtin_registry()
    monkeypatch.setattr(lint, "RULES", ())
    maker = Maker(seed)
    with crossings_watched(monkeypatch) as watch:
        for _ in range(15):
            flow = load_object(maker.wide_flow(tmp_path), registry).flow
            if flow is None:
                continue
            async with Engine(MemoryStore(), tmp_path) as engine:
                program = await engine.load(flow, {})
                run = await engine.fire(program, "start", maker.payload())
                await engine.wait(run.id)
    assert watch.count > 0
