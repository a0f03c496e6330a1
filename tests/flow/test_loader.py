"""Flow files to flows."""

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flow.stand_in import registry

from headrace.errors import FlowError, UsageError
from headrace.expr import Environment
from headrace.flow.loader import Loaded, load_flow, load_object, read_flow, require
from headrace.flow.model import PortRef, Retry
from headrace.flow.report import render, summary
from headrace.source import Source
from headrace.values import Json

GOLDEN = Path(__file__).parent / "golden"
HEAD = "apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {name: f, annotations: {team: sync}}\n"
FULL = (
    HEAD
    + """
spec:
  description: All there is.
  secrets: [token]
  vars: {pageSize: 100, base: "https://x", deep: {flag: true}}
  timeout: 30m
  concurrency: 3
  maxQueued: 50
  retry: {maxAttempts: 2, initialDelay: 100ms, backoff: 1.5, maxDelay: 1m}
  defaults:
    http-module/client: {timeout: 5s, retryCount: 1}
  nodes:
    tick: {component: common-module/ticker, control: {stop: true}, description: never}
    go: {component: common-module/signal}
    api:
      component: http-module/client
      settings: {baseUrl: "{{$.vars.base}}/v1", timeout: 9s}
      input: {url: "/{{$.id}}"}
      as: page
    pick:
      component: common-module/router
      settings:
        rules:
          - {outputPort: big, when: "{{$.size > $vars.pageSize}}"}
          - {outputPort: small, field: size}
    end: {component: common-module/modify}
  edges:
    - from: [tick, go:out]
      to: {node: api, port: request}
      add: {id: 7}
      description: both
    - api -> pick
    - {from: pick:big, target: end, data: {count: "{{$.size}}"}}
    - pick:default -> end
"""
)


def load(text: str, **overrides: Json) -> Loaded:
    given_overrides = {key.replace("__", "."): value for key, value in overrides.items()}
    return load_flow(Source("f.yaml", text), registry, overrides=given_overrides)


def told(loaded: Loaded) -> list[str]:
    return [str(finding) for finding in loaded.findings]


def test_all_of_a_flow_file_is_in_the_flow() -> None:
    flow = require(load(FULL))
    assert (flow.name, flow.description, flow.annotations) == ("f", "All there is.", {"team": "sync"})
    assert (flow.secrets, flow.vars) == (
        ("token",),
        {"pageSize": 100, "base": "https://x", "deep": {"flag": True}},
    )
    assert (flow.timeout_s, flow.concurrency, flow.max_queued) == (1800.0, 3, 50)
    assert flow.retry == Retry(max_attempts=2, initial_delay_s=0.1, backoff=1.5, max_delay_s=60.0)
    assert list(flow.nodes) == ["tick", "go", "api", "pick", "end"]
    assert (flow.nodes["tick"].starts, flow.nodes["go"].starts) == (False, True)
    assert (flow.nodes["tick"].description, flow.nodes["api"].result_name) == ("never", "page")
    assert [output.name for output in flow.nodes["pick"].outputs] == ["big", "small", "default"]
    assert list(flow.nodes["pick"].message_templates) == [("rules", 0, "when")]
    assert str(flow.nodes["api"].settings_places["timeout",]) == "f.yaml:20:58"
    assert [(edge.index, str(edge.source), str(edge.target), edge.boundary) for edge in flow.edges] == [
        (0, "tick:out", "api:request", True),
        (1, "go:out", "api:request", True),
        (2, "api:response", "pick:in", False),
        (3, "pick:big", "end:in", False),
        (4, "pick:default", "end:in", False),
    ]
    assert flow.edges[0].add is flow.edges[1].add
    assert (flow.edges[0].description, flow.edges[3].target) == ("both", PortRef("end", "in"))


def test_the_templates_of_a_flow_evaluate() -> None:
    flow = require(load(FULL))
    environment = Environment(now_ns=lambda: 0, vars=flow.vars)
    add, data, shape = flow.edges[0].add, flow.edges[3].data, flow.nodes["api"].input
    assert add is not None
    assert data is not None
    assert shape is not None
    assert add.evaluate({}, environment) == {"id": 7}
    assert data.evaluate({"size": 5}, environment) == {"count": 5}
    assert shape.evaluate({"id": 7}, environment) == {"url": "/7"}
    when = flow.nodes["pick"].message_templates["rules", 0, "when"]
    assert when.evaluate({"size": 101}, environment) is True


