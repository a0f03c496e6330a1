"""Rule 1: which edges are boundaries."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.flow.graph import Link, Ports, boundary_edges
from headrace.flow.model import PortRef
from headrace.sdk import Input, Output

STEP = Ports((Input("in"),), (Output("out"), Output("error", error=True)))
TRIGGER = Ports((), (Output("out"),), trigger=True)
DETACHED = Ports((Input("in"),), (Output("out", detached=True),))
SERVER = Ports((Input("response", reaches=()),), (Output("request"),), trigger=True)


def ref(text: str, port: str) -> PortRef:
    node, _, given_port = text.partition(":")
    return PortRef(node, given_port or port)


def boundaries(*edges: str, shuffled: int | None = None, **special: Ports) -> set[str]:
    """The boundary edges of a flow whose nodes pass messages on; `t` is a trigger."""
    order = list(edges)
    if shuffled is not None:
        random.Random(shuffled).shuffle(order)
    ends = [tuple(part.strip() for part in edge.split("->")) for edge in order]
    names = {end.partition(":")[0] for pair in ends for end in pair}
    nodes = {name: special.get(name, TRIGGER if name == "t" else STEP) for name in sorted(names)}
    links = [Link(i, ref(a, "out"), ref(b, "in")) for i, (a, b) in enumerate(ends)]
    return {order[index] for index in boundary_edges(nodes, links)}


def test_rule_1_edges_out_of_triggers_and_detached_ports_are_boundaries() -> None:
    assert boundaries("t -> a", "a -> d", "d -> b", "b -> c", d=DETACHED) == {"t -> a", "d -> b"}


def test_rule_1_a_loop_closes_where_it_was_entered() -> None:
    assert boundaries("t -> a", "a -> b", "b -> c", "c -> a") == {"t -> a", "c -> a"}


def test_rule_1_a_self_loop_is_a_boundary() -> None:
    assert boundaries("t -> a", "a -> a") == {"t -> a", "a -> a"}


def test_rule_1_a_loop_through_an_error_port_closes_at_its_entry() -> None:
    assert boundaries("t -> a", "a:error -> w", "w -> a") == {"t -> a", "w -> a"}


def test_rule_1_two_loops_that_share_a_node_are_both_cut() -> None:
    assert boundaries("t -> a", "a -> b", "b -> a", "a -> c", "c -> a") == {"t -> a", "b -> a", "c -> a"}


def test_rule_1_a_loop_entered_at_two_places_is_cut_at_both() -> None:
    assert boundaries("t -> a", "t -> b", "a -> b", "b -> a") == {"t -> a", "t -> b", "a -> b", "b -> a"}


def test_a_nested_loop_is_cut_at_its_own_entry() -> None:
    assert boundaries("t -> a", "a -> b", "b -> c", "c -> b", "c -> a") == {"t -> a", "c -> a", "c -> b"}


def test_rule_1_a_detached_port_opens_a_loop_by_itself() -> None:
    assert boundaries("t -> a", "a -> d", "d -> a", d=DETACHED) == {"t -> a", "d -> a"}


def test_an_input_that_reaches_no_output_closes_no_loop() -> None:
    assert boundaries("s:request -> a", "a -> s:response", s=SERVER) == {"s:request -> a"}


def test_an_input_reaches_only_the_outputs_it_names() -> None:
    split = Ports((Input("x", reaches=("p",)), Input("y", reaches=("q",))), (Output("p"), Output("q")))
    assert boundaries("t -> n:x", "n:p -> a", "a -> n:y", "n:q -> b", n=split) == {"t -> n:x"}
    assert boundaries("t -> n:x", "n:p -> a", "a -> n:x", n=split) == {"t -> n:x", "a -> n:x"}


def test_a_loop_that_nothing_enters_is_cut_everywhere() -> None:
    assert boundaries("t -> x", "a -> b", "b -> a") == {"t -> x", "a -> b", "b -> a"}


@pytest.mark.parametrize("seed", range(20))
def test_rule_1_the_order_of_the_file_does_not_matter(seed: int) -> None:
    edges = ("t -> a", "a -> b", "b -> c", "c -> b", "c -> a", "c:error -> d", "d -> e", "e -> c", "t -> e")
    assert boundaries(*edges, shuffled=seed) == boundaries(*edges)


def is_acyclic(links: Iterable[tuple[int, int]]) -> bool:
    below: dict[int, set[int]] = {}
    for a, b in links:
        below.setdefault(a, set()).add(b)
    while leaves := {b for targets in below.values() for b in targets} - set(below):
        below = {a: targets - leaves for a, targets in below.items() if targets - leaves}
    return not below


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=25))
def test_rule_1_without_the_boundaries_no_loop_is_left(pairs: set[tuple[int, int]]) -> None:
    edges = ["t -> n0", *(f"n{a} -> n{b}" for a, b in sorted(pairs))]
    cut = boundaries(*edges)
    assert is_acyclic((a, b) for a, b in pairs if f"n{a} -> n{b}" not in cut)


def test_a_long_chain_needs_no_deep_recursion() -> None:
    edges = [f"n{i} -> n{i + 1}" for i in range(5000)]
    assert boundaries("t -> n0", *edges, "n5000 -> n0") == {"t -> n0", "n5000 -> n0"}
