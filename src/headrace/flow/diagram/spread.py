"""How far apart the items of a column are: wires as straight as the order allows, nothing overlapping."""

from collections.abc import Sequence

from headrace.flow.diagram.order import Columns

__all__ = ["spread"]

_SWEEPS = 24
_BETWEEN_BOXES, _BESIDE_BEND = 28.0, 16.0
_PULL = (1.0, 2.0, 8.0)
"""Of a segment with no, one and two bends at its ends: long wires come to be straight."""


def spread(columns: Columns, heights: Sequence[float]) -> list[float]:
    """The top of each item; for a bend, its height.

    Args:
        columns: the items in order.
        heights: of the boxes; bends have none.
    """
    count = 1 + max((item for column in columns.items for item in column), default=-1)
    size = [heights[item] if item < len(heights) else 0.0 for item in range(count)]
    tops = [0.0] * count
    gaps = [_gaps(column, size, len(heights)) for column in columns.items]
    for column, gap in zip(columns.items, gaps, strict=True):
        top = -sum(gap) / 2  # around the middle, to begin with
        for item, below in zip(column, [*gap, 0.0], strict=True):
            tops[item] = top
            top += below
    leftwards: list[list[tuple[int, float, float]]] = [[] for _ in range(count)]
    rightwards: list[list[tuple[int, float, float]]] = [[] for _ in range(count)]
    for segments in columns.segments:
        for segment in segments:
            shift = segment.start_y - segment.end_y
            pull = _PULL[(segment.left >= len(heights)) + (segment.right >= len(heights))]
            leftwards[segment.right].append((segment.left, shift, pull))
            rightwards[segment.left].append((segment.right, -shift, pull))
    for sweep in range(_SWEEPS):
        back = sweep % 2 == 1
        order = range(len(columns.items))
        for layer in reversed(order) if back else order:
            column = columns.items[layer]
            links = rightwards if back else leftwards
            wanted, weights = [], []
            for item in column:
                near = links[item] if sweep < _SWEEPS - 2 else [*leftwards[item], *rightwards[item]]
                weight = sum(pull for _, _, pull in near)
                places = sum((tops[other] + shift) * pull for other, shift, pull in near)
                wanted.append(places / weight if near else tops[item])
                weights.append(weight or 0.1)
            for item, top in zip(column, _apart(wanted, weights, gaps[layer]), strict=True):
                tops[item] = top
    return tops


def _gaps(column: Sequence[int], size: Sequence[float], boxes: int) -> list[float]:
    """From the top of each item but the last to the least top of the next."""
    return [
        size[item] + (_BETWEEN_BOXES if max(item, column[index + 1]) < boxes else _BESIDE_BEND)
        for index, item in enumerate(column[:-1])
    ]


def _apart(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The tops nearest to those that are wanted (least squares) with at least the gaps between them.

    Less the gaps above it, each top must not be less than the one before: isotonic regression, by pooling
    neighbours that are in the wrong order.
    """
    above = [0.0]
    for gap in gaps:
        above.append(above[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for index, (want, weight) in enumerate(zip(wanted, weights, strict=True)):
        pool = (want - above[index], weight, 1)
        while pools and pools[-1][0] >= pool[0]:
            mean, heavy, many = pools.pop()
            total = heavy + pool[1]
            pool = ((mean * heavy + pool[0] * pool[1]) / total, total, many + pool[2])
        pools.append(pool)
    means = [mean for mean, _, many in pools for _ in range(many)]
    return [mean + offset for mean, offset in zip(means, above, strict=True)]
