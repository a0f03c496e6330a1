"""Edges in all the forms that they are written in."""

import textwrap

import pytest

from headrace.app import builtin_registry
from headrace.errors import Severity
from headrace.flow.loader import Loaded, load_flow, require
from headrace.source import Source
from support.flows import HEAD

REGISTRY = builtin_registry()
NODES = """\
nodes:
  start: {component: common-module/signal}
  other: {component: common-module/signal}
  split: {component: common-module/iterator, settings: {batchSize: 2}, input: {array: []}}
  fetch: {component: http-module/client, input: {url: "https://example.com"}}
  show: {component: common-module/debug}
  last: {component: common-module/debug}
edges:
"""


def load(spec: str) -> Loaded:
    text = HEAD + textwrap.indent(textwrap.dedent(spec), "  ")
    return load_flow(Source("flow.yaml", text), REGISTRY)


def errors(spec: str) -> list[tuple[str, str]]:
    found = load(spec).findings
    return [(item.code, item.span.text) for item in found if item.severity is Severity.ERROR]


def edges(lines: str) -> list[tuple[str, str]]:
    flow = require(load(NODES + textwrap.indent(textwrap.dedent(lines), "  ")))
    return [(str(edge.source), str(edge.target)) for edge in flow.edges]


@pytest.mark.parametrize(
    "written",
    [
        "- start -> show",
        "- start->show",
        "- '  start  ->  show  '",
        "- start → show",
        "- start:out -> show",
        "- start -> show:in",
        "- start:out -> show:in",
        "- 'start : out -> show : in'",
        "- >-\n  start\n  -> show",
        "- {from: start, to: show}",
        "- {from: start, target: show}",
        "- {from: 'start:out', to: 'show:in'}",
        "- {from: {node: start}, to: {node: show}}",
        "- {from: {node: start, port: out}, to: {node: show, port: in}}",
        "- {from: {node: start, port: null}, to: show, data: null, add: null, description: null}",
        "- {from: [start], to: show}",
        "- {from: [{node: start, port: out}], to: show}",
    ],
)
def test_an_edge_is_the_same_in_every_form(written: str) -> None:
    assert edges(written) == [("start:out", "show:in")]


def test_a_chain_begins_at_an_output_and_goes_on_by_the_only_output() -> None:
    chained = "- start -> split\n- split:batch -> fetch:request -> show -> last"
    assert edges(chained) == [
        ("start:out", "split:in"),
        ("split:batch", "fetch:request"),
        ("fetch:response", "show:in"),
        ("show:out", "last:in"),
    ]


def test_a_list_of_sources_is_an_edge_for_each_in_their_order() -> None:
    assert edges("- {from: [start, 'split:done', other], to: show}\n- other -> split") == [
        ("start:out", "show:in"),
        ("split:done", "show:in"),
        ("other:out", "show:in"),
        ("other:out", "split:in"),
    ]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("- split -> show", ("HR114", "split")),
        ("- start -> split -> show", ("HR114", "split")),
        ("- {from: split, to: show}", ("HR114", "split")),
        ("- start -> show:out", ("HR113", "out")),
        ("- start:in -> show", ("HR113", "in")),
        ("- split:error:x -> show", ("HR113", "error:x")),
        ("- start -> fetch:response", ("HR113", "response")),
        ("- start -> ", ("HR126", "start ->")),
        ("- start -> {{x}}", ("HR126", "start -> {{x}}")),
        ("- {from: [], to: show}", ("HR116", "[]")),
        ("- {from: start -> show, to: last}", ("HR126", "start -> show")),
        ("- {from: start, to: show, data: {}, add: {}}", ("HR126", "add")),
        ("- {from: start, to: show, add: [1]}", ("HR115", "[1]")),
        ("- {from: {node: start, name: x}, to: show}", ("HR110", "name")),
        ("- {from: {port: out}, to: show}", ("HR116", "port")),
    ],
)
def test_an_edge_that_leads_nowhere_is_told(written: str, told: tuple[str, str]) -> None:
    assert told in errors(NODES + textwrap.indent(written, "  "))


def test_an_error_port_is_never_the_one_that_is_left_out() -> None:
    assert edges("- start -> fetch\n- fetch -> show") == [
        ("start:out", "fetch:request"),
        ("fetch:response", "show:in"),
    ]
