"""What goes on, on a terminal: redrawn in place, with what happens running above it."""

import time

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from headrace.cli.account import error_line
from headrace.cli.live import LiveView
from headrace.cli.picture import budget_lines, node_table, progress_bar
from headrace.cli.runs.watch.follower import Board
from headrace.cli.runs.watch.line import kept_text, named
from headrace.cli.terminal import harmless
from headrace.cli.watch import Event, Raised
from headrace.cli.wording import clock_time, number
from headrace.store import RunRecord, RunStatus

__all__ = ["LiveBoardView", "board_picture"]

_NARROW = 60
_FEWEST_NODES = 3
_STYLES = {
    RunStatus.RUNNING: "cyan",
    RunStatus.SUCCEEDED: "green",
    RunStatus.FAILED: "red",
    RunStatus.CANCELLED: "yellow",
}


class LiveBoardView:
    """Runs, counts, APIs and the latest errors; beginnings and ends of runs go above, and stay."""

    def __init__(self) -> None:
        self._board = Board()
        self._view = LiveView()
        self._has_begun = False

    def show(self, events: list[Event], board: Board) -> None:
        """See `BoardView`."""
        self._board = board
        if not self._has_begun:
            self._has_begun = True
            self._view.begin(lambda width, height: board_picture(self._board, width, height, time.time_ns()))
        self._view.show([named(event) for event in events if not isinstance(event, Raised)])

    def close(self) -> None:
        """See `BoardView`."""
        self._view.close()


def board_picture(board: Board, width: int, height: int, now_ns: int) -> RenderableType:
    """The display at one time, for a terminal of that size; what does not fit is counted, or left out.

    Args:
        board: what is to be seen.
        width: columns of the terminal.
        height: its lines.
        now_ns: Unix nanoseconds.
    """
    if not board.runs:
        return Text("no run is active", style="dim")
    whole = Table.grid(expand=True)
    most_runs = max(height // 3, 2)
    whole.add_row(_runs(board.runs, width, most_runs, now_ns))
    errors = [_error(Raised("", error)) for error in board.errors]
    budgets = budget_lines(list({s.api: s for c in board.counts.values() for s in c.budgets}.values()))
    kept = [run for run in board.runs if run.id in board.kept][:most_runs]
    flows = list(board.counts)
    used = 2 + min(len(board.runs), most_runs) + len(errors) + len(budgets) + len(kept)
    shown = flows[: max((height - used) // (_FEWEST_NODES + 4), 1)]
    room = (height - used) // max(len(shown), 1) - 4  # a title, the bar in two lines, the table's head
    for flow in shown:
        snapshot = board.counts[flow]
        if len(flows) > 1:
            whole.add_row(Text(harmless(flow), style="bold", no_wrap=True, overflow="ellipsis"))
        whole.add_row(node_table(snapshot, width, max(room, _FEWEST_NODES)))
        whole.add_row(progress_bar(snapshot, width))
    if len(flows) > len(shown):
        whole.add_row(Text(f"… {len(flows) - len(shown)} more flows", style="dim"))
    for line in [*(_kept(board, run) for run in kept), *budgets, *errors]:
        whole.add_row(line)
    return whole


def _runs(runs: tuple[RunRecord, ...], width: int, most: int, now_ns: int) -> Table:
    is_narrow = width < _NARROW
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("run", no_wrap=True, overflow="ellipsis", max_width=8 if is_narrow else 16)
    for title in ("flow",) if is_narrow else ("flow", "trigger"):
        table.add_column(title, no_wrap=True, overflow="ellipsis", max_width=14 if is_narrow else 24)
    table.add_column("status", no_wrap=True)
    for title in ("for", "errors") if is_narrow else ("for", "tasks", "errors", "dead"):
        table.add_column(title, justify="right", no_wrap=True)
    for run in runs if len(runs) <= most else runs[: most - 1]:
        table.add_row(*_cells(run, now_ns, is_narrow=is_narrow))
    if len(runs) > most:
        table.add_row(Text(f"… {len(runs) - most + 1} more", style="dim"))
    return table


def _cells(run: RunRecord, now_ns: int, *, is_narrow: bool) -> list[Text]:
    took = clock_time(((run.ended_at_ns or now_ns) - run.started_at_ns) / 1e9)
    errors = Text(number(run.error_count), style="red" if run.error_count else "")
    first = [Text(run.id), Text(harmless(run.flow))]
    status = Text(run.status.value, style=_STYLES[run.status])
    if is_narrow:
        return [*first, status, Text(took), errors]
    dead = Text(number(run.dead_letters), style="red" if run.dead_letters else "")
    return [
        *first,
        Text(harmless(run.trigger)),
        status,
        Text(took),
        Text(number(run.tasks_done)),
        errors,
        dead,
    ]


def _kept(board: Board, run: RunRecord) -> Text:
    text = harmless(f"{run.id}: {kept_text(run, board.kept[run.id])}")
    return Text(text, style="dim", no_wrap=True, overflow="ellipsis")


def _error(raised: Raised) -> Text:
    """In one line; `headrace runs show` has the whole."""
    text = " ".join(error_line(raised.error).splitlines()[0].split())
    return Text(text, style="yellow", no_wrap=True, overflow="ellipsis")