def test_a_flow_with_little_has_defaults() -> None:
    flow = require(load(HEAD + "spec: {nodes: {t: {component: common-module/ticker}}}"))
    assert (flow.timeout_s, flow.concurrency, flow.max_queued, flow.retry) == (None, None, 10_000, Retry())
    assert (flow.edges, flow.vars, flow.secrets) == ((), {}, ())


def test_the_version_is_of_the_content_not_of_the_text() -> None:
    a = require(load(HEAD + "spec: {nodes: {t: {component: common-module/ticker}}, concurrency: 2}"))
    b = require(
        load(
            HEAD + "# other\nspec:\n  concurrency: 2.0\n  nodes: {'t': {component: \"common-module/ticker\"}}"
        )
    )
    c = require(load(HEAD + "spec: {nodes: {t: {component: common-module/ticker}}, concurrency: 3}"))
    assert a.version == b.version != c.version
    assert len(a.version) == 16


def test_require_raises_all_findings() -> None:
    loaded = load(HEAD + "spec: {nodes: {t: {component: no/such}, u: {component: nor/this}}}")
    with pytest.raises(FlowError) as caught:
        require(loaded)
    assert caught.value.findings == loaded.findings
    assert [finding.code for finding in caught.value.findings] == ["HR111", "HR111"]


def test_warnings_leave_a_flow() -> None:
    loaded = load(HEAD + "spec: {nodes: {a: {component: common-module/modify}}}")
    assert [finding.code for finding in loaded.findings] == ["HR123"]
    assert loaded.flow is not None


# ---- overrides


@pytest.mark.parametrize("value", [50, "50"])
def test_an_override_replaces_a_var_and_keeps_its_type(value: Json) -> None:
    flow = require(load(FULL, vars__pageSize=value))
    assert flow.vars["pageSize"] == 50
    assert flow.version != require(load(FULL)).version  # runs go on with what they began with


def test_an_override_of_text_stays_text() -> None:
    assert require(load(FULL, vars__base=50)).vars["base"] == "50"


def test_overrides_reach_deep_and_make_what_is_not_there() -> None:
    flow = require(
        load(FULL, vars__deep__flag="false", retry__maxAttempts=9, nodes__api__settings__timeout="1s")
    )
    assert (flow.vars["deep"], flow.retry.max_attempts) == ({"flag": False}, 9)
    small = HEAD + "spec: {nodes: {t: {component: common-module/ticker}}}"
    assert require(load(small, retry__maxAttempts=9, timeout="1h")).retry.max_attempts == 9


def test_wrong_overrides_are_findings_with_their_own_place() -> None:
    loaded = load(FULL, vars__pagesize=50, vars__pageSize="many", timeout="60", vars__base__x=1)
    assert loaded.flow is None
    assert told(loaded) == [
        "--set vars.pagesize:1:1: HR110 unknown var `pagesize`; did you mean `pageSize`?",
        "--set vars.pageSize:1:1: HR115 `vars.pageSize` is number in the flow, not text",
        "--set vars.base.x:1:1: HR110 `vars.base.x` leads into a value that is no mapping",
        "--set timeout:1:1: HR118 `60` has no unit; write `60s`",
    ]


# ---- objects


def flow_object(**spec: Json) -> Json:
    nodes: Json = {"t": {"component": "common-module/ticker"}, "a": {"component": "common-module/modify"}}
    return {
        "apiVersion": "headrace.dev/v1",
        "kind": "Flow",
        "metadata": {"name": "f", "uid": "1"},
        "spec": {"nodes": nodes, **spec},
    }


def test_a_flow_may_arrive_as_an_object() -> None:
    edge: Json = {"from": "t", "to": {"node": "a", "port": "in"}, "data": {"x": "{{$.payload}}"}}
    flow = require(load_object(flow_object(edges=[edge, "t -> a"]), registry))
    assert [str(edge.target) for edge in flow.edges] == ["a:in", "a:in"]


