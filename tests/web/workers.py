"""Workers beside a server, as processes of their own."""

import asyncio
import os
from contextlib import ExitStack, asynccontextmanager
from functools import partial

from tests.cli.cluster import worker

from support.forked import start


@asynccontextmanager
async def working(folder, url, **environment):
    """A worker with a folder of flows that is ready; killed at the end."""
    spawn = partial(start, environment={**os.environ, **environment})
    with ExitStack() as closing:
        process, _ = await asyncio.to_thread(closing.enter_context, worker(spawn, folder, url))
        yield process
