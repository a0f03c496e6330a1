"""Shapes of messages along the edges of a flow: what is known, what is missed, and how quickly.

What is said of it word for word is in `golden/hr136-*` and its kin; that real messages are like their
shapes is tested wherever flows run (`support.crossing`). Shapes of expressions: `tests/expr`.
"""

import copy
import json
import textwrap
import time
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BeforeValidator, ConfigDict, Field

from headrace.app import builtin_registry
from headrace.errors import Severity
from headrace.expr.shape import ANY, NULL, Member, Shape, array_of, object_of, of
from headrace.flow.draft import Draft
from headrace.flow.loader import Loaded, load_flow, load_object
from headrace.flow.model import PortRef
from headrace.flow.shape import Maker, follow, variant
from headrace.sdk import (
    Arrival,
    Component,
    Input,
    JsonValue,
    MessageModel,
    Module,
    Output,
    Registry,
    Settings,
    component,
    with_error,
    with_member,
)
from headrace.source import Source
from support.flows import HEAD

REGISTRY = builtin_registry()
FLOW = Path(__file__).parents[2] / "examples" / "scheduled-data-sync" / "flow.yaml"
CODES = ("HR136", "HR143", "HR144", "HR145")
NUMBER, TEXT, BOOLEAN = of("number"), of("text"), of("boolean")


def load(spec: str, registry: Registry = REGISTRY) -> Loaded:
    text = HEAD + textwrap.indent(textwrap.dedent(spec), "  ")
    return load_flow(Source("flow.yaml", text), registry)


def draft(spec: str, registry: Registry = REGISTRY) -> Draft:
    loaded = load(spec, registry)
    assert loaded.draft is not None
    return loaded.draft


def bare(shape: Shape) -> Shape:
    """The same shape, without who built it."""
    known = shape.object
    if known is None:
        return Shape(shape.kinds, None, None if shape.items is None else bare(shape.items))
    members = {
        name: type(member)(bare(member.shape), member.optional) for name, member in known.members.items()
    }
    rest = None if known.rest is None else bare(known.rest)
    bared = type(known)(members, rest, known.certain)
    return Shape(shape.kinds, bared, None if shape.items is None else bare(shape.items))


def emitted(spec: str, node: str, port: str, registry: Registry = REGISTRY) -> Shape:
    return bare(follow(draft(spec, registry)).emitted(PortRef(node, port)))


# ---- what components send

FIRING = {"timestamp": NUMBER, "formatted": TEXT, "tickNumber": NUMBER, "scheduledAt": TEXT}


@pytest.mark.parametrize("settings", ["", ", settings: {payload: [1]}", ", settings: {payload: {a: null}}"])
def test_a_request_may_bring_any_payload(settings):
    spec = f"nodes: {{start: {{component: common-module/signal{settings}}}}}"
    shapes = follow(draft(spec), likely=False)
    assert bare(shapes.emitted(PortRef("start", "out"))) == object_of({**FIRING, "payload": ANY})


def test_of_a_payload_the_keys_are_likely():
    spec = "nodes: {t: {component: common-module/ticker, settings: {payload: {a: 1, b: null}}}}"
    payload = object_of({"a": ANY, "b": ANY}, certain=False)
    assert emitted(spec, "t", "out") == object_of({**FIRING, "payload": payload})


SPLIT = """
nodes:
  start: {component: common-module/signal}
  split:
    component: common-module/iterator
    settings: {batchSize: 2, emitIndex: false, emitProgress: "{{$.vars.show}}"}
    input: {array: "{{[{id: 1}, {id: 2}]}}", context: {page: 1}}
vars: {show: true}
edges: [start -> split]
"""


def test_an_iterator_sends_what_its_settings_say():
    item, context = object_of({"id": NUMBER}), object_of({"page": NUMBER})
    batch = bare(follow(draft(SPLIT)).emitted(PortRef("split", "batch"))).object
    assert batch is not None
    assert {name: (member.shape, member.optional) for name, member in batch.members.items()} == {
        "items": (array_of(item), False),
        "batchNum": (NUMBER, False),
        "totalBatches": (NUMBER, False),
        "total": (NUMBER, False),
        "isLastBatch": (BOOLEAN, False),
        "context": (context, False),
        "progress": (NUMBER, True),
    }


