"""`headrace runs discard`: remove dead letters for good."""

import asyncio
import sys
from functools import partial
from itertools import groupby
from uuid import uuid4

import click

from headrace.app.asking import settle
from headrace.app.facts import letter_name
from headrace.app.unattended import discard_unattended
from headrace.cli.runs.choice import Choice, chosen_letters, letter_options
from headrace.cli.runs.kept import JSON, STORE, kept_store
from headrace.cli.terminal import harmless
from headrace.cli.wording import plural
from headrace.errors import UsageError
from headrace.store import DeadLetter, Request, RequestKind
from headrace.values import Json, encode_json

__all__ = ["command"]


@click.command("discard")
@letter_options
@click.option("--yes", is_flag=True, help="Ask no question.")
@STORE
@JSON
def command(*, yes: bool, store: str | None, as_json: bool, **chosen: str | bool | None) -> int:
    """Remove dead letters for good: those of the run RUN, one, some or all.

    What is given narrows the choice. Their runs stay as they ended. Exit code 0: done, 1: one is not there
    any more, 2: there is no such run or dead letter, or the usage is wrong.
    """
    answers = asyncio.run(_discard(store, Choice(**chosen), is_sure=yes))  # type: ignore[arg-type] # as click parsed
    refused = [refusal for _, refusal in answers if refusal]
    if as_json:
        told: list[Json] = [
            {**letter_name(letter), "discarded": not refusal, "reason": refusal or None}
            for letter, refusal in answers
        ]
        print(encode_json({"deadLetters": told}).decode())
    elif answers:
        lines = [*refused, f"{plural(len(answers) - len(refused), 'dead letter')} discarded"]
        print(harmless("\n".join(lines)))
    else:
        print("no such dead letter")
    return 1 if refused else 0


async def _discard(url: str | None, choice: Choice, *, is_sure: bool) -> list[tuple[DeadLetter, str]]:
    """The dead letters, each with why it was not discarded; empty if it was."""
    async with kept_store(url) as store:
        letters = await chosen_letters(store, choice, "discard")
        if letters and not is_sure:
            _ask_people(letters)
        answers = []
        for flow, some in groupby(sorted(letters, key=_flow), _flow):
            asked = {uuid4().hex: letter for letter in some}
            requests = [
                Request(id_, flow, RequestKind.DISCARD, run_id=letter.task.run_id, task_id=letter.task.id)
                for id_, letter in asked.items()
            ]
            answered = await settle(store, requests, partial(discard_unattended, store))
            answers += [(letter, answered[id_]) for id_, letter in asked.items()]
        return answers


def _flow(letter: DeadLetter) -> str:
    return letter.flow


def _ask_people(letters: list[DeadLetter]) -> None:
    what = f"{plural(len(letters), 'dead letter')} of {plural(len({x.task.run_id for x in letters}), 'run')}"
    if not sys.stdin.isatty():
        raise UsageError(f"{what} would be removed for good, and nobody is there to ask; say --yes")
    click.confirm(f"Remove {what} for good?", abort=True, err=True)
