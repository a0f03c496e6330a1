"""What happens, on a terminal: a table of the nodes that is redrawn, with events running above it."""

import sys
import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from headrace.cli.budget import budget_text
from headrace.cli.plain import Line, telling_lines
from headrace.cli.terminal import has_links
from headrace.cli.watch import Ended, Event, Raised, Resumed, Said, Started
from headrace.cli.wording import clock_time, number, plural
from headrace.monitor.meter import Meter, NodeRow, Snapshot
from headrace.pages import page_of

__all__ = ["LiveView", "picture"]

_NARROW = 60
"""Terminals with fewer columns get the counts that matter most, without a table's further columns."""

_MOST_BUDGETS = 3
"""Lines for APIs; those that are waited for come first."""

_SHORTEST_BAR = 10
"""A bar with fewer characters gets a line of its own."""


class LiveView:
    """Counts per node, progress and time left: read and redrawn some times a second, never per message.

    Events run above the table. How the latest run ended stays below it, until the next one starts.
    """

    period_s = 0.125

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._meter: Meter | None = None
        self._foot: list[Line] = []
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=sys.stderr.isatty(),  # log lines run above the table, too
            vertical_overflow="crop",
        )

    def open(self, meter: Meter) -> None:
        """See `View`."""
        self._meter = meter
        self._live.start()

    def show(self, events: list[Event]) -> None:
        """See `View`."""
        for line in telling_lines(events):
            if isinstance(line.event, Started | Resumed):
                for earlier in self._foot:
                    self._console.print(_painted(earlier))
                self._foot.clear()
            if isinstance(line.event, Ended) or (self._foot and isinstance(line.event, Said)):
                self._foot.append(line)
            else:
                self._console.print(_painted(line))
        if self._meter is not None:
            size = self._console.size
            table = picture(self._meter.read(), size.width, size.height - len(self._foot))
            self._live.update(Group(table, *map(_painted, self._foot)), refresh=True)

    def close(self) -> None:
        """See `View`."""
        self._live.stop()


def _painted(line: Line) -> Text:
    text = Text(line.text, style="yellow" if line.is_error else "")
    if isinstance(line.event, Raised) and has_links(sys.stdout):
        code = line.event.error.code
        start = line.text.find(f" {code} ") + 1
        if start and (page := page_of(code)) is not None:
            text.stylize(f"link {page.as_uri()}", start, start + len(code))
    return text


def picture(snapshot: Snapshot, width: int, height: int) -> RenderableType:
    """The display at one time, for a terminal of that size.

    Nodes that do not fit are left out, those that have done nothing yet first; a last line says how many.
    """
    whole = Table.grid(expand=True)
    budgets = sorted(snapshot.budgets, key=lambda state: (not state.reason, not state.waiting))[
        :_MOST_BUDGETS
    ]
    whole.add_row(_nodes(snapshot, width, max(height - 6 - len(budgets), 3)))
    for state in budgets:
        style = "yellow" if state.reason else "dim"
        whole.add_row(Text(budget_text(state, time.time_ns()), style, no_wrap=True, overflow="ellipsis"))
    whole.add_row(_overall(snapshot, width))
    return whole


def _nodes(snapshot: Snapshot, width: int, most: int) -> Table:
    is_narrow = width < _NARROW
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("node", no_wrap=True, overflow="ellipsis", max_width=16 if is_narrow else 28)
    for title in ("received", "failed") if is_narrow else ("received", "active", "failed", "rate"):
        table.add_column(title, justify="right", no_wrap=True)
    if not is_narrow:
        table.add_column("items", no_wrap=True)
    shown = _shown(snapshot.rows, most)
    for row in shown:
        table.add_row(*_cells(row, is_narrow=is_narrow))
    if hidden := len(snapshot.rows) - len(shown):
        table.add_row(Text(f"… {hidden} more", style="dim"))
    return table


def _shown(rows: tuple[NodeRow, ...], most: int) -> list[NodeRow]:
    if len(rows) <= most:
        return list(rows)
    busiest = sorted(rows, key=lambda row: (row.active, row.failed, row.received), reverse=True)
    chosen = {row.name for row in busiest[: most - 1]}
    return [row for row in rows if row.name in chosen]


def _cells(row: NodeRow, *, is_narrow: bool) -> list[RenderableType]:
    style = "" if row.received else "dim"
    failed = Text(number(row.failed), style="red" if row.failed else style)
    cells: list[RenderableType] = [Text(row.name, style=style), Text(number(row.received), style=style)]
    if is_narrow:
        return [*cells, failed]
    rate = f"{row.rate:,.0f}/s" if row.rate >= 1 else f"{row.rate:.1f}/s" if row.rate >= 0.05 else ""
    items = f"{number(row.items_done)} of {number(row.items_total)}" if row.items_total else ""
    active = Text(number(row.active), style="green" if row.active else style)
    return [*cells, active, failed, Text(rate), Text(items)]


def _overall(snapshot: Snapshot, width: int) -> RenderableType:
    if not snapshot.total:
        return Text(clock_time(snapshot.elapsed_s), style="dim")
    is_whole = snapshot.done >= snapshot.total
    percent = snapshot.done * 100 // snapshot.total
    facts = [f"{percent}%", f"{number(snapshot.done)} of {number(snapshot.total)}"]
    if snapshot.pages:
        facts.append(plural(snapshot.pages, "page"))
    if snapshot.batches:
        facts.append(plural(snapshot.batches, "batch", "batches"))
    if snapshot.rate:
        facts.append(f"{number(round(snapshot.rate))}/s")
    if is_whole or snapshot.left_s is None:
        facts.append(clock_time(snapshot.elapsed_s))
    else:
        facts.append(f"{clock_time(snapshot.left_s)} left")
    text = " · ".join(facts)
    beside = min(width - len(text) - 2, 40)
    bar = ProgressBar(
        total=snapshot.total,
        completed=min(snapshot.done, snapshot.total),
        width=beside if beside >= _SHORTEST_BAR else max(width - 1, 1),
    )
    both = Table.grid(padding=(0, 1, 0, 0))
    if beside >= _SHORTEST_BAR:
        both.add_row(bar, Text(text))
    else:
        both.add_row(bar)
        both.add_row(Text(text))
    return both