def test_done_has_counts_and_errors():
    error = object_of({"error": TEXT, "batchNum": NUMBER, "handled": BOOLEAN})
    assert emitted(SPLIT, "split", "done") == object_of(
        {
            "context": object_of({"page": NUMBER}),
            "total": NUMBER,
            "totalBatches": NUMBER,
            "processed": NUMBER,
            "failed": NUMBER,
            "errors": array_of(error),
        }
    )


def test_a_client_adds_its_response_to_the_base_value_under_another_name():
    spec = """
    nodes:
      start: {component: common-module/signal}
      state: {component: common-module/modify, input: {page: 1}}
      fetch: {component: http-module/client, input: {url: "https://a.example"}, as: users}
    edges: [start -> state -> fetch]
    """
    response = {
        "statusCode": NUMBER,
        "headers": object_of(rest=TEXT),
        "body": TEXT,
        "bodyJson": ANY,
        "url": TEXT,
        "elapsedMs": NUMBER,
    }
    assert emitted(spec, "fetch", "response") == object_of({"page": NUMBER, "users": object_of(response)})
    assert emitted(spec, "fetch", "error") == bare(with_error(object_of({"page": NUMBER})))


def test_the_base_value_is_what_was_before_the_data_of_an_edge():
    spec = """
    nodes:
      start: {component: common-module/signal}
      state: {component: common-module/modify, input: {page: 1}}
      read: {component: database-module/connector, settings: {driver: sqlite, database: a.db}}
    edges:
      - start -> state
      - {from: state, to: read, data: {query: SELECT 1}}
    """
    rows = array_of(object_of(rest=ANY))
    result = object_of({"rows": rows, "rowCount": NUMBER, "command": TEXT})
    assert emitted(spec, "read", "result") == object_of({"page": NUMBER, "result": result})


def test_what_add_lays_over_a_message_is_part_of_the_base_value():
    spec = """
    nodes:
      start: {component: common-module/signal}
      state: {component: common-module/modify, input: {page: 1}}
      read: {component: database-module/connector, settings: {driver: sqlite, database: a.db}}
    edges:
      - start -> state
      - {from: state, to: read, add: {query: SELECT 1}}
    """
    known = emitted(spec, "read", "result").object
    assert list(known.members) == ["page", "query", "result"]


@pytest.mark.parametrize(
    ("base", "made"),
    [
        (NULL, object_of({"result": TEXT})),
        (NUMBER, object_of({"value": NUMBER, "result": TEXT})),
        (object_of({"result": NUMBER, "a": NUMBER}), object_of({"result": TEXT, "a": NUMBER})),
        (of("null", "object"), object_of({"result": TEXT}, rest=ANY)),
    ],
    ids=["null", "scalar", "object", "null or object"],
)
def test_a_result_joins_any_base_value(base, made):
    assert bare(with_member(base, "result", TEXT)) == made


def third_party() -> Registry:
    class Report(MessageModel):
        total: int
        note: str = ""
        parts: list[float] | None = None

    def doubled(arrival: Arrival) -> Shape:
        return arrival.object({"twice": arrival.member("records"), "kind": TEXT})

    @component(
        "own-module/report",
        summary="Reports.",
        settings=Settings,
        inputs=(Input("in"),),
        outputs=(
            Output("static", emits=Report),
            Output("function", emits=doubled),
            Output("unknown"),
            Output("adding", adds="more", emits=NUMBER),
            Output("error", error=True),
        ),
    )
    class Reporting(Component):
        """Reports."""

    own = Module("own-module", "Own.", (Reporting,))
    return Registry((*REGISTRY.modules, own))


@pytest.mark.parametrize(
    ("port", "shape"),
    [
        ("function", object_of({"twice": array_of(NUMBER), "kind": TEXT})),
        ("unknown", ANY),
        ("adding", object_of({"records": array_of(NUMBER), "more": NUMBER})),
    ],
)
def test_a_third_party_declares_what_it_sends(port, shape):
    spec = """
    nodes:
      start: {component: common-module/signal}
      report: {component: own-module/report, input: {records: [1, 2]}}
    edges: [{from: start, to: report, data: {records: [3]}}]
    """
    assert emitted(spec, "report", port, third_party()) == shape


