"""Counts of a run: rates, totals, the time that is left."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from headrace.engine import NodeStats, Program
from headrace.engine.observer import RunStats
from headrace.monitor.meter import NodeRow, Part, Snapshot, meter_of
from headrace.monitor.tally import Marks, Tally
from support.flows import Seen, bench


class Engine:
    """A program of two nodes and a trigger, runs by id, and a clock that is set."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.api, self.iterate = NodeStats(), NodeStats()
        self.runs = {"one": RunStats(), "two": RunStats()}
        self.edge = SimpleNamespace(edge=SimpleNamespace(index=3), crossed=0)
        targets = {"start": {"out": (self.edge,)}}
        units = self.units = {
            name: SimpleNamespace(
                name=name,
                stats=stats,
                targets=targets.get(name, {}),
                node=SimpleNamespace(spec=SimpleNamespace(trigger=trigger)),
            )
            for name, stats, trigger in [
                ("start", NodeStats(), True),
                ("api", self.api, False),
                ("iterate", self.iterate, False),
            ]
        }
        self.edge.unit = units["api"]
        self.measure()

    def measure(self) -> None:
        """Begin to read the counts, along the edges that there are."""
        edges = [
            SimpleNamespace(source=SimpleNamespace(node=name), target=SimpleNamespace(node=target.unit.name))
            for name, unit in self.units.items()
            for targets in unit.targets.values()
            for target in targets
        ]
        self.program = cast("Program", SimpleNamespace(units=self.units, flow=SimpleNamespace(edges=edges)))
        self.meter = meter_of(self.program, self.runs.get, now_s=lambda: self.now_s)

    def change(self, stats: Any, **changes: int) -> None:
        for name, value in changes.items():
            setattr(stats, name, value)


def test_counts_rates_and_the_time_left() -> None:
    engine = Engine()
    engine.meter.begin("one", is_alone=True)
    engine.meter.read()
    engine.now_s += 2
    engine.change(engine.runs["one"], expected=500, pages=1)
    engine.change(engine.api, received=2, active=1, failed=1)
    engine.change(engine.iterate, received=1, items_done=40, items_total=100, passes=4)
    assert engine.meter.read() == Snapshot(
        elapsed_s=2.0,
        rows=(NodeRow("api", 2, 1, 1, 1.0, 0, 0), NodeRow("iterate", 1, 0, 0, 0.5, 40, 100)),
        done=40,
        total=500,
        pages=1,
        batches=4,
        rate=20.0,
        left_s=23.0,
        edges={3: (0, 0.0)},
    )


def test_rates_are_of_the_last_seconds() -> None:
    engine = Engine()
    engine.meter.begin("one", is_alone=True)
    engine.runs["one"].expected = 1000
    for _ in range(20):
        engine.meter.read()
        engine.now_s += 1
        engine.iterate.items_done += 10
    engine.meter.read()
    engine.now_s += 10
    snapshot = engine.meter.read()
    assert (snapshot.done, snapshot.rate, snapshot.left_s) == (200, 0.0, None)


def test_a_run_that_begins_alone_begins_at_zero() -> None:
    engine = Engine()
    engine.meter.begin("one", is_alone=True)
    engine.change(engine.api, received=7, failed=2)
    engine.meter.end("one")
    engine.edge.crossed = 7
    engine.meter.begin("two", is_alone=True)
    engine.api.received += 1
    engine.edge.crossed += 1
    assert engine.meter.read().rows[0] == NodeRow("api", 1, 0, 0, 0.0, 0, 0)
    assert engine.meter.read().edges == {3: (1, 0.0)}


def test_crossings_are_told_with_their_rate() -> None:
    engine = Engine()
    engine.meter.begin("one", is_alone=True)
    engine.meter.read()
    engine.now_s += 2
    engine.edge.crossed += 5
    assert engine.meter.read().edges == {3: (5, 2.5)}


def test_after_the_end_the_time_stands_still() -> None:
    engine = Engine()
    engine.meter.begin("one", is_alone=True)
    engine.change(engine.runs["one"], expected=10, pages=3)
    engine.now_s += 4
    pages = engine.meter.end("one")
    engine.now_s += 60
    snapshot = engine.meter.read()
    assert (pages, snapshot.elapsed_s, snapshot.pages, snapshot.total) == (3, 4.0, 3, 10)


