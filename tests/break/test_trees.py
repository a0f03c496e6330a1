"""Random trees of iterators, failing nodes, error ports and inserts, compared with a model of rules 4 to 7.

The model says which rows must exist when the run has ended, and how often; the flow runs on a real PostgreSQL.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.engine import retry
from headrace.flow.model import Retry
from headrace.sdk import (
    Component,
    Context,
    InfrastructureError,
    Input,
    Json,
    Module,
    Output,
    PermanentError,
    Settings,
    component,
)
from headrace.store import MemoryStore, RunStatus
from support.flows import bench

DIGITS = "0123"


@dataclass
class Tree:
    """What happens to a message `{p}`: `p` is the path of the iterations that made it.

    Attributes:
        kind: insert, fail, flaky, iterator, async.
        breaks: it fails for paths that end in one of these digits.
        below: what follows its ordinary output (the items of an iterator).
        done: what follows an iterator's `done`.
        error: what follows its error port; None: not wired.
        options: settings of the iterator.
    """

    kind: str
    breaks: str = ""
    below: "list[Tree]" = field(default_factory=list)
    done: "list[Tree]" = field(default_factory=list)
    error: "list[Tree] | None" = None
    options: dict[str, Any] = field(default_factory=dict)
    size: int = 0
    name: str = ""


class Broken(Exception):
    """A failure that nobody handled."""


@dataclass
class Done:
    """What a branch has done so far."""

    rows: list[str] = field(default_factory=list)
    tasks: "list[tuple[list[Tree], str]]" = field(default_factory=list)

    def take(self, other: "Done") -> None:
        self.rows += other.rows
        self.tasks += other.tasks


def model(root: list[Tree]) -> tuple[Counter[str], bool]:
    """The rows that must exist, and whether a task failed for good."""
    rows: Counter[str] = Counter()
    has_failed = False
    tasks = [([tree], "r") for tree in root]  # an edge of a trigger makes a task
    while tasks:
        trees, path = tasks.pop()
        branch = Done()
        try:
            for tree in trees:
                visit(tree, path, branch)
        except Broken:
            has_failed = True
        else:
            rows.update(branch.rows)
            tasks += branch.tasks
    return rows, has_failed


def visit(tree: Tree, path: str, branch: Done) -> None:
    if tree.kind == "iterator":
        visit_iterator(tree, path, branch)
        return
    if tree.kind in ("insert", "fail") and path[-1] in tree.breaks:
        if tree.error is None:
            raise Broken
        follow(tree.error, path, branch)
        return
    if tree.kind == "async":
        branch.tasks += [([child], path) for child in tree.below]
        return
    if tree.kind == "insert":
        branch.rows.append(f"{tree.name}:{path}")
    follow(tree.below, path, branch)


def visit_iterator(tree: Tree, path: str, branch: Done) -> None:
    for item in range(tree.size):
        inner_path = f"{path}.{item}"
        if tree.options["durable"]:
            branch.tasks += [([child], inner_path) for child in tree.below]
            continue
        inner = Done()
        try:
            follow(tree.below, inner_path, inner)
        except Broken:
            if not tree.options["continueOnError"]:
                raise
            follow(tree.error or [], inner_path, branch)
        else:
            branch.take(inner)
    if tree.options["durable"]:
        branch.tasks.append((tree.done, path))
    else:
        follow(tree.done, path, branch)


def follow(trees: list[Tree], path: str, branch: Done) -> None:
    for tree in trees:
        visit(tree, path, branch)


breaks = st.sets(st.sampled_from(DIGITS), max_size=2).map(lambda digits: "".join(sorted(digits)))


def trees(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    some = st.lists(children, max_size=2)
    handled = st.none() | st.lists(children, min_size=1, max_size=1)
    options = st.fixed_dictionaries(
        {
            "continueOnError": st.sampled_from([True, True, False]),
            "concurrency": st.integers(1, 8),
            "durable": st.sampled_from([False, False, False, True]),
        }
    )
    return st.one_of(
        st.builds(Tree, st.just("insert"), breaks, below=some, error=handled),
        st.builds(Tree, st.just("fail"), breaks, below=some, error=handled),
        st.builds(Tree, st.just("flaky"), breaks, below=some),
        st.builds(Tree, st.just("async"), below=some),
        st.builds(
            Tree,
            st.just("iterator"),
            below=st.lists(children, min_size=1, max_size=2),
            done=some,
            error=handled,
            options=options,
            size=st.integers(0, 4),
        ),
    )


leaves = st.builds(Tree, st.just("insert"), breaks)
forests = st.lists(st.recursive(leaves, trees, max_leaves=14), min_size=1, max_size=3)


class Flow:
    """A flow file made of trees."""

    def __init__(self, roots: list[Tree], url: str) -> None:
        self.nodes: dict[str, Any] = {"start": {"component": "common-module/signal"}}
        self.edges: list[dict[str, Any]] = []
        self._url = url
        self._add("start:out", roots, {"p": "r"})

    @property
    def spec(self) -> str:
        return yaml.safe_dump(
            {"retry": {"maxAttempts": 1}, "nodes": self.nodes, "edges": self.edges}, sort_keys=False
        )

    def _add(self, port: str, below: list[Tree], data: dict[str, str]) -> None:
        for tree in below:
            tree.name = f"n{len(self.nodes)}"
            first = {"iterator": "in", "insert": "query"}.get(tree.kind, "in")
            self.edges.append({"from": port, "to": f"{tree.name}:{first}", "data": data})
            self._node(tree)

    def _node(self, tree: Tree) -> None:
        name = tree.name
        same = {"p": "{{$.p}}"}
        if tree.kind == "iterator":
            self.nodes[name] = {
                "component": "common-module/iterator",
                "settings": tree.options,
                "input": {"array": list(range(tree.size)), "context": "{{$.p}}"},
            }
            item = {"p": "{{$.context + '.' + $.item}}"}
            self._add(f"{name}:item", tree.below, item)
            self._add(f"{name}:done", tree.done, {"p": "{{$.context}}"})
            self._add(f"{name}:error", tree.error or [], item)
            return
        broken = f"{list(tree.breaks)}.includes($.p.slice(-1))"
        if tree.kind == "insert":
            self.nodes[name] = {
                "component": "database-module/connector",
                "settings": {"driver": "postgres", "url": self._url},
                "input": {
                    "query": "INSERT INTO t (row) VALUES ($1)",
                    "parameters": [f"{{{{{broken} ? null : '{name}:' + $.p}}}}"],
                },
            }
        elif tree.kind == "async":
            self.nodes[name] = {"component": "common-module/async"}
        else:
            breaks = {"breaks": tree.breaks}
            # With `input`, what the edge's `data` made is the base value, which the error port carries on.
            self.nodes[name] = {"component": f"tree-module/{tree.kind}", "settings": breaks, "input": same}
        self._add(f"{name}:{'result' if tree.kind == 'insert' else 'out'}", tree.below, same)
        if tree.error is not None:
            self._add(f"{name}:error", tree.error, same)


def tree_module(dice: random.Random) -> Module:
    """Nodes that fail by the path, and take a random time."""
    seen: set[tuple[str, str]] = set()

    class Breaks(Settings):
        breaks: str = ""

    async def wander() -> None:
        for _ in range(dice.randrange(4)):
            await asyncio.sleep(0)

    @component(
        "tree-module/fail",
        summary="Fails.",
        settings=Breaks,
        inputs=(Input("in"),),
        outputs=(Output("out"), Output("error", error=True)),
    )
    class Fail(Component):
        async def handle(self, message: Json, context: Context) -> None:
            await wander()
            if message["p"][-1] in self.settings.breaks:
                raise PermanentError("it broke")
            await context.emit("out", message)

    @component(
        "tree-module/flaky",
        summary="Fails once as a lost database does, then passes.",
        settings=Breaks,
        inputs=(Input("in"),),
        outputs=(Output("out"),),
    )
    class Flaky(Component):
        async def handle(self, message: Json, context: Context) -> None:
            await wander()
            key = (context.node, message["p"])
            if message["p"][-1] in self.settings.breaks and key not in seen:
                seen.add(key)
                raise InfrastructureError("lost")
            await context.emit("out", message)

    return Module("tree-module", "Trees.", (Fail, Flaky))


class Ledger(MemoryStore):
    """A store with a fixed id of the run, which notes the ids of all tasks."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()

    async def fire(self, request):
        return await super().fire(replace(request, run_id="run"))

    async def commit(self, task, outcome, now_ns, **options):
        committed = await super().commit(task, outcome, now_ns, **options)
        self.ids.update(new.id for new in committed.tasks)
        return committed

    async def bury(self, task, attempts, error, now_ns):
        committed = await super().bury(task, attempts, error, now_ns)
        self.ids.update(new.id for new in committed.tasks)
        return committed


