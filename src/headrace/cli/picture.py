"""The counts of a flow as a picture for a terminal of a given size."""

import time
from collections.abc import Sequence

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from headrace.cli.budget import budget_text
from headrace.cli.wording import clock_time, number, plural
from headrace.monitor.meter import NodeRow, Snapshot
from headrace.sdk.budget import BudgetState

__all__ = ["budget_lines", "node_table", "picture", "progress_bar"]

_NARROW = 60
"""Terminals with fewer columns get the counts that matter most, without a table's further columns."""

_MOST_BUDGETS = 3
"""Lines for APIs; those that are waited for come first."""

_SHORTEST_BAR = 10
"""A bar with fewer characters gets a line of its own."""


def picture(snapshot: Snapshot, width: int, height: int) -> RenderableType:
    """The display at one time, for a terminal of that size.

    Nodes that do not fit are left out, those that have done nothing yet first; a last line says how many.
    """
    whole = Table.grid(expand=True)
    budgets = budget_lines(snapshot.budgets)
    whole.add_row(node_table(snapshot, width, max(height - 6 - len(budgets), 3)))
    for line in budgets:
        whole.add_row(line)
    whole.add_row(progress_bar(snapshot, width))
    return whole


def budget_lines(budgets: Sequence[BudgetState]) -> list[Text]:
    """A line for each of the APIs that matter most."""
    first = sorted(budgets, key=lambda state: (not state.reason, not state.waiting))[:_MOST_BUDGETS]
    return [
        Text(
            budget_text(state, time.time_ns()),
            "yellow" if state.reason else "dim",
            no_wrap=True,
            overflow="ellipsis",
        )
        for state in first
    ]


def node_table(snapshot: Snapshot, width: int, most: int) -> Table:
    """The counts of the nodes, `most` of them; what has done nothing yet is left out first."""
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


def progress_bar(snapshot: Snapshot, width: int) -> RenderableType:
    """How far all of it is, with pace and time; the time alone where nothing is known of the whole."""
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