def test_the_time_goes_on_with_a_run_that_begins_beside_one_of_another_version() -> None:
    engine = Engine()
    engine.meter.end("of another version")
    engine.meter.begin("one", is_alone=False)
    engine.now_s += 3
    assert engine.meter.read().elapsed_s == 3.0


def test_what_is_read_after_the_end_takes_no_memory() -> None:
    engine = Engine()
    engine.meter.begin("one", is_alone=True)
    engine.meter.read()
    engine.now_s += 2
    engine.iterate.items_done += 10
    engine.meter.end("one")
    assert {engine.meter.read().rate for _ in range(1000)} == {5.0}
    assert len(engine.meter._samples) == 2


def test_of_what_was_told_nothing_is_taken_back() -> None:
    """As where a trial fails and is repeated."""
    engine = Engine()
    engine.meter.begin("one", is_alone=True)
    engine.change(engine.runs["one"], expected=500)
    engine.change(engine.api, received=3)
    engine.change(engine.iterate, items_done=40, items_total=100)
    engine.meter.read()
    engine.now_s += 2
    engine.change(engine.api, received=2)
    engine.change(engine.iterate, items_done=20)
    snapshot = engine.meter.read()
    assert (snapshot.done, snapshot.rate, snapshot.left_s, snapshot.rows[0].rate) == (40, 0.0, None, 0.0)
    engine.change(engine.iterate, items_done=60)
    assert engine.meter.read().done == 60


def test_records_that_were_got_stay_done_when_their_iterator_begins() -> None:
    engine = Engine()
    engine.units["api"].targets["response"] = (
        SimpleNamespace(edge=SimpleNamespace(index=4), unit=engine.units["iterate"], crossed=0),
    )
    engine.measure()
    engine.meter.begin("one", is_alone=True)
    engine.change(engine.runs["one"], expected=500, sources={"api"})
    told = []
    for count, changes in [
        (engine.api, {"items_done": 100}),
        (engine.iterate, {"items_total": 100}),
        (engine.iterate, {"items_done": 100}),
        (engine.api, {"items_done": 200}),
        (engine.iterate, {"items_done": 150, "items_total": 200}),
    ]:
        engine.change(count, **changes)
        told.append(engine.meter.read().done)
    assert told == [100, 100, 100, 100, 150]


def test_items_of_a_node_above_the_source_are_none_of_its_records() -> None:
    """The numbers of the pages that are to be fetched."""
    engine = Engine()
    engine.units["iterate"].targets["item"] = (engine.edge,)
    engine.measure()
    engine.meter.begin("one", is_alone=True)
    engine.change(engine.runs["one"], expected=500, sources={"api"})
    engine.change(engine.iterate, items_done=5, items_total=5, passes=5)
    assert (engine.meter.read().done, engine.meter.read().total) == (0, 500)
    engine.now_s += 2
    engine.change(engine.api, items_done=100, passes=1)
    snapshot = engine.meter.read()
    assert (snapshot.done, snapshot.total, snapshot.rate, snapshot.batches) == (100, 500, 50.0, 1)
    # As where the next page is asked for once this one is done: in a loop nothing is above.
    engine.units["api"].targets["response"] = (
        SimpleNamespace(edge=SimpleNamespace(index=4), unit=engine.units["iterate"], crossed=0),
    )
    engine.measure()
    engine.meter.begin("one", is_alone=True)
    engine.change(engine.iterate, items_done=15, items_total=105)
    assert (engine.meter.read().done, engine.meter.read().total) == (10, 500)


DURABLE = """
nodes:
  start: {component: common-module/signal}
  each: {component: common-module/iterator, settings: {batchSize: 2, durable: true}}
  one: {component: common-module/modify}
  some: {component: test-module/fail, settings: {when: "9"}}
edges:
  - {from: start, to: each, data: {array: "{{$.payload}}"}}
  - each:item -> one
  - each:batch -> some
  - each:batch -> one
"""


