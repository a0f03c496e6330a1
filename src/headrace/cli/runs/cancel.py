"""`headrace runs cancel`: end runs before their time."""

import asyncio
from functools import partial
from uuid import uuid4

import click

from headrace.app.asking import settle
from headrace.app.unattended import cancel_unattended
from headrace.cli.runs.choice import find_run
from headrace.cli.runs.kept import JSON, STORE, kept_store
from headrace.cli.terminal import harmless
from headrace.store import Request, RequestKind, RunRecord
from headrace.values import Json, encode_json

__all__ = ["command"]


@click.command("cancel")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@STORE
@JSON
def command(runs: tuple[str, ...], *, store: str | None, as_json: bool) -> int:
    """Cancel the runs RUN: ids, beginnings of them, or `latest`.

    What is executing is cut off and rolled back, what is open is dropped. Exit code 0: all are cancelled,
    1: one is not, 2: there is no such run.
    """
    answers = asyncio.run(_cancel(store, runs))
    if as_json:
        told: list[Json] = [
            {"run": run.id, "flow": run.flow, "cancelled": not refusal, "reason": refusal or None}
            for run, refusal in answers
        ]
        print(encode_json({"runs": told}).decode())
    else:
        for run, refusal in answers:
            print(harmless(refusal or f"run {run.id} of {run.flow} is cancelled"))
    return 1 if any(refusal for _, refusal in answers) else 0


async def _cancel(url: str | None, texts: tuple[str, ...]) -> list[tuple[RunRecord, str]]:
    """The runs, each with why it was not cancelled; empty if it was."""
    async with kept_store(url) as store:
        runs = {run.id: run for run in [await find_run(store, text) for text in texts]}
        answers = []
        for run in runs.values():
            request = Request(uuid4().hex, run.flow, RequestKind.CANCEL, run_id=run.id)
            answered = await settle(store, [request], partial(cancel_unattended, store))
            answers.append((run, answered[request.id]))
        return answers
