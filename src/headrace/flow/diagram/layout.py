"""Boxes and wires with coordinates, from left to right; no wire goes through a box.

A wire to a column further right crosses each gap between columns in a curve, and each column that it passes
at the height of its bend there. A wire that leads back goes down right of its source, below everything in
the columns between its ends, and up left of its target.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

import msgspec

from headrace.flow.diagram.layer import layers_of, leading_back
from headrace.flow.diagram.order import Columns, columns_of
from headrace.flow.diagram.spread import spread

__all__ = ["Cord", "Frame", "Layout", "Path", "Point", "lay_out"]

Point = tuple[float, float]
_GAP, _WIDEST_GAP = 64.0, 150.0
_STEEPNESS = 0.14
"""By how much a gap is wider for a curve that goes one unit up or down."""
_TURN, _LANE = 16.0, 9.0
"""From a box to the first wire that turns beside it; from one to the next."""
_BELOW = 24.0
_RADIUS = 8.0
_BETWEEN_PARTS = 44.0


class Cord(msgspec.Struct, frozen=True):
    """A wire to be laid: between which boxes, and how far below their tops it begins and ends."""

    source: int
    target: int
    start_y: float
    end_y: float


class Frame(msgspec.Struct, frozen=True):
    """Where a box is."""

    x: float
    y: float
    width: float
    height: float


class Path(msgspec.Struct, frozen=True):
    """A line: from `start` by steps, each a point (straight) or two control points and a point (cubic)."""

    start: Point
    steps: tuple[tuple[Point, ...], ...]


class Layout(msgspec.Struct, frozen=True):
    """Everything, within 0…`width` and 0…`height`."""

    frames: list[Frame]
    paths: list[Path]
    width: float
    height: float


def lay_out(
    sizes: Sequence[tuple[float, float]], cords: Sequence[Cord], first: Collection[int] = ()
) -> Layout:
    """Give boxes and wires their places; parts that are not connected go one below the other.

    Args:
        sizes: the least width, and the height, of each box; boxes of a column are made equally wide.
        cords: the wires.
        first: the boxes at which everything begins; a wire that comes round to them again leads back.
    """
    frames: dict[int, Frame] = {}
    paths: dict[int, Path] = {}
    width = top = 0.0
    for boxes in _parts(len(sizes), cords):
        number = {box: position for position, box in enumerate(boxes)}
        inside = {index: cord for index, cord in enumerate(cords) if cord.source in number}
        local = [
            Cord(number[cord.source], number[cord.target], cord.start_y, cord.end_y)
            for cord in inside.values()
        ]
        begin = [number[box] for box in boxes if box in first]
        part = _Part([sizes[box] for box in boxes], local, begin)
        frames |= zip(boxes, part.frames(top), strict=True)
        paths |= {index: part.path(position, top) for position, index in enumerate(inside)}
        width = max(width, part.width)
        top += part.height + _BETWEEN_PARTS
    height = max(top - _BETWEEN_PARTS, 0.0)
    return Layout(
        [frames[box] for box in range(len(sizes))], [paths[k] for k in range(len(cords))], width, height
    )


def _parts(count: int, cords: Sequence[Cord]) -> list[list[int]]:
    """The boxes that are connected with each other, in the order of their first ones."""
    beside: list[list[int]] = [[] for _ in range(count)]
    for cord in cords:
        beside[cord.source].append(cord.target)
        beside[cord.target].append(cord.source)
    seen: set[int] = set()
    parts = []
    for box in range(count):
        if box in seen:
            continue
        seen.add(box)
        part = [box]
        for member in part:  # grows while it is gone through
            for other in beside[member]:
                if other not in seen:
                    seen.add(other)
                    part.append(other)
        parts.append(sorted(part))
    return parts


class _Lane(msgspec.Struct, frozen=True):
    """Where a wire goes back.

    Attributes:
        y: below everything in its columns.
        down: how many turn down between its source and it.
        up: how many turn up between its target and it.
    """

    y: float
    down: int
    up: int


class _Part:
    """The layout of boxes that are connected."""

    def __init__(
        self, sizes: Sequence[tuple[float, float]], cords: Sequence[Cord], first: Collection[int]
    ) -> None:
        self._cords = cords
        self._heights = [height for _, height in sizes]
        arcs = [(cord.source, cord.target) for cord in cords]
        back = leading_back(len(sizes), arcs, first)
        forward = {index: arc for index, arc in enumerate(arcs) if index not in back}
        self._layers = layers_of(len(sizes), list(forward.values()))
        ends = {index: (cords[index].start_y, cords[index].end_y) for index in forward}
        self._columns = columns_of(self._layers, forward, ends)
        tops = spread(self._columns, self._heights)
        highest = min(tops)
        self._tops = [top - highest for top in tops]
        self._lanes = self._find_lanes(back)
        self._place_columns([width for width, _ in sizes])
        bottoms = [self._bottom(item) for column in self._columns.items for item in column]
        self.height = max([*bottoms, *(lane.y for lane in self._lanes.values())])

    def _bottom(self, item: int) -> float:
        return self._tops[item] + (self._heights[item] if item < len(self._heights) else 0.0)

    def _find_lanes(self, back: frozenset[int]) -> dict[int, _Lane]:
        """The shortest go nearest to the boxes."""
        spans = {
            index: (self._layers[self._cords[index].target], self._layers[self._cords[index].source])
            for index in back
        }
        lanes: dict[int, _Lane] = {}
        for index in sorted(back, key=lambda index: (spans[index][1] - spans[index][0], index)):
            first, last = spans[index]
            passed = [item for column in self._columns.items[first : last + 1] for item in column]
            y = max(map(self._bottom, passed)) + _BELOW
            beside = [k for k in lanes if spans[k][0] <= last + 1 and first <= spans[k][1] + 1]
            while any(abs(lanes[k].y - y) < _LANE for k in beside):
                y += _LANE
            down = sum(spans[k][1] == last for k in lanes)
            lanes[index] = _Lane(y, down, sum(spans[k][0] == first for k in lanes))
        return lanes

    def _place_columns(self, widths: Sequence[float]) -> None:
        """Left and right sides of columns; gaps have room for what turns in them."""
        columns = self._columns.items
        downs, ups = [0] * (len(columns) + 1), [0] * (len(columns) + 1)
        for index in self._lanes:
            downs[self._layers[self._cords[index].source] + 1] += 1
            ups[self._layers[self._cords[index].target]] += 1
        turns = [_room(down) + _room(up) for down, up in zip(downs, ups, strict=True)]
        self._lefts: list[float] = []
        self._rights: list[float] = []
        x = turns[0]
        for layer, column in enumerate(columns):
            if layer > 0:
                x += turns[layer] + self._gap(self._columns, layer - 1)
            self._lefts.append(x)
            x += max((widths[item] for item in column if item < len(widths)), default=0.0)
            self._rights.append(x)
        self.width = x + turns[-1]

    def _gap(self, columns: Columns, gap: int) -> float:
        steps = [
            abs(self._tops[s.left] + s.start_y - self._tops[s.right] - s.end_y) for s in columns.segments[gap]
        ]
        return min(_GAP + _STEEPNESS * max(steps, default=0.0), _WIDEST_GAP)

    def frames(self, top: float) -> list[Frame]:
        """The boxes, this far down."""
        return [
            Frame(
                self._lefts[layer],
                self._tops[box] + top,
                self._rights[layer] - self._lefts[layer],
                self._heights[box],
            )
            for box, layer in enumerate(self._layers)
        ]

    def path(self, index: int, top: float) -> Path:
        """A wire, this far down."""
        cord = self._cords[index]
        start = (self._rights[self._layers[cord.source]], top + self._tops[cord.source] + cord.start_y)
        end = (self._lefts[self._layers[cord.target]], top + self._tops[cord.target] + cord.end_y)
        if index in self._lanes:
            return _around(start, end, self._lanes[index], top)
        return self._across(start, end, self._columns.chains, index, top)

    def _across(
        self, start: Point, end: Point, chains: Mapping[int, list[int]], index: int, top: float
    ) -> Path:
        steps: list[tuple[Point, ...]] = []
        at = start
        layer = self._layers[self._cords[index].source]
        for bend in chains[index][1:-1]:
            layer += 1
            y = top + self._tops[bend]
            steps.append(_curve(at, (self._lefts[layer], y)))
            at = (self._rights[layer], y)
            steps.append((at,))
        return Path(start, (*steps, _curve(at, end)))


def _room(turning: int) -> float:
    """How much room wires need that turn beside a column."""
    return _TURN + _LANE * turning if turning else 0.0


def _curve(start: Point, end: Point) -> tuple[Point, ...]:
    """A curve that leaves and arrives level, and never turns back."""
    middle = (start[0] + end[0]) / 2
    return (middle, start[1]), (middle, end[1]), end


def _around(start: Point, end: Point, lane: _Lane, top: float) -> Path:
    """Down, back and up."""
    right = start[0] + _TURN + _LANE * lane.down
    left = end[0] - _TURN - _LANE * lane.up
    y = top + lane.y
    corners = [(right, start[1]), (right, y), (left, y), (left, end[1])]
    steps: list[tuple[Point, ...]] = []
    for (before, corner), (_, after) in pairwise(pairwise([start, *corners, end])):
        steps.append((_towards(corner, before),))
        steps.append((corner, corner, _towards(corner, after)))
    return Path(start, (*steps, (end,)))


def _towards(point: Point, other: Point) -> Point:
    """The point a corner's radius away, on a level or upright line."""
    (x, y), (to_x, to_y) = point, other
    return x + _limited(to_x - x), y + _limited(to_y - y)


def _limited(distance: float) -> float:
    return max(-_RADIUS, min(_RADIUS, distance))
