"""`headrace runs list`: runs, the latest first."""

import asyncio
import time

import click

from headrace.app.executing import Executing
from headrace.app.facts import run_facts
from headrace.cli.option import MOST_RUNS, parse_span
from headrace.cli.runs.choice import check_flow
from headrace.cli.runs.kept import JSON, STORE, executing_of, kept_store
from headrace.cli.runs.table import listing
from headrace.cli.terminal import columns
from headrace.store import RunFilter, RunRecord, RunStatus
from headrace.values import Json, encode_json

__all__ = ["command"]


@click.command("list")
@click.option("--flow", metavar="F", help="Runs of this flow.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in RunStatus]),
    help="Runs of this status; may be repeated.",
)
@click.option("--since", metavar="TIME", help="Runs that started within this time: 2d.")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1, MOST_RUNS),
    default=20,
    show_default=True,
    help="How many at most.",
)
@STORE
@JSON
def command(
    *,
    flow: str | None,
    statuses: tuple[str, ...],
    since: str | None,
    limit: int,
    store: str | None,
    as_json: bool,
) -> int:
    """List runs, the latest first.

    An unfinished run is being executed by a process, or waits for the next one that executes its flow.
    """
    now_ns = time.time_ns()
    wanted = RunFilter(
        flow=flow,
        statuses=frozenset(map(RunStatus, statuses or (status.value for status in RunStatus))),
        started_after_ns=0 if since is None else now_ns - round(parse_span(since, "--since") * 1e9),
        limit=limit,
    )
    runs, executing = asyncio.run(_find(store, wanted))
    if as_json:
        found: list[Json] = [run_facts(run, executing.get(run.flow, Executing()), now_ns) for run in runs]
        print(encode_json({"runs": found}).decode())
    elif runs:
        print("\n".join(listing(runs, executing, columns(), now_ns)))
    else:
        is_narrowed = wanted != RunFilter(limit=limit)
        print("no such run" if is_narrowed else "no run yet")
    return 0


async def _find(url: str | None, wanted: RunFilter) -> tuple[list[RunRecord], dict[str, Executing]]:
    async with kept_store(url) as store:
        await check_flow(store, wanted.flow)
        runs = await store.runs(wanted)
        return runs, await executing_of(store, runs)
