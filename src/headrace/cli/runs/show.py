"""`headrace runs show`: one run, with all there is about it."""

import asyncio
import json
import time
from dataclasses import dataclass
from textwrap import TextWrapper, indent

import click

from headrace.app import full_registry
from headrace.app.executing import Executing
from headrace.app.facts import letter_facts, recorded_error, run_facts, task_facts
from headrace.cli.account import FATES, store_option
from headrace.cli.runs.choice import find_run, short_id
from headrace.cli.runs.kept import JSON, STORE, executing_of, kept_store
from headrace.cli.runs.table import ago
from headrace.cli.terminal import columns, harmless
from headrace.cli.wording import plural, span_of_time
from headrace.errors import FlowError, UsageError
from headrace.expr.time import time_text
from headrace.flow.loader import read_flow, require
from headrace.store import (
    Attempt,
    Caller,
    DeadLetter,
    ErrorRecord,
    RunRecord,
    Store,
    TaskRecord,
    VersionRecord,
)
from headrace.values import Json, encode_json

__all__ = ["command"]

_SHOWN = 20
"""Open tasks, errors and dead letters, of each the first; the others are counted."""
_SHOWN_CHARACTERS = 4000
"""Of a message, or of the vars."""

_CALLERS = {
    Caller.WAITS: "waits for an answer",
    Caller.ANSWERED: "got an answer",
    Caller.TIMED_OUT: "was told that it takes too long",
    Caller.HUNG_UP: "hung up before there was an answer",
    Caller.LOST: "lost the connection, since the process ended before there was an answer",
}


@dataclass(frozen=True)
class _Found:
    """What the store has of a run.

    Attributes:
        path: of the flow's file; empty if it is not known.
        executing: who executes the flow, if the run has not ended.
        is_current: whether the flow's file is still the version that the run began with; None: it does not
            load.
    """

    run: RunRecord
    path: str
    executing: Executing
    is_current: bool | None
    tasks: list[tuple[TaskRecord, Attempt]]
    letters: list[DeadLetter]


@click.command("show")
@click.argument("run")
@click.option("--full", is_flag=True, help="Whole messages, all errors, all open tasks.")
@STORE
@JSON
def command(run: str, *, full: bool, store: str | None, as_json: bool) -> int:
    """Show the run RUN: its id, the beginning of it, or `latest`.

    Errors, open tasks, and dead letters with their messages.
    """
    found = asyncio.run(_find(store, run))
    now_ns = time.time_ns()
    if as_json:
        print(encode_json(_facts(found, now_ns)).decode())
        return 0
    lines = _told(found, now_ns, columns(), most=None if full else _SHOWN)
    if found.letters:
        lines += ["", f"Try again: headrace runs retry {found.run.id}{store_option(store)}"]
    print("\n".join(lines))
    return 0


async def _find(url: str | None, text: str) -> _Found:
    async with kept_store(url) as store:
        run = await find_run(store, text)
        path = (await store.flows()).get(run.flow, "")
        return _Found(
            run,
            path,
            (await executing_of(store, [run])).get(run.flow, Executing()),
            await _is_current(store, run, path),
            await store.open_tasks(run.id),
            await store.dead_letters(run.id),
        )


async def _is_current(store: Store, run: RunRecord, path: str) -> bool | None:
    version = await store.version(run.flow, run.version)
    return None if version is None or not path else _is_version(version, path)


def _is_version(version: VersionRecord, path: str) -> bool | None:
    try:
        flow = require(read_flow(path, full_registry(), overrides=version.overrides))
    except (FlowError, UsageError):
        return None
    return flow.version == version.version


def _facts(found: _Found, now_ns: int) -> dict[str, Json]:
    run = found.run
    return {
        **run_facts(run, found.executing, now_ns),
        "file": found.path or None,
        "isCurrentVersion": found.is_current,
        "caller": None if run.caller is Caller.NONE else run.caller.value,
        "vars": run.vars,
        "openTasks": [task_facts(*entry) for entry in found.tasks],
        "errorList": [recorded_error(error) for error in run.errors],
        "deadLetterList": [letter_facts(letter) for letter in found.letters],
    }


def _told(found: _Found, now_ns: int, width: int, most: int | None) -> list[str]:
    run = found.run
    lines = [harmless(f"run {run.id} of {run.flow}: {run.status.value}")]
    for label, value in _summary(found, now_ns):
        lines += _wrapped(harmless(_cut(value, most)), width, f"{label:<9} ", " " * 10)
    if found.tasks:
        lines += ["", "open tasks"]
        for task, attempt in found.tasks[:most]:
            lines += _wrapped(_task_line(task, attempt, now_ns), width, "  ", "    ")
        lines += _rest(len(found.tasks), most)
    of_letters = [letter.error for letter in found.letters]
    errors = [error for error in run.errors if error not in of_letters]
    if errors:
        lines += ["", "errors"]
        for error in errors[:most]:
            lines += _error_lines(error, width, "  ")
        lines += _rest(max(run.error_count + run.retries - len(of_letters), len(errors)), most)
    if found.letters:
        lines += ["", "dead letters"]
        for letter in found.letters[:most]:
            lines += _letter_lines(letter, width, most)
        lines += _rest(len(found.letters), most)
    return lines