def test_a_model_is_a_declaration_and_its_defaults_may_be_absent():
    spec = """
    nodes:
      start: {component: common-module/signal}
      report: {component: own-module/report}
    edges: [start -> report]
    """
    known = emitted(spec, "report", "static", third_party()).object
    assert known is not None
    assert (known.rest, known.certain) == (None, True)
    assert {name: (member.shape, member.optional) for name, member in known.members.items()} == {
        "total": (NUMBER, False),
        "note": (TEXT, True),
        "parts": (array_of(NUMBER).or_null(), True),
    }


# ---- along edges


def test_what_several_edges_bring_is_joined():
    spec = """
    nodes:
      start: {component: common-module/signal}
      one: {component: common-module/modify}
      other: {component: common-module/modify}
      show: {component: common-module/debug}
    edges:
      - {from: start, to: one, data: {a: 1}}
      - {from: start, to: other, data: {a: text, b: true}}
      - one -> show
      - other -> show
    """
    known = follow(draft(spec)).arriving("show", "in").object
    assert known is not None
    assert {name: (member.shape, member.optional) for name, member in known.members.items()} == {
        "a": (of("number", "text"), False),
        "b": (BOOLEAN, True),
    }


def test_add_lays_members_over_a_message():
    spec = """
    nodes:
      start: {component: common-module/signal}
      state: {component: common-module/modify, input: {page: 1, total: 2}}
      next: {component: common-module/modify}
    edges:
      - start -> state
      - {from: state, to: next, add: {page: one}}
    """
    assert emitted(spec, "next", "out") == object_of({"page": TEXT, "total": NUMBER})


@pytest.mark.parametrize(
    ("sent", "added", "arriving"),
    [
        (
            "{page: 1}",
            '"{{$.page > 1 ? {a: 1} : null}}"',
            {"page": NUMBER, "a": Member(NUMBER, optional=True)},
        ),
        ("some text", "{a: 1}", {"a": NUMBER}),
    ],
    ids=["over it, or nothing", "over what is no object"],
)
def test_add_is_laid_over_objects_if_it_is_one(sent, added, arriving):
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      state: {{component: common-module/modify, input: {sent}}}
      next: {{component: common-module/modify}}
    edges:
      - start -> state
      - {{from: state, to: next, add: {added}}}
    """
    assert emitted(spec, "next", "out") == object_of(arriving)


def test_a_loop_is_followed_until_nothing_new_comes():
    spec = """
    nodes:
      start: {component: common-module/signal}
      init: {component: common-module/modify, input: {page: 1, total: null}}
      work: {component: common-module/modify, input: {page: "{{$.page}}", total: "{{$.total ?? 'none'}}"}}
      more: {component: common-module/router, settings: {rules: [{field: page, value: 1, outputPort: again}]}}
    edges:
      - start -> init -> work -> more
      - {from: "more:again", to: work, add: {page: "{{$.page + 1}}"}}
    """
    assert bare(follow(draft(spec)).arriving("work", "in")) == object_of(
        {"page": NUMBER, "total": of("null", "text")}
    )


def test_a_loop_that_nests_ever_deeper_comes_to_an_end():
    spec = """
    nodes:
      start: {component: common-module/signal}
      nest: {component: common-module/modify, input: {a: "{{$}}", b: "{{$.a}}", c: ["{{$}}", "{{$.b}}"], d: "{{ {...$, e: $} }}"}}
      more: {component: common-module/router, settings: {rules: [{field: a, value: 1, outputPort: again}]}}
    edges:
      - start -> nest -> more
      - more:again -> nest
    """
    began = time.process_time()
    known = follow(draft(spec)).emitted(PortRef("nest", "out")).object
    assert time.process_time() - began < 2
    assert known is not None
    assert sorted(known.members) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "spec",
    [
        "nodes: {lone: {component: common-module/modify}}",
        "nodes: {lone: {component: common-module/modify}}\nedges: [nowhere -> lone]",
        "nodes: {a: {component: no/such}, lone: {component: common-module/modify}}\nedges: [a -> lone]",
        "nodes: {lone: {component: common-module/modify}}\nedges: [lone -> lone]",
    ],
    ids=["no edge", "no node", "no component", "a loop of its own"],
)
def test_where_a_draft_is_not_understood_there_may_be_anything(spec):
    shapes = follow(draft(spec))
    assert shapes.arriving("lone", "in") == ANY
    assert shapes.emitted(PortRef("lone", "out")) == ANY
    assert shapes.emitted(PortRef("nobody", "out")) == ANY


def test_a_node_that_nothing_leads_to_yet_is_checked_all_the_same():
    spec = 'nodes: {lone: {component: common-module/modify, input: {at: "{{$run.started}}"}}}'
    assert "HR136" in [finding.code for finding in load(spec).findings]


def test_each_template_knows_what_it_reads():
    spec = """
    secrets: [token]
    vars: {size: 10}
    nodes:
      start: {component: common-module/signal}
      state: {component: common-module/modify, input: {page: 1}}
      fetch: {component: http-module/client, settings: {baseUrl: "{{$.vars.size}}"}, input: {url: "{{$.page}}"}}
      more: {component: common-module/router, settings: {rules: [{when: "{{$.a}}", outputPort: x}]}, input: {a: "{{$.page}}"}}
    edges:
      - start -> state
      - {from: state, to: fetch, add: {more: "{{$.page}}"}}
      - fetch:response -> more
    """
    loaded = draft(spec)
    shapes, nodes = follow(loaded), loaded.nodes
    edge = next(edge for edge in loaded.edges if edge.add is not None)
    assert edge.add is not None
    assert nodes["fetch"].input is not None
    assert nodes["fetch"].settings_template is not None
    (when,) = nodes["more"].message_templates.values()
    assert bare(shapes.message(edge.add)) == object_of({"page": NUMBER})
    assert bare(shapes.message(nodes["fetch"].input)) == object_of({"page": NUMBER, "more": NUMBER})
    assert bare(shapes.message(when)) == object_of({"a": NUMBER})
    assert bare(shapes.message(nodes["fetch"].settings_template)) == object_of(
        {"vars": object_of({"size": NUMBER}, rest=ANY), "secrets": object_of({"token": TEXT}, rest=ANY)}
    )


def test_an_object_knows_the_edge_that_built_it():
    spec = """
    nodes:
      start: {component: common-module/signal}
      show: {component: common-module/debug}
    edges: [{from: start, to: show, data: {a: {b: 1}}}]
    """
    known = follow(draft(spec)).arriving("show", "in").object
    assert known is not None
    (maker,) = known.origins
    assert isinstance(maker, Maker)
    assert (maker.kind, maker.name, maker.span.line) == ("edge", "start -> show", 9)


# ---- one edge alone


def told(spec: str) -> list[tuple[str, str, str]]:
    found = load(spec).findings
    return [(f.code, f.severity.value, f.span.text) for f in found if f.code in CODES]


TWO_WAYS = """
nodes:
  start: {component: common-module/signal}
  one: {component: common-module/modify, input: {a: 1, b: 2}}
  other: {component: common-module/modify, input: {a: 1}}
  meet: {component: common-module/modify}
  next: {component: BETWEEN}
  show: {component: common-module/debug, input: {sum: "READ"}}
