"""How runs are listed, for terminals of any width and for pipes. Pure."""

from collections.abc import Mapping, Sequence

from headrace.app.executing import Executing
from headrace.cli.terminal import harmless
from headrace.cli.wording import number, span_of_time
from headrace.store import RunRecord

__all__ = ["ago", "listing", "process_note"]

_TITLES = ("run", "flow", "status", "started", "took", "tasks", "errors", "dead")
_NUMBERS = frozenset({"took", "tasks", "errors", "dead"})
_GAP = "  "
_SHORTEST_ID = 8
_SHORTEST_FLOW = 8
_DAY_S = 86_400


def listing(
    runs: Sequence[RunRecord], executing: Mapping[str, Executing], width: int, now_ns: int
) -> list[str]:
    """The lines: a table where it fits, else a few lines for each run.

    The process of an unfinished run stands in a last column where that fits, else below the run. On terminals
    too narrow for whole ids, as much of them is shown as tells them apart, which is enough for commands.

    Args:
        runs: in order.
        executing: by flow, who executes it.
        width: columns of the terminal.
        now_ns: Unix nanoseconds.
    """
    notes = [process_note(run, executing) for run in runs]
    rows = [_cells(run, now_ns) for run in runs]
    if _width(rows) + len(_GAP) + max(map(len, notes), default=0) <= width:
        return _table(rows, notes)
    for shrink in (_as_they_are, _short_ids, _short_flows):
        shrunk = shrink(rows, width)
        if _width(shrunk) <= width:
            heading, *lines = _table(shrunk, [""] * len(rows))
            pairs = zip(lines, notes, strict=True)
            return [heading, *(text for line, note in pairs for text in (line, *_below(note)))]
    return [
        text for row, note in zip(rows, notes, strict=True) for text in (*_block(row, width), *_below(note))
    ]


def process_note(run: RunRecord, executing: Mapping[str, Executing]) -> str:
    """Who executes an unfinished run; empty for one that has ended."""
    if run.ended_at_ns is not None:
        return ""
    return str(executing.get(run.flow, Executing()))


def ago(at_ns: int, now_ns: int) -> str:
    """`12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`."""
    seconds = max(now_ns - at_ns, 0) // 10**9
    for unit, size in (("d", _DAY_S), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _cells(run: RunRecord, now_ns: int) -> list[str]:
    took_s = ((run.ended_at_ns or now_ns) - run.started_at_ns) / 1e9
    return [
        run.id,
        harmless(run.flow),
        run.status.value,
        ago(run.started_at_ns, now_ns),
        span_of_time(max(took_s, 0)),
        number(run.tasks_done),
        number(run.error_count),
        number(run.dead_letters),
    ]


def _as_they_are(rows: list[list[str]], width: int) -> list[list[str]]:
    return rows


def _short_ids(rows: list[list[str]], width: int) -> list[list[str]]:
    ids = {row[0] for row in rows}
    length = _SHORTEST_ID
    while len({id_[:length] for id_ in ids}) < len(ids):
        length += 1
    return [[row[0][:length], *row[1:]] for row in rows]


def _short_flows(rows: list[list[str]], width: int) -> list[list[str]]:
    rows = _short_ids(rows, width)
    longest = max((len(row[1]) for row in rows), default=0)
    room = max(longest - (_width(rows) - width), _SHORTEST_FLOW)
    return [[row[0], _cut(row[1], room), *row[2:]] for row in rows]


def _widths(rows: list[list[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(_TITLES, *rows, strict=True)]


def _width(rows: list[list[str]]) -> int:
    return sum(_widths(rows)) + len(_GAP) * (len(_TITLES) - 1)


def _table(rows: list[list[str]], notes: Sequence[str]) -> list[str]:
    widths = _widths(rows)
    lines = []
    for cells, note in zip([_TITLES, *rows], ["", *notes], strict=True):
        aligned = [
            cell.rjust(size) if title in _NUMBERS else cell.ljust(size)
            for title, cell, size in zip(_TITLES, cells, widths, strict=True)
        ]
        lines.append(_GAP.join([*aligned, note]).rstrip())
    return lines


def _block(row: list[str], width: int) -> list[str]:
    id_, flow, status, started, took, tasks, errors, dead = row
    counts = [
        took,
        *(f"{name} {count}" for name, count in (("tasks", tasks), ("errors", errors), ("dead", dead))),
    ]
    return [f"{id_}  {status}  {started}", f"  {_cut(flow, width - 2)}", f"  {', '.join(counts)}"]


def _below(note: str) -> list[str]:
    return [f"  {note}"] if note else []


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
