"""Pictures of flows: Mermaid text, and an SVG in which nothing overlaps.

How it looks is not tested here; `headrace graph FLOW -o flow.svg` shows it.
"""

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.app import builtin_registry
from headrace.flow.diagram import Drawing, drawing_of, mermaid_text, svg_text
from headrace.flow.diagram.drawing import Box, Wire
from headrace.flow.diagram.layer import layers_of, leading_back
from headrace.flow.diagram.layout import Cord, Frame, Layout, lay_out
from headrace.flow.diagram.layout import Path as Line
from headrace.flow.diagram.order import columns_of
from headrace.flow.diagram.width import fitting, width_em
from headrace.flow.loader import load_flow, read_flow, require
from headrace.source import Source

ROOT = Path(__file__).parents[2]
FLOW = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: pages}
spec:
  description: All pages & their rows.
  nodes:
    start: {component: common-module/signal, description: "By <hand>"}
    count: {component: common-module/modify, input: {i: "{{($.i || 0) + 1}}"}}
    split: {component: common-module/iterator, settings: {durable: true}, input: {array: [1]}}
    apart: {component: common-module/async}
    more: {component: common-module/router, settings: {rules: [{when: "{{$.failed > 0}}", outputPort: 'a "b" -> [c]'}]}}
    end: {component: common-module/debug}
    alone: {component: common-module/debug}
  edges:
    - start -> count -> split
    - from: split:done
      to: more
      description: When all are done.
    - split:item -> apart -> end
    - from: [split:error]
      to: end
    - from: {node: more, port: 'a "b" -> [c]'}
      to: count
    - more:default -> end
"""


def drawn(text: str = FLOW) -> Drawing:
    return drawing_of(require(load_flow(Source("flow.yaml", text), builtin_registry())))


# ---- what is drawn


def test_a_drawing_has_the_ports_that_are_wired_and_the_kinds_of_edges() -> None:
    drawing = drawn()
    assert [(box.name, box.component, box.trigger, box.inputs, box.outputs) for box in drawing.boxes] == [
        ("start", "signal", True, (), ("out",)),
        ("count", "modify", False, ("in",), ("out",)),
        ("split", "iterator", False, ("in",), ("item", "done", "error")),
        ("apart", "async", False, ("in",), ("out",)),
        ("more", "router", False, ("in",), ('a "b" -> [c]', "default")),
        ("end", "debug", False, ("in",), ()),
        ("alone", "debug", False, (), ()),
    ]
    assert [(wire.source, wire.output, wire.target, wire.boundary, wire.error) for wire in drawing.wires] == [
        (0, "out", 1, True, False),
        (1, "out", 2, False, False),
        (2, "done", 4, True, False),
        (2, "item", 3, True, False),
        (3, "out", 5, True, False),
        (2, "error", 5, True, True),
        (4, 'a "b" -> [c]', 1, False, False),
        (4, "default", 5, False, False),
    ]
    assert drawing.boxes[0].about == "start: common-module/signal\nBy <hand>"
    assert drawing.wires[2].about == "split:done -> more:in, a new task\nWhen all are done."


def test_mermaid_text_is_this() -> None:
    assert (
        mermaid_text(drawn())
        == """\
flowchart LR
  accTitle: pages
  n0(["start<br/>signal"])
  n1["count<br/>modify"]
  n2["split<br/>iterator"]
  n3["apart<br/>async"]
  n4["more<br/>router"]
  n5["end<br/>debug"]
  n6["alone<br/>debug"]
  n0 ==>|"out"| n1
  n1 -->|"out"| n2
  n2 ==>|"done"| n4
  n2 ==>|"item"| n3
  n3 ==>|"out"| n5
  n2 ==>|"error"| n5
  n4 -->|"a #34;b#34; -#62; #91;c#93;"| n1
  n4 -->|"default"| n5
  linkStyle 5 stroke:#c62828,color:#c62828