edges:
  - start -> one -> meet
  - start -> other -> meet
  - meet -> next
  - NEXT -> show
"""


@pytest.mark.parametrize(
    ("between", "next_", "read", "expected"),
    [
        ("common-module/modify", "next", "{{$.b + 1}}", [("HR136", "error", "$.b")]),
        ("common-module/async", "next", "{{$.b + 1}}", [("HR136", "error", "$.b")]),
        ("common-module/modify", "next", "{{$.b}}", []),
        ("common-module/modify", "next", "{{$.a > 1 ? $.b + 1 : 0}}", []),
        ("common-module/router", "next:default", "{{$.b + 1}}", []),
        ("common-module/router", "next:default", "{{$.c + 1}}", [("HR136", "error", "$.c")]),
    ],
    ids=["must fail", "over a boundary", "null", "in a branch", "below a router", "on all ways"],
)
def test_what_must_fail_for_one_edge_is_an_error_unless_a_router_may_know_better(
    between, next_, read, expected
):
    spec = TWO_WAYS.replace("BETWEEN", between).replace("NEXT", next_).replace("READ", read)
    assert told(spec) == expected


@pytest.mark.parametrize("bound", ["_FARTHEST", "_MOST"])
def test_the_ways_of_edges_are_followed_within_bounds(bound, monkeypatch):
    spec = TWO_WAYS.replace("BETWEEN", "common-module/modify").replace("NEXT", "next")
    assert told(spec.replace("READ", "{{$.b + 1}}")) == [("HR136", "error", "$.b")]
    monkeypatch.setattr(variant, bound, 0)
    assert told(spec.replace("READ", "{{$.b + 1}}")) == []


def test_what_arrives_at_another_port_is_not_shaped_by_the_input():
    @component(
        "own-module/pair",
        summary="Takes two.",
        settings=Settings,
        inputs=(Input("first"), Input("second")),
        outputs=(Output("out"),),
    )
    class Pair(Component):
        """Takes two."""

    spec = """
    nodes:
      start: {component: common-module/signal}
      one: {component: common-module/modify, input: {a: 1, b: 2}}
      other: {component: common-module/modify, input: {a: 1}}
      pair: {component: own-module/pair, input: {sum: "{{$.b + 1}}"}}
    edges:
      - start -> one -> pair:first
      - one -> pair:second
      - start -> other -> pair:second
    """
    registry = Registry((*REGISTRY.modules, Module("own-module", "Own.", (Pair,))))
    assert [str(finding) for finding in load(spec, registry).findings if finding.code in CODES] == []


def test_all_edges_that_drop_a_member_are_named():
    spec = """
    nodes:
      start: {component: common-module/signal}
      state: {component: common-module/modify, input: {a: 1, b: 2}}
      show: {component: common-module/debug, input: {sum: "{{$.b}}"}}
    edges:
      - start -> state
      - {from: state, to: show, data: {a: "{{$.a}}"}}
      - {from: state, to: show, data: {a: 0}}
    """
    (finding,) = [finding for finding in load(spec).findings if finding.code in CODES]
    assert finding.message == (
        "`$.b` is never set on this path; `state -> show` (line 12) and `state -> show` (line 13) drop it"
    )


def test_a_mistake_that_must_fail_somewhere_is_an_error():
    spec = """
    nodes:
      start: {component: common-module/signal}
      state: {component: common-module/modify, input: {a: 1}}
      show: {component: common-module/debug, input: {sum: "{{$.b + 1}}", also: "{{$.b}}"}}
    edges: [start -> state -> show]
    """
    assert told(spec) == [("HR136", "error", "$.b")]


def test_data_that_several_edges_share_reads_what_any_of_them_brings():
    spec = """
    nodes:
      start: {component: common-module/signal}
      one: {component: common-module/modify, input: {a: 1}}
      other: {component: common-module/modify, input: {a: text}}
      show: {component: common-module/debug}
    edges:
      - start -> [one, other]
      - {from: [one, other], to: show, data: {b: "{{$.a}}"}}
    """
    loaded = draft(spec)
    data = next(edge.data for edge in loaded.edges if edge.data is not None)
    assert bare(follow(loaded).message(data)) == object_of({"a": of("number", "text")})


# ---- what a port takes


def taking(annotation: Any, config: ConfigDict | None = None) -> Registry:
    class Taken(MessageModel):
        model_config = config or {}
        value: annotation

    @component(
        "own-module/take",
        summary="Takes.",
        settings=Settings,
        inputs=(Input("in", message=Taken),),
        outputs=(Output("out"),),
    )
    class Taking(Component):
        """Takes."""

    return Registry((*REGISTRY.modules, Module("own-module", "Own.", (Taking,))))


def as_text(value: object) -> object:
    return str(value)


@pytest.mark.parametrize(
    ("annotation", "value", "is_wrong"),
    [
        (str, 1, True),
        (str, "a", False),
        (str | None, None, False),
        (int, "5", False),
        (int, [1], True),
        (bool, "yes", False),
        (float, {"a": 1}, True),
        (list[int], {"a": 1}, True),
        (list[int], [], False),
        (dict[str, int], [1], True),
        (Settings, "a", True),
        (Literal["a", "b"], 1, True),
        (Annotated[str, Field(min_length=1)], 1, True),
        (Annotated[str, BeforeValidator(as_text)], 1, False),
        (date, 1, False),
        (JsonValue, 1, False),
    ],
)
def test_a_value_of_a_kind_that_a_model_never_takes_is_an_error(annotation, value, is_wrong):
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      state: {{component: common-module/modify, input: {{value: {json.dumps(value)}}}}}
      take: {{component: own-module/take}}
    edges: [start -> state -> take]
    """
    found = [finding.code for finding in load(spec, taking(annotation)).findings]
    assert found == ["HR144"] * is_wrong