@pytest.fixture
def quick_retries(monkeypatch, engine_recursion):
    monkeypatch.setattr(retry, "INFRASTRUCTURE", Retry(1000, 0.0, 1.0, 0.0))


async def grow(roots: list[Tree], url: str, seed: int) -> tuple[Counter[str], bool, Counter[str]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("DROP TABLE IF EXISTS t, headrace_tasks")
        await connection.execute("CREATE TABLE t (row text NOT NULL)")
        store = Ledger()
        spec = Flow(roots, url).spec
        async with bench(spec, store=store, modules=(tree_module(random.Random(seed)),)) as flow:
            run = await asyncio.wait_for(flow.run(), 30)
        rows = await (await connection.execute("SELECT row FROM t")).fetchall()
    return Counter(row for (row,) in rows), run.status is RunStatus.FAILED, store.ids


@pytest.mark.usefixtures("quick_retries")
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(forests, st.integers(0, 1000))
def test_the_rows_of_any_tree_are_those_of_the_model(postgres_url, roots, seed):
    rows, has_failed, ids = asyncio.run(grow(roots, postgres_url, seed))
    assert (rows, has_failed) == model(roots)
    assert set(ids.values()) <= {1}, "no task comes twice"
    _, _, others = asyncio.run(grow(roots, postgres_url, seed + 1))
    assert ids == others, "ids do not depend on time"