def _summary(found: _Found, now_ns: int) -> list[tuple[str, str]]:
    run = found.run
    took = span_of_time(max((run.ended_at_ns or now_ns) - run.started_at_ns, 0) / 1e9)
    started = f"{_second(run.started_at_ns)} by {run.trigger}, {ago(run.started_at_ns, now_ns)}"
    rows = [("started", started)]
    if run.ended_at_ns is None:
        rows.append(("running", f"for {took}, {found.executing}"))
    else:
        rows.append(("ended", f"{_second(run.ended_at_ns)}, took {took}"))
    state = {True: "the current one", False: "older than the file", None: "the file does not load now"}
    rows.append(("version", f"{run.version}, {state[found.is_current]}"))
    rows += [("caller", _CALLERS[run.caller])] if run.caller in _CALLERS else []
    rows += [("file", found.path)] if found.path else []
    rows += [("vars", encode_json(run.vars).decode())] if run.vars else []
    tasks = [f"{run.tasks_done:,} done"]
    tasks += [f"{len(found.tasks):,} open"] if found.tasks else []
    tasks += [f"{run.retries:,} tried again"] if run.retries else []
    rows.append(("tasks", ", ".join(tasks)))
    if run.error_count:
        rows.append(("errors", f"{run.error_count:,}"))
    if run.dead_letters:
        discarded = run.dead_letters - len(found.letters)
        rows.append(("dead", f"{run.dead_letters:,}" + (f", {discarded:,} discarded" if discarded else "")))
    if run.counters:
        rows.append(("counters", ", ".join(f"{name} {count:,}" for name, count in run.counters.items())))
    return rows


def _second(at_ns: int) -> str:
    """A time to the second, RFC 3339 in UTC."""
    return time_text(at_ns // 10**9 * 10**9)


def _task_line(task: TaskRecord, attempt: Attempt, now_ns: int) -> str:
    facts = [f"{short_id(task.id)}  {task.node}:{task.port}", f"attempt {attempt.number}"]
    if attempt.infrastructure:
        facts.append(f"{plural(attempt.infrastructure, 'failure')} of a database")
    if attempt.interruptions:
        facts.append(f"interrupted {plural(attempt.interruptions, 'time')}")
    if attempt.due_at_ns > now_ns:
        facts.append(f"due in {span_of_time((attempt.due_at_ns - now_ns) / 1e9)}")
    return harmless(", ".join(facts))


def _letter_lines(letter: DeadLetter, width: int, most: int | None) -> list[str]:
    task = letter.task
    head = f"{short_id(task.id)}  {task.node}:{task.port}, {plural(letter.attempts, 'attempt')}"
    message = _cut(json.dumps(task.message, indent=2, ensure_ascii=False), most)
    return [
        *_wrapped(harmless(head), width, "  ", "    "),
        *_error_lines(letter.error, width, "    "),
        indent(harmless(message), "    "),
    ]


def _error_lines(error: ErrorRecord, width: int, margin: str) -> list[str]:
    facts = [FATES[error.fate], *([f"attempt {error.attempt}"] if error.attempt > 1 else [])]
    facts += [f"{name} {encode_json(value).decode()}" for name, value in error.context.items()]
    node = f" {error.node}:" if error.node else ""
    text = " ".join(f"{error.place}: {error.code}{node} {error.message} ({', '.join(facts)})".split())
    lines = _wrapped(harmless(text), width, margin, f"{margin}  ")
    return [*lines, indent(harmless(error.excerpt), margin)] if error.excerpt else lines


def _rest(count: int, most: int | None) -> list[str]:
    return [f"  … and {count - most:,} more; --full shows them"] if most is not None and count > most else []


def _cut(text: str, most: int | None) -> str:
    if most is None or len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}…\n({len(text):,} characters; --full shows them)"


def _wrapped(text: str, width: int, first: str, further: str) -> list[str]:
    """Lines of a text for people, each paragraph filled."""
    fill = TextWrapper(
        max(width, 20),
        initial_indent=first,
        subsequent_indent=further,
        break_on_hyphens=False,
        break_long_words=False,  # so that paths and ids can be copied
    )
    return fill.wrap(text) or [first.rstrip()]
