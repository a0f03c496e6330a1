"""What an expression is offered while it is typed, of all that can be written in one."""

from pathlib import Path

import pytest
from tests.lsp.marked import FLOW, GRAMMAR, REGISTRY

from headrace.expr import Scope
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.inference import RUN, Roots
from headrace.expr.nodes import Member, walk
from headrace.expr.shape import ANY, array_of, object_of, of
from headrace.lsp.completion import complete
from headrace.lsp.cursor import find
from headrace.lsp.offer import offers
from headrace.lsp.reading import read, repaired
from headrace.source import Source

ROOTS = Roots(
    object_of({"a": of("number"), "items": array_of(object_of({"id": of("number"), "name": of("text")}))}),
    ANY,
    RUN,
)
EXAMPLE = (Path(__file__).parents[2] / "examples" / "incremental-sync" / "flow.yaml").read_text()


def offered(expression: str) -> list[str]:
    source = Source("f", f"a: |\n  {{{{{expression}")
    cursor = find(source, len(source.text))
    assert cursor is not None
    return [item.label for item in offers(cursor, Scope.INPUT, ROOTS)]


@pytest.mark.parametrize("table", [FUNCTIONS, METHODS])
def test_a_dot_can_be_typed_anywhere_in_any_call(table: dict[str, object]) -> None:
    for entry in table.values():
        expression = entry.examples[0].expression  # type: ignore[attr-defined]  # of the registry
        for end in range(0, len(expression) + 1, 3):
            offered(f"{expression[:end]}$.")
            offered(expression[:end])


@pytest.mark.parametrize(
    "call", ["columns(", "merge($, ", "sortBy($.items, u => ", "leftJoin($.items, ", "reduce("]
)
def test_what_lacks_arguments_knows_its_members_all_the_same(call: str) -> None:
    assert offered(f"{call}$.items[0].")[:2] == ["id", "name"]


@pytest.mark.parametrize("written", ["$['‸", "$['‸'", "$['‸']", "$['i‸'", "$['i‸x']"])
def test_a_member_in_brackets_is_closed_whatever_of_that_is_there_already(written: str) -> None:
    text = f"a: |\n  {{{{{written}}}}}"
    at = text.index("‸")
    source = Source("f", text.replace("‸", ""))
    cursor = find(source, at)
    assert cursor is not None
    (item,) = [item for item in offers(cursor, Scope.INPUT, ROOTS) if item.label == "items"]
    made = source.text[: item.start] + item.text + source.text[item.end :]
    assert made == "a: |\n  {{$['items']}}"


@pytest.mark.parametrize("before", ["$.a ?? ", "$.a ?.5 : ", "$.a ? 1 : ", "$.a?.b ?? ", "1 + /* ? ' */ "])
def test_question_marks_are_told_apart(before: str) -> None:
    assert offered(f"{before}$.")[:2] == ["a", "items"]
    assert offered(f"[{before}$.items[0].")[:2] == ["id", "name"]


def test_the_run_is_offered_where_there_is_one() -> None:
    cursor = find(Source("f", "a: |\n  {{"), 9)
    assert cursor is not None
    names = {
        scope: "$run" in [item.label for item in offers(cursor, scope, ROOTS)]
        for scope in (Scope.INPUT, Scope.EDGE, Scope.SETTINGS)
    }
    assert names == {Scope.INPUT: True, Scope.EDGE: True, Scope.SETTINGS: False}


def test_parameters_of_arrows_in_calls_know_theirs() -> None:
    for call in (
        "$.items.map(u => u.",
        "$.items.filter((u, i) => u.",
        "sortBy($.items, u => u.",
        "$.items.flatMap(u => [u.",
    ):
        assert offered(call)[:2] == ["id", "name"], call


@pytest.mark.parametrize("rest", ["kept", "cut"])
def test_every_member_that_an_example_reads_is_offered_where_it_is_known(rest: str) -> None:
    known = unknown = 0
    for start, end, name in _members(EXAMPLE):
        after = end if rest == "kept" else EXAMPLE.index("\n", end)
        source = Source("f", EXAMPLE[:start] + EXAMPLE[after:])
        reading = read(source, REGISTRY)
        if reading.tree is None:
            reading = repaired(source, REGISTRY, start, in_place=False)
        labels = [item.label for item in complete(source, start, reading, GRAMMAR)]
        if {"toUpperCase", "map", "toFixed"} <= set(labels):
            unknown += 1  # below an HTTP body, which may be anything
        else:
            assert name in labels, EXAMPLE[:end].rpartition("\n")[2]
            known += 1
    assert known > 20
    assert unknown < known


def _members(text: str) -> list[tuple[int, int, str]]:
    """Where expressions of a flow read members: start and end of the name."""
    source = Source("f", text)
    draft = read(source, REGISTRY).draft
    assert draft is not None
    found = set()
    templates = [node.input for node in draft.nodes.values()] + [
        node.settings_template for node in draft.nodes.values()
    ]
    for template in filter(None, templates):
        for expression in template.expressions:
            for node in walk(expression.node):
                if isinstance(node, Member):
                    span = expression.text.span(node.end - len(node.name), node.end)
                    found.add((span.start, span.end, node.name))
    return sorted(found)


def test_a_file_that_is_written_from_top_to_bottom_can_be_asked_at_any_time() -> None:
    for end in range(0, len(FLOW) + 1, 11):
        source = Source("f", FLOW[:end])
        reading = read(source, REGISTRY)
        if reading.tree is None:
            reading = repaired(source, REGISTRY, end, in_place=False)
        complete(source, end, reading, GRAMMAR)
