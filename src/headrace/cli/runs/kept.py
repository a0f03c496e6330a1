"""The store that a command looks into: the one in the home folder, or the one that `--store` names."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import click

from headrace.app import home_folder
from headrace.app.executing import Executing, executing
from headrace.app.session import open_store
from headrace.cli.option import store_option
from headrace.errors import UsageError
from headrace.store import RunRecord, RunStatus, Store

__all__ = ["JSON", "STORE", "executing_of", "kept_store"]

STORE = store_option("Where runs are kept: sqlite:///PATH or nats://HOST:4222; else in the home folder.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@asynccontextmanager
async def kept_store(url: str | None) -> AsyncIterator[Store]:
    """The store, closed at the end.

    Raises:
        UsageError: there is no such store, or it keeps nothing.
        StoreError: it cannot be opened.
    """
    if url == "memory":
        raise UsageError("a store in memory ends with its process, so there is nothing to look at")
    store = await open_store(url, home_folder(), is_new=False)
    try:
        yield store
    finally:
        await store.close()


async def executing_of(store: Store, runs: Iterable[RunRecord]) -> dict[str, Executing]:
    """By flow, who executes it now; for the flows of those runs that have not ended."""
    flows = {run.flow for run in runs if run.status is RunStatus.RUNNING}
    return {flow: await executing(store, flow) for flow in flows}
