"""Which column each box is in. Boxes and wires are numbers here: a wire is a pair of boxes."""

from collections.abc import Collection, Sequence

__all__ = ["Arc", "layers_of", "leading_back"]

Arc = tuple[int, int]


def leading_back(count: int, arcs: Sequence[Arc], first: Collection[int] = ()) -> frozenset[int]:
    """The indexes of the arcs that close loops, as a walk along the arcs meets them.

    The walk begins at the boxes `first`, then at what nothing leads to, and follows arcs in their order;
    without the arcs that it finds, no loop is left.
    """
    leaving: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for index, (source, target) in enumerate(arcs):
        leaving[source].append((index, target))
    reached = {target for source, target in arcs if source != target}
    starts = [box for box in range(count) if box not in reached]
    back: set[int] = set()
    is_open = [False] * count
    is_done = [False] * count
    for start in [*first, *starts, *range(count)]:
        if is_done[start]:
            continue
        is_open[start] = True
        path = [(start, iter(leaving[start]))]
        while path:
            box, rest = path[-1]
            for index, target in rest:
                if is_open[target]:
                    back.add(index)
                elif not is_done[target]:
                    is_open[target] = True
                    path.append((target, iter(leaving[target])))
                    break
            else:
                path.pop()
                is_open[box], is_done[box] = False, True
    return frozenset(back)


def layers_of(count: int, arcs: Sequence[Arc]) -> list[int]:
    """The column of each box, from 0: right of all that lead to it.

    A box to which nothing leads stands just left of the first that it leads to.

    Args:
        count: how many boxes there are.
        arcs: without loops.
    """
    leaving: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in arcs:
        leaving[source].append(target)
        waiting[target] += 1
    is_start = [not each for each in waiting]
    ready = [box for box in range(count) if is_start[box]]
    layers = [0] * count
    for box in ready:  # grows while it is gone through
        for target in leaving[box]:
            layers[target] = max(layers[target], layers[box] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for box in range(count):
        if is_start[box] and leaving[box]:
            layers[box] = min(layers[target] for target in leaving[box]) - 1
    return layers