def test_an_object_has_places_as_paths() -> None:
    data: Json = {"users": "first\n  second\nthird\n{{ [$.a +] }}", "a key": ["{{$.secrets.x}}"]}
    spec: dict[str, Json] = {"edges": [{"from": "t", "to": "a", "data": data}], "edge": []}
    loaded = load_object(flow_object(**spec), registry)
    assert told(loaded) == [
        "spec.edge:1:1: HR110 unknown key `edge` in `spec`; did you mean `edges`?",
        *(line for line in told(loaded) if line.startswith("spec.edges[0].data.users:4:")),
        "spec.edges[0].data['a key'][0]:1:3: HR120 secrets are readable in settings only; "
        "here the value would enter the message",
    ]
    assert len(loaded.findings) == 3


def test_an_object_and_its_yaml_are_the_same_version() -> None:
    text = (
        HEAD + "spec: {nodes: {t: {component: common-module/ticker}, a: {component: common-module/modify}}}"
    )
    assert require(load(text)).version == require(load_object(flow_object(), registry)).version


# ---- files


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*no\.yaml: no such file or directory"):
        read_flow(tmp_path / "no.yaml", registry)
    with pytest.raises(UsageError, match="is a directory"):
        read_flow(tmp_path, registry)


def test_a_byte_order_mark_does_not_shift_places(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + "spec: 1\n").encode())
    (finding,) = read_flow(path, registry).findings
    assert str(finding) == f"{path}:4:7: HR115 `spec` must be a mapping, but it is a number"


# ---- reports


def test_a_report_shows_line_caret_and_cure_and_steers_no_terminal() -> None:
    loaded = load("apiVersion: \x7f1\n")
    assert render(loaded.findings) == (
        "f.yaml:1:13: HR108 the character U+007F is not allowed in a flow file\n"
        "  apiVersion: \ufffd1\n"
        "              ^\n"
        '  in double quotes it is written `"\\x7f"`'
    )
    assert summary(loaded.findings) == "1 error"


# ---- robustness and speed

TEXTS = [path.read_text(encoding="utf-8") for path in sorted(GOLDEN.glob("ok-*.yaml"))]
PIECES = [
    "",
    " ",
    "\n",
    ":",
    "- ",
    "{{",
    "}}",
    "'",
    '"',
    "[",
    "{",
    "null",
    "5",
    "x",
    "\t",
    "*a",
    "&a ",
    "|\n",
    "$",
]


@given(st.sampled_from(TEXTS), st.integers(0, 2**32), st.integers(1, 4))
def test_no_damaged_flow_crashes_the_loader(text: str, seed: int, times: int) -> None:
    chance = random.Random(seed)
    for _ in range(times):
        start = chance.randrange(len(text))
        text = text[:start] + chance.choice(PIECES) + text[start + chance.choice([0, 1, 5, 30]) :]
    loaded = load(text)
    assert (loaded.flow is None) == any(finding.severity.value == "error" for finding in loaded.findings)
    render(loaded.findings)


JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["{{$.x}}", "t:out", "5s"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["nodes", "edges", "from", "to", "data", "component", "settings", "vars", "rules", "x"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_no_object_crashes_the_loader(spec: Json) -> None:
    value = flow_object()
    assert isinstance(value, dict)
    load_object({**value, "spec": spec}, registry)
    load_object(spec, registry)
    if isinstance(spec, dict):
        load_object(flow_object(**spec), registry)
        nodes: Json = {
            "n": {"component": "common-module/router", "settings": spec, "control": spec, "input": spec}
        }
        load_object(flow_object(nodes=nodes), registry)


def test_a_flow_of_five_hundred_nodes_loads_in_a_second() -> None:
    nodes = "".join(
        f"    n{i}: {{component: http-module/client, settings: {{baseUrl: 'http://x/{i}'}},"
        f" input: {{url: '/{{{{$.id + {i}}}}}'}}}}\n"
        for i in range(500)
    )
    edges = "".join(
        f"    - from: n{i}\n      to: n{i + 1}\n      data:\n        id: '{{{{$.response.bodyJson.id}}}}'\n"
        for i in range(499)
    )
    text = f"{HEAD}spec:\n  nodes:\n    t: {{component: common-module/ticker}}\n{nodes}  edges:\n    - t -> n0\n{edges}"
    started = time.process_time()
    flow = require(load(text))
    assert time.process_time() - started < 3  # less than one where nothing else runs
    assert len(flow.edges) == 500
