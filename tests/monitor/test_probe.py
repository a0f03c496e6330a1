"""Own times of nodes, and samples of their messages."""

import asyncio
import time

import pytest

from headrace.engine import Probe
from headrace.engine.probe import Probes
from headrace.errors import PermanentError
from headrace.monitor.cut import MaskedOnce
from headrace.monitor.probe import NodeTimer
from headrace.monitor.recorder import Recorder
from headrace.monitor.recording import Recording
from headrace.monitor.samples import Samples
from headrace.sdk import SystemClock
from headrace.store import MemoryStore, RunStatus
from support.clock import JumpingClock
from support.flows import Seen, bench
from support.target import table_in

NESTED = """
nodes:
  start: {component: common-module/signal}
  each: {component: common-module/iterator, settings: {concurrency: 4}, input: {array: "{{$.payload}}"}}
  outer: {component: test-module/probe}
  inner: {component: test-module/probe}
  done: {component: common-module/debug}
edges:
  - start -> each
  - each:item -> outer -> inner
  - each:done -> done
"""


class Timer:
    """A probe of a clock that is set, and what it has found."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.recording = Recording("r1", "test", 0)
        self.probe = NodeTimer(
            self.recording, Samples(lambda: 0), str, now_ns=lambda: self.now_ms * 1_000_000
        )

    def enter(self, node, above=None):
        return self.probe.entered(node, "in", {}, above)

    def seconds(self):
        return {name: node.seconds for name, node in self.recording.profile(0).nodes.items()}


def test_the_time_of_nodes_below_is_not_their_senders():
    timer = Timer()
    a = timer.enter("a")
    timer.now_ms += 10
    b = timer.enter("b", a)
    timer.now_ms += 100
    timer.probe.left(b)
    timer.now_ms += 1
    b = timer.enter("b", a)
    timer.now_ms += 100
    timer.probe.left(b)
    timer.now_ms += 10
    timer.probe.left(a)
    assert timer.seconds() == {"b": pytest.approx(0.2), "a": pytest.approx(0.021)}


def test_of_nodes_that_are_below_at_once_each_moment_counts_once():
    timer = Timer()
    a = timer.enter("a")
    first = timer.enter("b", a)
    timer.now_ms += 50
    second = timer.enter("b", a)
    timer.now_ms += 50
    timer.probe.left(first)
    timer.now_ms += 50
    timer.probe.left(second)
    timer.now_ms += 7
    timer.probe.left(a)
    assert timer.seconds() == {"b": pytest.approx(0.2), "a": pytest.approx(0.007)}


def test_after_very_many_visits_those_that_last_are_told_from_what_was_seen():
    timer = Timer()
    a = timer.enter("a")
    for _ in range(499):
        timer.now_ms += 1
        b = timer.enter("b", a)
        timer.now_ms += 3
        timer.probe.left(b)
    assert timer.enter("b", a) is None
    timer.now_ms += 4 * 499
    timer.probe.left(a)
    found = timer.recording.profile(0).nodes
    assert (found["a"].timed, found["b"].timed) == (1, 499)
    assert found["a"].seconds == pytest.approx(2 * 0.499)


async def test_own_times_are_those_of_a_real_run():
    seen, store = Seen(), MemoryStore()

    async def wait(message, context):
        await asyncio.sleep(0.05)

    seen.before["inner"] = wait
    async with (
        Recorder(store) as recorder,
        bench(NESTED, seen=seen, store=store, observers=(recorder,)) as flow,
    ):
        run = await flow.run([1, 2, 3, 4])
    nodes = (await recorder.kept(run.id)).nodes
    assert (nodes["each"].timed, nodes["outer"].timed, nodes["inner"].timed) == (1, 4, 4)
    assert nodes["inner"].seconds >= 0.2
    assert nodes["outer"].seconds < 0.05
    assert nodes["each"].seconds < 0.05


async def test_samples_are_the_last_messages_in_and_out_with_their_runs():
    store, clock = MemoryStore(), JumpingClock()
    recorder = Recorder(store, clock)
    async with recorder, bench(NESTED, store=store, clock=clock, observers=(recorder,)) as flow:
        for number in range(8):
            run = await flow.run([{"n": number}])
            clock.set(clock.now_ns() + 10**9)
        ins, outs, emitted = (
            [sample for sample in recorder.samples("test", node) if sample.direction == direction]
            for node, direction in (("inner", "in"), ("start", "out"), ("each", "out"))
        )
        assert recorder.samples("test", "nobody") == []
    assert [sample.message["item"]["n"] for sample in ins] == [7, 6, 5, 4, 3]
    assert (ins[0].port, ins[0].run, ins[0].is_cut) == ("in", run.id, False)
    assert outs[0].message["payload"] == [{"n": 7}]
    assert {sample.port for sample in emitted} == {"item", "done"}


def test_samples_are_few_where_much_comes_and_take_little_of_the_time_of_each_node():
    now_ns = timer_ns = 0
    taken = []

    def mask(text):
        nonlocal timer_ns
        timer_ns += 2 * 10**6  # a large message
        taken.append(now_ns)
        return text

    samples = Samples(lambda: now_ns, lambda: timer_ns)
    for _ in range(12_000):  # a minute
        for node in range(10):
            samples.take("f", f"n{node}", "r", "in", "in", "text", mask)
        now_ns += 5 * 10**6
    assert taken[:10] == [0] * 10
    assert 0.2 <= 0.002 * len(taken) <= 0.4  # half a percent, and the first of each
    assert all(len(samples.of("f", f"n{node}")) == 5 for node in range(10))


def test_a_long_text_is_masked_once_in_a_task():
    masked = []

    def mask(text):
        masked.append(text)
        return "•••"

    once = MaskedOnce(mask)
    text = "x" * 1000
    assert [once(text), once(text), once("short"), once("short")] == ["•••"] * 4
    assert masked == [text, "short", "short"]


async def test_samples_are_masked():
    store = MemoryStore()
    recorder = Recorder(store, mask=lambda text: text.replace("hunter2", "•••"))
    async with recorder, bench(NESTED, store=store, observers=(recorder,)) as flow:
        await flow.run([{"token": "hunter2"}])
    for node in flow.program.units:
        assert "hunter2" not in str(recorder.samples("test", node))
    assert "•••" in str(recorder.samples("test", "inner"))


async def test_not_every_task_is_looked_at_but_the_first_of_each_kind_is():
    spec = """
    nodes:
      start: {component: common-module/signal}
      all: {component: common-module/iterator, settings: {durable: true}, input: {array: "{{$.payload}}"}}
      one: {component: common-module/modify}
    edges:
      - start -> all
      - all:item -> one
    """
    store = MemoryStore()
    async with Recorder(store) as recorder, bench(spec, store=store, observers=(recorder,)) as flow:
        began_s = time.monotonic()
        run = await flow.run(list(range(3000)))
        took_s = time.monotonic() - began_s
    one = (await recorder.kept(run.id)).nodes["one"]
    assert one.received == 3000
    assert 1 <= one.timed <= 2 + 10 * took_s


class Told(Probe):
    """Keeps what it is told."""

    def __init__(self, most=1000):
        self.told = []
        self.most = most

    def entered(self, node, port, message, above):
        if len(self.told) >= self.most:
            return None
        self.told.append(("entered", node, port, above))
        return f"{node}{len(self.told)}"

    def failed(self, visit, error):
        self.told.append(("failed", visit, error.message))

    def left(self, visit):
        self.told.append(("left", visit))

    def emitted(self, node, port, message):
        self.told.append(("emitted", node, port))

    def began_again(self):
        self.told.append(("began_again",))

    def headers(self, visit):
        return {f"x-{self.most}": visit}


class Giving(Recorder):
    """An observer that has a probe for each task."""

    def __init__(self, **options):
        super().__init__(MemoryStore(), SystemClock())
        self.options = options
        self.probes = []

    def probe(self, task, attempt, run):
        self.probes.append(Told(**self.options))
        return self.probes[-1]


CHAIN = """
nodes:
  start: {component: common-module/signal}
  a: {component: test-module/probe}
  b: {component: test-module/probe}
  c: {component: test-module/probe}