def test_a_model_that_makes_text_of_numbers_takes_them():
    spec = """
    nodes:
      start: {component: common-module/signal}
      state: {component: common-module/modify, input: {value: 1}}
      take: {component: own-module/take}
    edges: [start -> state -> take]
    """
    assert load(spec, taking(str, ConfigDict(coerce_numbers_to_str=True))).findings == ()


# ---- the reference page


PAGE_FLOW = yaml.load(FLOW.read_text(encoding="utf-8"), yaml.CSafeLoader)


def removals() -> list[tuple[str, ...]]:
    """The members of each node's `input`, at any depth, of the reference page's flow."""
    spec = PAGE_FLOW["spec"]

    def below(members, path):
        for name, member in members.items():
            yield (*path, name)
            if isinstance(member, dict):
                yield from below(member, (*path, name))

    return [path for name, node in spec["nodes"].items() for path in below(node.get("input", {}), (name,))]


NOT_READ = {
    ("init", "syncType"), ("transform", "context"), ("transform", "batchNum"),
    *[("api-client", *rest) for rest in [
        ("method",), ("url",), ("queryParams",), ("queryParams", "page"), ("queryParams", "limit"),
        ("queryParams", "updated_since"),
    ]],
    *[("upsert", name) for name in ("query", "parameters", "operation")],
    ("log", "query"), ("log", "parameters"), ("iterate", "array"),
    ("init", "totalPages"), ("next-page", "totalPages"),
}  # fmt: skip
"""No expression reads these: they are requests, which have a rule of their own (HR117), for people, or
computed anew before they are read."""


