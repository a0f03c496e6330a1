"""Sentences about runs and their errors."""

import os
import shlex
from collections.abc import Mapping

from headrace.app.store_url import shown_url
from headrace.cli.option import STORE_VARIABLE
from headrace.cli.terminal import harmless
from headrace.cli.wording import number, plural, span_of_time
from headrace.store import ErrorFate, ErrorRecord, RunRecord, RunStatus

__all__ = [
    "FATES",
    "counted",
    "dropped_line",
    "ended_line",
    "error_line",
    "is_deadly",
    "print_letters",
    "resumed_line",
    "started_line",
    "store_option",
]

FATES = {
    ErrorFate.HANDLED: "handled",
    ErrorFate.COLLECTED: "collected",
    ErrorFate.RETRIED: "tried again",
    ErrorFate.DEAD: "given up",
    ErrorFate.ENDED: "the run ends",
    ErrorFate.DROPPED: "not sent",
}

_DROPPED = {
    "overlap": "the last run is still going on",
    "queued": "the last run is still going on; it waits",
    "exhausted": "it has fired as often as `maxEmissions` says",
}

_NOUNS = {
    "items": ("item", "items"),
    "pages": ("page", "pages"),
    "requests": ("request", "requests"),
    "rows_written": ("row written", "rows written"),
    "rows_unchanged": ("row unchanged", "rows unchanged"),
    "rows_read": ("row read", "rows read"),
    "repeated": ("request repeated", "requests repeated"),
}

_PARTS = frozenset({"rows_inserted", "rows_updated"})
"""Counters that make up another one."""


def started_line(run: RunRecord) -> str:
    """`run 4f2a… of scheduled-data-sync started by scheduler`."""
    return f"run {run.id} of {run.flow} started by {run.trigger}"


def resumed_line(run: RunRecord, tasks_done: int, now_ns: int) -> str:
    """`run 4f2a… of scheduled-data-sync goes on: started 12 s ago by scheduler, 40 tasks done`."""
    ago = span_of_time(max(now_ns - run.started_at_ns, 0) / 1e9)
    done = plural(tasks_done, "task", "tasks")
    return f"run {run.id} of {run.flow} goes on: started {ago} ago by {run.trigger}, {done} done"


def dropped_line(trigger: str, reason: str) -> str:
    """Why a firing made no run."""
    return f"{trigger} was due and started no run: {_DROPPED.get(reason, reason)}"


def error_line(error: ErrorRecord) -> str:
    """An error: place, code, node, what happened, what became of it; with the flow's line if it is deadly."""
    node = f" {error.node}:" if error.node else ""
    facts = [f"{name} {error.context[name]}" for name in ("page", "batchNum") if name in error.context]
    facts += [f"attempt {error.attempt}"] if error.attempt > 1 else []
    fate = ", ".join([FATES[error.fate], *facts])
    message = error.message if is_deadly(error) else " ".join(error.message.split())
    excerpt = f"\n{error.excerpt}" if is_deadly(error) and error.excerpt else ""
    return harmless(f"{error.place}: {error.code}{node} {message} ({fate}){excerpt}")


def is_deadly(error: ErrorRecord) -> bool:
    """Whether an error makes its run fail."""
    return error.fate in (ErrorFate.DEAD, ErrorFate.ENDED)


def ended_line(run: RunRecord, pages: int) -> str:
    """The last line of a run: `succeeded in 3.2 s: 20,000 items, 200 pages, 2 errors handled`.

    Args:
        run: as it ended.
        pages: answers of its source; 0 if its requests were no pages.
    """
    elapsed_s = ((run.ended_at_ns or run.started_at_ns) - run.started_at_ns) / 1e9
    parts = counted(run, pages)
    if run.retries:
        parts.append(plural(run.retries, "task tried again", "tasks tried again"))
    if run.status is RunStatus.SUCCEEDED:
        parts += [plural(run.error_count, "error handled", "errors handled")] if run.error_count else []
    else:
        parts += [plural(run.error_count, "error")] if run.error_count else []
        parts += [plural(run.dead_letters, "dead letter")] if run.dead_letters else []
    told = f": {', '.join(parts)}" if parts else ""
    return f"{run.status.value} in {span_of_time(elapsed_s)}{told}"


def store_option(url: str | None) -> str:
    """What commands that are proposed need to find the same store; never a password."""
    if url is None or url == os.environ.get(STORE_VARIABLE):
        return ""
    return f" --store {shlex.quote(shown_url(url))}"


def print_letters(runs: Mapping[str, str], url: str | None) -> None:
    """Say, below all that was said, where to look at dead letters and how they are tried again.

    Args:
        runs: those that have some, with their flows, by id.
        url: of their store, as `--store` has it.
    """
    store = store_option(url)
    if len(runs) == 1:
        (run_id,) = runs
        print(f"Look at it: headrace runs show {run_id}{store}")
        print(f"Try again: headrace runs retry {run_id}{store}")
    for flow in dict.fromkeys(runs.values()) if len(runs) > 1 else ():
        print(f"Look at them: headrace runs list --flow {flow} --status failed{store}")
        print(f"Try again: headrace runs retry --flow {flow}{store}")


def counted(run: RunRecord, pages: int) -> list[str]:
    """The run's counters, summed over its nodes, in words."""
    sums: dict[str, int] = {}
    for name, count in run.counters.items():
        counter = name.rpartition(".")[2]
        if counter not in _PARTS:
            sums[counter] = sums.get(counter, 0) + count
    ordered = [name for name in _NOUNS if name in sums] + sorted(sums.keys() - _NOUNS.keys())
    texts = []
    for name in ordered:
        one, many = _NOUNS.get(name, (name.replace("_", " "), name.replace("_", " ")))
        if name == "requests" and pages and "pages" not in sums:
            one, many = "page", "pages"
        if sums[name]:
            texts.append(f"{number(sums[name])} {one if sums[name] == 1 else many}")
    return texts
