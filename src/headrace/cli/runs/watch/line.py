"""What goes on, as lines: for people, and as JSON."""

import sys
import time
from collections.abc import Callable

from headrace.app.executing import executing_facts
from headrace.cli.account import counted, ended_line
from headrace.cli.events import event_facts, progress_facts, write_event
from headrace.cli.plain import counts_lines, telling_lines
from headrace.cli.runs.table import process_note
from headrace.cli.runs.watch.follower import Board
from headrace.cli.runs.watch.source import Kept
from headrace.cli.terminal import harmless
from headrace.cli.watch import Ended, Event, Said
from headrace.cli.wording import plural
from headrace.store import RunRecord
from headrace.values import Json

__all__ = ["JsonBoardView", "PlainBoardView", "kept_text", "named"]

_PLAIN_S = 5.0
_JSON_S = 1.0


def named(event: Event) -> Event:
    """The event as it is told where several runs are: the end of one says which."""
    if not isinstance(event, Ended):
        return event
    run = event.run
    return Said(harmless(f"run {run.id} of {run.flow} {ended_line(run, event.pages)}"))


def kept_text(run: RunRecord, kept: Kept) -> str:
    """`process 4711, 40 tasks done, 3 open, 1,200 items, 12 pages`."""
    who = process_note(run, {run.flow: kept.executing})
    facts = [who, f"{plural(run.tasks_done, 'task')} done", f"{kept.open_tasks:,} open", *counted(run, 0)]
    facts += [plural(run.error_count, "error")] if run.error_count else []
    return ", ".join(facts)


class PlainBoardView:
    """Lines on standard output: what happens, and every five seconds how far it is, by flow."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._said_s = now_s()

    def show(self, events: list[Event], board: Board) -> None:
        """See `BoardView`."""
        lines = [line.text for line in telling_lines([named(event) for event in events])]
        if board.runs and self._now_s() - self._said_s >= _PLAIN_S:
            self._said_s = self._now_s()
            for flow, snapshot in board.counts.items():
                first, *others = counts_lines(snapshot)
                lines += [harmless(f"{flow}: {first}"), *others]
            for run in board.runs:
                if run.id in board.kept:
                    lines.append(
                        harmless(f"run {run.id} of {run.flow}: {kept_text(run, board.kept[run.id])}")
                    )
        if lines:
            print("\n".join(lines), file=sys.stdout, flush=True)

    def close(self) -> None:
        """See `BoardView`."""


class JsonBoardView:
    """Lines of JSON on standard output, as of `headrace run --json`; progress is told by flow."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._said_s = now_s()

    def show(self, events: list[Event], board: Board) -> None:
        """See `BoardView`."""
        is_due = self._now_s() - self._said_s >= _JSON_S
        if board.runs and (is_due or any(isinstance(event, Ended) for event in events)):
            self._said_s = self._now_s()
            for facts in _progress(board):
                write_event(facts)
        for event in events:
            write_event(event_facts(event))
        sys.stdout.flush()

    def close(self) -> None:
        """See `BoardView`."""


def _progress(board: Board) -> list[dict[str, Json]]:
    """How far each flow is; where its counts are not known, what the store knows of each run."""
    told: list[dict[str, Json]] = []
    for flow, snapshot in board.counts.items():
        runs = [run.id for run in board.runs if run.flow == flow]
        told.append({**progress_facts(runs, snapshot), "flow": flow})
    for run in board.runs:
        if (kept := board.kept.get(run.id)) is not None:
            counters: dict[str, Json] = dict(run.counters)
            told.append(
                {
                    "event": "progress",
                    "runs": [run.id],
                    **executing_facts(kept.executing),
                    "tasks": run.tasks_done,
                    "openTasks": kept.open_tasks,
                    "errors": run.error_count,
                    "retries": run.retries,
                    "deadLetters": run.dead_letters,
                    "counters": counters,
                    "flow": run.flow,
                }
            )
    return told