"""
    )


def test_an_error_within_a_task_is_dotted() -> None:
    boxes = (Box("a", "client", False, (), ("error",)), Box("b", "debug", False, ("in",), ()))
    text = mermaid_text(Drawing("x", "", boxes, (Wire(0, "error", 1, "in", error=True),)))
    assert '  n0 -.->|"error"| n1\n' in text


HOSTILE = [
    "end", "1. list", "- item", "* item", "# head", "`code`", '"quoted"', "a]b[c", "<b>&amp;</b>", "#35;", "",
    " ", "\\", "a\nb", "%%{init: {}}%%", "-->", "數據", "😀", "\x00\x1b[31m", "\ud800", "\u202edrowssap",
    "e\u0301" * 50, "W" * 500, "]]>", "﷽", "x" * 40 + "\u0000",
]  # fmt: skip
MEANT = re.compile(r'[\[\](){}<>|"`;\\#&]')


def hostile_drawing(names: list[str] = HOSTILE) -> Drawing:
    boxes = tuple(Box(name, name, False, (name,), (name,), about=name) for name in names)
    wires = tuple(
        Wire(k, name, (k + 1) % len(names), names[(k + 1) % len(names)]) for k, name in enumerate(names)
    )
    return Drawing("hostile; --> x", "]]> & <desc>", boxes, wires)


def test_hostile_names_stay_inside_their_quotes() -> None:
    for line in mermaid_text(hostile_drawing()).splitlines()[2:]:
        shape = re.fullmatch(r'  n\d+\["(.+?)<br/>(.+)"\]', line)
        arrow = re.fullmatch(r'  n\d+ -->\|"(.+)"\| n\d+', line)
        (match,) = [found for found in (shape, arrow) if found]
        for text in match.groups():
            assert not MEANT.search(re.sub(r"#\d+;", "", text))
            assert not re.match(r"[-+*]|\d+[.)] ", text)


# ---- SVG


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)


def by_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [part for part in root.iter() if name in part.get("class", "").split()]


def titles(root: ET.Element) -> list[str]:
    return [part.text or "" for part in root.iter("{http://www.w3.org/2000/svg}title")]


def test_every_node_and_edge_is_in_the_svg() -> None:
    drawing = drawn()
    root = parsed(svg_text(drawing))
    named = {part.text for part in by_class(root, "name")}
    tips = by_class(root, "tip")
    assert named == {box.name for box in drawing.boxes}
    assert sorted(titles(root)) == sorted(
        ["pages", *(wire.about for wire in drawing.wires), *(box.about for box in drawing.boxes)]
    )
    assert len(tips) == len(drawing.wires)
    assert [tip.get("class") for tip in tips].count("tip task error") == 1
    assert len(by_class(root, "trigger")) == 1
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title about")


def test_the_legend_tells_the_kinds_of_edges_that_there_are() -> None:
    def legend(drawing: Drawing) -> list[str]:
        texts = [part.text or "" for part in by_class(parsed(svg_text(drawing)), "small")]
        return [text for text in texts if " " in text]

    boxes = (Box("a", "x", False, ("in",), ("out",)), Box("b", "x", False, ("in",), ("out",)))
    assert legend(drawn()) == ['a "b" -> [c]', "within a task", "begins a new task", "carries failures"]
    assert legend(Drawing("x", "", boxes, (Wire(0, "out", 1, "in"),))) == ["within a task"]
    assert legend(Drawing("x", "", boxes, ())) == []


def test_hostile_names_are_text_in_the_svg() -> None:
    text = svg_text(hostile_drawing())
    root = parsed(text)
    assert len(by_class(root, "box")) == len(HOSTILE)
    assert {part.tag.rpartition("}")[2] for part in root.iter()} == {
        "svg", "title", "desc", "style", "rect", "g", "text", "path", "circle",
    }  # fmt: skip
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800-\udfff]", text)
    assert (root.findtext("{*}desc"), root.findtext("{*}title")) == ("]]> & <desc>", "hostile; --> x")


def test_an_empty_drawing_is_an_svg() -> None:
    assert by_class(parsed(svg_text(Drawing("x", "", (), ()))), "box") == []


def test_texts_are_not_wider_than_their_box() -> None:
    root = parsed(svg_text(hostile_drawing()))
    for node in by_class(root, "node"):
        (box,) = by_class(node, "box")
        inner = next(part for part in node if part.tag.endswith("svg"))
        assert float(inner.get("width", 0)) == float(box.get("width", 0)) < 600
        for name in by_class(node, "name"):
            assert width_em(name.text or "", bold=True) * 13 + 12 <= float(box.get("width", 0))


EXAMPLES = sorted(ROOT.glob("examples/*/flow.yaml"))


# The component of custom-module is not installed.
@pytest.mark.parametrize(
    "path",
    [path for path in EXAMPLES if path.parent.name != "custom-module"],
    ids=lambda path: path.parent.name,
)
def test_the_examples_are_drawn(path: Path) -> None:
    drawing = drawing_of(require(read_flow(path, builtin_registry())))
    assert len(by_class(parsed(svg_text(drawing)), "box")) == len(drawing.boxes) > 3
    assert mermaid_text(drawing).count("<br/>") == len(drawing.boxes)


# ---- layout


def test_a_box_is_right_of_all_that_lead_to_it_and_a_late_trigger_stands_near() -> None:
    arcs = [(0, 1), (1, 2), (0, 2), (2, 3), (4, 3)]
    assert (leading_back(5, arcs), layers_of(5, arcs)) == (frozenset(), [0, 1, 2, 3, 2])


def test_the_edge_back_to_the_begin_of_a_loop_leads_back() -> None:
    assert leading_back(4, [(3, 1), (0, 1), (1, 2), (2, 1), (2, 2)]) == {3, 4}
    assert leading_back(2, [(0, 1), (1, 0)]) == {1}
    assert leading_back(3, [(1, 0), (0, 1), (2, 1)]) == {1}  # seen from 2, which starts it
    assert leading_back(3, [(2, 2), (2, 1), (1, 0), (0, 1)]) == {0, 3}


def test_what_comes_round_to_a_trigger_leads_back():
    arcs = [(2, 0), (0, 1), (1, 2)]  # 2 is a server: request to 0, response from 1
    assert leading_back(3, arcs) == {0}
    assert leading_back(3, arcs, first={2}) == {2}


def test_edges_that_lead_back_side_by_side_have_heights_of_their_own() -> None:
    back = [(1, 0), (3, 2), (2, 1), (3, 0)]
    cords = [Cord(*arc, 50.0, 50.0) for arc in [(0, 1), (1, 2), (2, 3), *back]]
    layout = lay_out([(100.0, 60.0)] * 4, cords)
    lowest = [max(y for _, y in points(path)) for path in layout.paths[3:]]
    assert [low > 60 for low in lowest] == [True] * 4
    assert min(abs(one - other) for one, other in combinations(lowest, 2)) > 5


def test_few_lines_cross() -> None:
    wires = {index: (index, 11 - index) for index in range(6)}
    columns = columns_of([0] * 6 + [1] * 6, wires, dict.fromkeys(wires, (0.0, 0.0)))
    place = {item: row for column in columns.items for row, item in enumerate(column)}
    assert [place[source] for source, _ in wires.values()] == [place[target] for _, target in wires.values()]


def test_a_chain_is_a_straight_line() -> None:
    layout = lay_out([(100.0, 50.0)] * 4, [Cord(k, k + 1, 20.0, 20.0) for k in range(3)])
    assert [frame.y for frame in layout.frames] == [0.0] * 4
    assert {y for path in layout.paths for point in points(path) for y in point[1:]} == {20.0}


def test_long_texts_end_in_an_ellipsis() -> None:
    assert fitting("short", 10) == "short"
    assert fitting("x" * 100, 10) == "x" * 14 + "…"
    assert width_em("數據") > 2 * width_em("x")
    assert width_em("e\u0301") == width_em("e")


SIZES = st.tuples(st.integers(40, 300), st.integers(3, 20))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[float, float]], list[Cord]]:
    rows = draw(st.lists(SIZES, min_size=1, max_size=12))
    box = st.integers(0, len(rows) - 1)
    ends = draw(st.lists(st.tuples(box, box, st.integers(0, 20), st.integers(0, 20)), max_size=18))
    cords = [
        Cord(source, target, 10.0 * min(start, rows[source][1]), 10.0 * min(end, rows[target][1]))
        for source, target, start, end in ends
    ]
    return [(float(width), 10.0 * count) for width, count in rows], cords


def points(path: Line, each: int = 12) -> list[tuple[float, float]]:
    """Points along a path, many to each curve."""
    at, found = path.start, [path.start]
    for step in path.steps:
        if len(step) == 1:
            (end,) = step
            found += [mixed(at, end, k / each) for k in range(1, each + 1)]
        else:
            first, second, end = step
            for k in range(1, each + 1):
                t = k / each
                a, b, c = mixed(at, first, t), mixed(first, second, t), mixed(second, end, t)
                found.append(mixed(mixed(a, b, t), mixed(b, c, t), t))
        at = end
    return found


def mixed(a: tuple[float, float], b: tuple[float, float], t: float) -> tuple[float, float]:
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


def overlap(a: Frame, b: Frame) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def is_inside(point: tuple[float, float], frame: Frame) -> bool:
    slack = 0.01
    x, y = point
    return (
        frame.x + slack < x < frame.x + frame.width - slack
        and frame.y + slack < y < frame.y + frame.height - slack
    )


@settings(max_examples=200, deadline=None)
@given(graphs())
@example(([(100.0, 50.0)] * 3, [Cord(0, 0, 10, 40), Cord(1, 2, 0, 0), Cord(2, 1, 50, 50), Cord(1, 2, 5, 5)]))
def test_boxes_do_not_overlap_and_no_line_goes_through_a_box(
    graph: tuple[list[tuple[float, float]], list[Cord]],
) -> None:
    sizes, cords = graph
    layout = lay_out(sizes, cords)
    frames = layout.frames
    assert [(a, b) for a in range(len(frames)) for b in range(a) if overlap(frames[a], frames[b])] == []
    for (width, height), frame in zip(sizes, frames, strict=True):
        assert frame.width > width - 0.01
        assert frame.height == height
    for cord, path in zip(cords, layout.paths, strict=True):
        line = points(path)
        source, target = frames[cord.source], frames[cord.target]
        assert line[0] == pytest.approx((source.x + source.width, source.y + cord.start_y))
        assert line[-1] == pytest.approx((target.x, target.y + cord.end_y))
        assert [k for k, frame in enumerate(frames) if any(is_inside(point, frame) for point in line)] == []
    assert outside(layout) == []


def outside(layout: Layout) -> list[tuple[float, float]]:
    """What lies beyond the picture."""
    corners = [(f.x, f.y) for f in layout.frames] + [(f.x + f.width, f.y + f.height) for f in layout.frames]
    every = corners + [point for path in layout.paths for point in points(path)]
    return [
        (x, y)
        for x, y in every
        if not (-0.01 <= x <= layout.width + 0.01 and -0.01 <= y <= layout.height + 0.01)
    ]