@pytest.mark.parametrize("path", removals(), ids=".".join)
def test_a_member_that_the_page_s_flow_reads_is_missed_when_it_is_not_set(path):
    flow = copy.deepcopy(PAGE_FLOW)
    members = flow["spec"]["nodes"][path[0]]["input"]
    for name in path[1:-1]:
        members = members[name]
    del members[path[-1]]
    found = [finding for finding in load_object(flow, REGISTRY).findings if finding.code in CODES]
    assert bool(found) is (path not in NOT_READ)
    if found and path[-1] != "context":
        name = path[-1]
        assert all(name in finding.message for finding in found)


def test_the_page_s_own_mistake_is_an_error_that_names_the_edge():
    flow = copy.deepcopy(PAGE_FLOW)
    nodes = flow["spec"]["nodes"]
    context = nodes["iterate"].pop("input")
    del context["context"]["totalProcessed"]
    flow["spec"]["edges"][0] = "scheduler -> init -> api-client -> extract"
    flow["spec"]["edges"].insert(1, {"from": "extract", "to": "iterate", "data": context})
    (found,) = [finding for finding in load_object(flow, REGISTRY).findings if finding.code == "HR136"]
    assert (found.severity, found.message) == (
        Severity.ERROR,
        "`$.context.totalProcessed` is never set on this path; "
        "`extract -> iterate` (spec.edges[1].from:1:1) drops it",
    )


# ---- the rest


def test_samples_and_schemas_are_no_part_of_the_version():
    plain = copy.deepcopy(PAGE_FLOW)
    sampled = copy.deepcopy(plain)
    sampled["spec"]["nodes"]["api-client"]["sample"] = {"data": [], "total": 1}
    versions = [load_object(flow, REGISTRY).flow for flow in (plain, sampled)]
    assert all(versions)
    assert versions[0].version == versions[1].version


def test_five_hundred_nodes_are_followed_quickly():
    data = {
        "a": "{{$.a + 1}}",
        "b": "{{lower($.b) + ' and more'}}",
        "items": "{{$.items.filter(item => item.ok).map(item => ({id: item.id, ok: true}))}}",
        "ctx": {"q": "{{$.ctx.q ?? $.a}}"},
    }
    nodes = {f"n{i}": {"component": "common-module/modify"} for i in range(500)}
    nodes["start"] = {"component": "common-module/signal"}
    edges = [{"from": f"n{i}", "to": f"n{i + 1}", "data": data} for i in range(499)]
    first = {"from": "start", "to": "n0", "data": {"a": 1, "b": "x", "items": "{{$.payload}}", "ctx": {}}}
    flow = {
        "apiVersion": "headrace.dev/v1",
        "kind": "Flow",
        "metadata": {"name": "large"},
        "spec": {"nodes": nodes, "edges": [first, *edges]},
    }
    loaded = load_object(flow, REGISTRY).draft
    assert loaded is not None
    took = []
    for _ in range(3):
        began = time.process_time()
        follow(loaded)
        took.append(time.process_time() - began)
    assert min(took) < 0.3 * 2  # 0.15 s where nothing else runs
