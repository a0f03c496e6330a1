"""Which run is meant, and which dead letters."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import click

from headrace.errors import StoreError, UsageError
from headrace.expr.suggestion import did_you_mean, listed
from headrace.store import DeadLetter, RunFilter, RunRecord, Store
from headrace.values import well_formed

__all__ = ["Choice", "check_flow", "chosen_letters", "find_run", "letter_options", "short_id", "unknown_flow"]

LATEST = "latest"
_SHOWN = 5
_NEAR = 1000
"""Among so many latest runs is looked for what may have been meant."""


def short_id(task_id: str) -> str:
    """A task's id without its run's: what tells it within the run."""
    return task_id.partition(".")[2]


async def find_run(store: Store, text: str) -> RunRecord:
    """The run whose id begins so, with its errors; `latest` is the latest one.

    Raises:
        UsageError: there is none, or there are several.
    """
    text = well_formed(text)  # what is no UTF-8 comes from the command line as lone surrogates
    wanted = RunFilter(limit=1) if text == LATEST else RunFilter(id_prefix=text, limit=_SHOWN + 1)
    found = [run.id for run in await store.runs(wanted)] if text else []
    if text in found:  # its id is whole, and another's goes on
        found = [text]
    if len(found) > 1:
        more = ", …" if len(found) > _SHOWN else ""
        raise UsageError(f"several runs begin with `{text}`: {listed(found[:_SHOWN])}{more}")
    run = await store.run(found[0]) if found else None
    if run is None:
        if text == LATEST:
            raise UsageError("there is no run yet")
        near = did_you_mean(text, [LATEST, *(run.id for run in await store.runs(RunFilter(limit=_NEAR)))])
        raise UsageError(f"there is no run `{text}`{near or '; `headrace runs list` lists them'}")
    return run


async def check_flow(store: Store, name: str | None) -> None:
    """See that a flow was ever executed.

    Raises:
        UsageError: it was not.
    """
    flows = await store.flows()
    if name is not None and name not in flows:
        raise unknown_flow(name, flows)


def unknown_flow(name: str, flows: Collection[str]) -> UsageError:
    """What to tell of a flow that was never executed."""
    has = f"; there is {listed(flows)}" if 0 < len(flows) <= _SHOWN else ""
    return UsageError(f"no flow `{name}` was run{did_you_mean(name, flows) or has}")


@dataclass(frozen=True)
class Choice:
    """Which dead letters are meant: those to which all applies that is given.

    Attributes:
        run: its id, or the beginning of it.
        task: the dead letter's id, or the beginning of it, with or without its run's.
        is_all: all of them may be meant.
        node: for which it is, or at which it failed.
        error: is part of the error's text, in any case of letters.
    """

    run: str | None = None
    task: str | None = None
    is_all: bool = False
    flow: str | None = None
    node: str | None = None
    code: str | None = None
    error: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether anything is chosen at all."""
        return self.is_all or any((self.run, self.task, self.flow, self.node, self.code, self.error))

    def takes(self, letter: DeadLetter) -> bool:
        """Whether a dead letter is meant, but for its run and flow."""
        task, error = letter.task, letter.error
        return (
            (self.task is None or task.id.startswith(self.task) or short_id(task.id).startswith(self.task))
            and (self.node is None or self.node in (task.node, error.node))
            and (self.code is None or self.code.upper().removeprefix("HR") == error.code.removeprefix("HR"))
            and (self.error is None or self.error.casefold() in error.message.casefold())
        )


def letter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options that make a `Choice`."""
    for option in (
        click.option("--error", metavar="TEXT", help="Those whose error has this in its text."),
        click.option("--code", metavar="CODE", help="Those whose error has this code: HR310."),
        click.option("--node", metavar="NODE", help="Those that are for this node, or failed at it."),
        click.option("--flow", metavar="F", help="Those of this flow."),
        click.option("--all", "is_all", is_flag=True, help="All of them."),
        click.option("--task", metavar="ID", help="This one: its id, or the beginning of it."),
        click.argument("run", metavar="[RUN]", required=False),
    ):
        command = option(command)
    return command


async def chosen_letters(store: Store, choice: Choice, verb: str) -> list[DeadLetter]:
    """The dead letters that are meant, the oldest first.

    Args:
        store: where they are.
        choice: which are meant.
        verb: what is to be done with them, for errors: `retry`.

    Raises:
        UsageError: nothing is chosen, or there is no such run, flow or dead letter.
        StoreError: the run that is named has no dead letter.
    """
    if not choice.is_given:
        raise UsageError(f"name what to {verb}: a RUN, --task ID, a filter such as --flow F, or --all")
    run = await find_run(store, choice.run) if choice.run else None
    await check_flow(store, choice.flow)
    there = await store.dead_letters(None if run is None else run.id, choice.flow)
    if run is not None and not there:
        raise StoreError(f"run `{run.id}` has no dead letter", code="HR408")
    found = [letter for letter in there if choice.takes(letter)]
    if choice.task is not None:
        whole = [letter for letter in found if choice.task in (letter.task.id, short_id(letter.task.id))]
        found = whole or found
    if choice.task is not None and len(found) != 1:
        ids = [letter.task.id for letter in found or there]
        if found:
            raise UsageError(f"several dead letters begin with `{choice.task}`: {listed(ids[:_SHOWN])}")
        near = did_you_mean(choice.task, [*ids, *map(short_id, ids)])
        raise UsageError(f"there is no dead letter `{choice.task}`{near}")
    return found