edges:
  - start -> a -> b
  - b:error -> c
"""


async def test_a_probe_is_told_of_the_way_of_messages_and_of_failures():
    seen, giving = Seen(), Giving()
    seen.errors["b"] = [PermanentError("no")]
    async with bench(CHAIN, seen=seen, observers=(giving,)) as flow:
        assert (await flow.run()).status is RunStatus.SUCCEEDED
    first, second = giving.probes
    assert first.told == [("emitted", "start", "out")]
    assert second.told == [
        ("entered", "a", "in", None),
        ("emitted", "a", "out"),
        ("entered", "b", "in", "a1"),
        ("failed", "b3", "no"),
        ("emitted", "b", "error"),
        ("entered", "c", "in", "b3"),
        ("emitted", "c", "out"),
        ("left", "c6"),
        ("left", "b3"),
        ("left", "a1"),
    ]


async def test_a_probe_is_told_that_a_trial_failed(tmp_path):
    target = table_in(f"sqlite:///{tmp_path}/t.db", "CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)")
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      each: {{component: common-module/iterator, input: {{array: "{{{{$.payload}}}}"}}}}
      write:
        component: database-module/connector
        settings: {{url: "{target.url}"}}
        input: {{operation: upsert, table: t, key: id, rows: "{{{{$.items}}}}"}}
    edges:
      - start -> each
      - each:batch -> write
    """
    giving = Giving()
    async with bench(spec, observers=(giving,)) as flow:
        await flow.run([{"id": 1, "name": "one"}, {"id": 2, "name": None}])
    kinds = [entry[0] for entry in giving.probes[1].told]
    again = kinds.index("began_again")
    assert kinds[:again].count("entered") == kinds[:again].count("left") >= 2
    assert kinds[again:].count("entered") == 3
    assert kinds[again:].count("failed") == 1
    assert target.rows() == [(1, "one")]


async def test_a_probe_that_wants_no_more_is_told_of_no_more_but_of_those_that_leave():
    giving = Giving(most=2)
    async with bench(CHAIN, observers=(giving,)) as flow:
        await flow.run()
    assert [entry[0] for entry in giving.probes[1].told] == ["entered", "emitted", "left"]


def test_several_probes_are_told_alike_each_with_its_own_visits():
    first, second = Told(), Told(most=1)
    both = Probes([first, second])
    a = both.entered("a", "in", {}, None)
    b = both.entered("b", "in", {}, a)
    both.emitted("b", "out", {})
    assert both.headers(a) == {"x-1000": "a1", "x-1": "a1"}
    both.left(b)
    both.left(a)
    assert first.told == [
        ("entered", "a", "in", None),
        ("entered", "b", "in", "a1"),
        ("emitted", "b", "out"),
        ("left", "b2"),
        ("left", "a1"),
    ]
    assert second.told == [("entered", "a", "in", None), ("left", "a1")]
    second.most = 1000
    both.entered("c", "in", {}, a)
    assert second.told[-1] == ("left", "a1")  # it wanted no more
    first.most = 0
    assert both.entered("c", "in", {}, a) is None
