"""Who is above whom in a column: boxes, and the places where wires pass through columns.

A wire over several columns is cut into segments from column to column; where it passes a column it has a
*bend*, an item like a box. Items are numbers: first the boxes, then the bends.
"""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence

import msgspec

from headrace.flow.diagram.layer import Arc

__all__ = ["Columns", "Segment", "columns_of"]

_SWEEPS = 12


class Segment(msgspec.Struct, frozen=True):
    """A part of a wire, from an item of one column to an item of the next.

    Attributes:
        start_y: where on the left item it begins, from the item's top; 0 for a bend.
        end_y: where on the right item it ends, likewise.
    """

    left: int
    right: int
    start_y: float
    end_y: float


class Columns(msgspec.Struct, frozen=True):
    """Columns of items in order.

    Attributes:
        items: of each column, from the top.
        segments: of each gap between two columns.
        chains: the items of each wire, from its source's to its target's, by the wire's index.
    """

    items: list[list[int]]
    segments: list[list[Segment]]
    chains: dict[int, list[int]]


def columns_of(
    layers: Sequence[int], wires: Mapping[int, Arc], ends: Mapping[int, tuple[float, float]]
) -> Columns:
    """Order the boxes and bends of all columns so that few wires cross.

    Args:
        layers: the column of each box.
        wires: those that lead forward, by index.
        ends: where on its boxes each wire begins and ends, from their tops.
    """
    items: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
    for box, layer in enumerate(layers):
        items[layer].append(box)
    segments: list[list[Segment]] = [[] for _ in items[1:]]
    chains = {}
    count = len(layers)
    for index, (source, target) in wires.items():
        bends = range(count, count + layers[target] - layers[source] - 1)
        count += len(bends)
        for layer, bend in enumerate(bends, start=layers[source] + 1):
            items[layer].append(bend)
        chain = [source, *bends, target]
        chains[index] = chain
        start_y, end_y = ends[index]
        for step in range(len(chain) - 1):
            segments[layers[source] + step].append(
                Segment(
                    chain[step],
                    chain[step + 1],
                    start_y if step == 0 else 0.0,
                    end_y if step == len(chain) - 2 else 0.0,
                )
            )
    return Columns(_ordered(items, segments), segments, chains)


def _ordered(items: list[list[int]], segments: list[list[Segment]]) -> list[list[int]]:
    """The best of some sweeps, right and left again, each ordering a column by what it is connected to."""
    best, fewest = [list(column) for column in items], _crossings(items, segments)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        if sweep % 2 == 0:
            for gap in range(len(segments)):
                _sort(items[gap + 1], items[gap], [(s.right, s.left, s.start_y) for s in segments[gap]])
        else:
            for gap in reversed(range(len(segments))):
                _sort(items[gap], items[gap + 1], [(s.left, s.right, s.end_y) for s in segments[gap]])
        crossings = _crossings(items, segments)
        if crossings < fewest:
            best, fewest = [list(column) for column in items], crossings
    return best


def _sort(column: list[int], beside: list[int], links: list[tuple[int, int, float]]) -> None:
    """Order a column by the mean position of the items beside it; those without any stay where they are."""
    position = {item: index for index, item in enumerate(beside)}
    found: dict[int, list[float]] = {}
    for item, other, y in links:
        found.setdefault(item, []).append(position[other] + y / (y + 1000))
    wanted = {item: sum(places) / len(places) for item, places in found.items()}
    movable = sorted((item for item in column if item in wanted), key=lambda item: wanted[item])
    rest = iter(movable)
    column[:] = [next(rest) if item in wanted else item for item in column]


def _crossings(items: list[list[int]], segments: list[list[Segment]]) -> int:
    """How often segments cross in all gaps."""
    position = {item: index for column in items for index, item in enumerate(column)}
    total = 0
    for gap in segments:
        places = sorted(((position[s.left], s.start_y), (position[s.right], s.end_y)) for s in gap)
        seen: list[tuple[int, float]] = []
        for _, end in places:
            total += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return total