@pytest.mark.parametrize("ports", ["both", "batches"])
async def test_the_items_of_a_durable_iterator_are_done_with_their_tasks_each_once(ports):
    spec = DURABLE if ports == "both" else DURABLE.replace("  - each:item -> one\n", "")
    async with bench("retry: {maxAttempts: 1}" + spec) as flow:
        await flow.run([1, 2, 3, 4, 9])
        stats = flow.program.units["each"].stats
        done, passes = (5, 5) if ports == "both" else (4, 2)
        assert (stats.items_total, stats.items_done, stats.passes) == (5, done, passes)


@pytest.mark.parametrize("durable", ["true", "false"])
async def test_batches_of_a_page_loop_are_records_whatever_their_iterator_is(durable):
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      page: {{component: test-module/probe}}
      each: {{component: common-module/iterator, settings: {{batchSize: 2, durable: {durable}}}}}
      some: {{component: common-module/modify}}
    edges:
      - {{from: start, to: page, data: {{page: 1}}}}
      - {{from: page, to: each, data: {{array: [1, 2, 3], context: "{{{{$}}}}"}}}}
      - each:batch -> some
      - {{from: "each:done", to: more, data: "{{{{$.context}}}}"}}
      - {{from: "more:again", to: page, data: {{page: "{{{{$.page + 1}}}}"}}}}
    """.replace(
        "      some:",
        """      more:
        component: common-module/router
        settings: {rules: [{when: "{{$.page < 3}}", outputPort: again}]}
      some:""",
    )

    async def tell(message, context):
        context.expect(9)

    seen = Seen()
    seen.before["page"] = tell
    async with bench(spec, seen=seen) as flow:
        meter = meter_of(flow.program, flow.engine.stats)
        fired = await flow.engine.fire(flow.program, "start")
        meter.begin(fired.id, is_alone=True)
        await flow.engine.wait(fired.id)
        meter.end(fired.id)
        assert (meter.read().done, meter.read().total) == (9, 9)


def test_what_other_processes_count_is_counted_in_and_is_no_leap_of_the_rate() -> None:
    engine = Engine()
    engine.meter.begin("one", is_alone=True)
    engine.change(engine.runs["one"], expected=500, pages=1, sources={"api"})
    engine.change(engine.iterate, received=1, items_done=10, items_total=100)

    def hear(items: int, pages: int) -> None:
        stats = NodeStats(received=5, active=1, items_done=items, items_total=200, passes=2)
        runs = {"one": RunStats(expected=480, pages=pages, sources={"api"})}
        engine.meter.hear("other", Part(Tally({"iterate": stats, "gone": NodeStats()}, {3: 7, 9: 1}), runs))

    engine.meter.read()
    engine.now_s += 1
    hear(100, 2)
    first = engine.meter.read()
    assert (first.done, first.total, first.pages, first.batches, first.rate) == (110, 500, 3, 2, 0.0)
    assert first.rows[1] == NodeRow("iterate", 6, 1, 0, 0.0, 110, 300)
    assert first.edges == {3: (7, 0.0)}
    engine.now_s += 1
    hear(120, 2)
    assert engine.meter.read().rate == 20.0
    engine.meter.begin("two", is_alone=True)
    assert engine.meter.read().done == 0


def test_the_beginnings_of_old_runs_are_forgotten_but_for_that_of_the_whole_stretch() -> None:
    engine = Engine()
    marks = Marks(engine.program)
    for number in range(200):  # there always is one
        marks.begin(f"r{number}", RunStats())
        engine.iterate.received += 1
        if number:
            marks.end(f"r{number - 1}")
    found = marks.of(["r0", "r50", "r150", "r199", "r200"])
    assert list(found) == ["r0", "r150", "r199"]
    assert [mark.tally.nodes["iterate"].received for mark in found.values()] == [0, 150, 199]


def test_a_run_that_began_and_ended_before_it_was_seen_has_taken_as_long_as_it_did() -> None:
    engine = Engine()
    engine.meter.begin("one", is_alone=True, age_s=30.0)
    assert engine.meter.read().elapsed_s == 30.0
    engine.meter.end("one", age_s=10.0)
    assert engine.meter.read().elapsed_s == 20.0
