"""The outline."""

from tests.lsp.marked import FLOW, REGISTRY, flow

from headrace.lsp.reading import read
from headrace.lsp.symbol import Symbol, symbols
from headrace.source import Source


def outline(text: str) -> list[Symbol]:
    return symbols(read(Source("flow.yaml", text), REGISTRY))


def test_nodes_and_edges_in_the_order_of_the_file() -> None:
    nodes, edges = outline(flow(edge="    - {from: [fetch:error, {node: hourly}], to: last, data: {a: 1}}"))
    assert [(found.name, found.kind, found.detail) for found in nodes.children] == [
        ("hourly", "trigger", "common-module/ticker"),
        ("state", "node", "common-module/modify"),
        ("fetch", "node", "http-module/client"),
        ("batches", "node", "common-module/iterator"),
        ("route", "node", "common-module/router"),
        ("last", "node", "common-module/debug"),
    ]
    assert [found.name for found in edges.children] == [
        "hourly -> state -> fetch -> batches",
        "batches:done -> route",
        "route:more -> last",
        "fetch:error, hourly -> last",
    ]
    assert (nodes.detail, edges.detail) == ("6", "4")


def test_a_name_lies_in_its_entry_and_an_entry_in_its_part() -> None:
    def check(symbol: Symbol) -> None:
        assert symbol.span.start <= symbol.place.start <= symbol.place.end <= symbol.span.end
        for below in symbol.children:
            assert symbol.span.start <= below.span.start <= below.span.end <= symbol.span.end
            check(below)

    aliased = FLOW.replace("component: common-module/debug}", "<<: *it}").replace(
        "    batches:", "    batches: &it"
    )
    for text in (FLOW, aliased):
        for symbol in outline(text):
            check(symbol)


def test_a_wrong_flow_has_the_outline_of_what_is_there() -> None:
    (nodes,) = outline("apiVersion: headrace.dev/v1\nspec:\n  nodes:\n    a: 1\n    b: {component: x/y}\n")
    assert [(found.name, found.detail) for found in nodes.children] == [("a", ""), ("b", "")]
    assert outline("apiVersion: headrace.dev/v1\nspec: 1\n") == []
