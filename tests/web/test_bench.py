"""What takes the processor for seconds holds up nobody, and is not gathered without an end."""

import asyncio
import threading

import pytest

from headrace.web.bench import Bench
from headrace.web.problem import ApiError
from web.served import READ, served

LONG = "range(1000000).map(x => [x]).length"


async def test_the_server_goes_on_while_an_expression_is_evaluated(tmp_path):
    async with served(tmp_path) as server:
        evaluating = asyncio.create_task(server.post("evaluate", {"text": LONG}, token=READ))
        while not server.site.bench.is_busy:
            await asyncio.sleep(0)
        assert (await server.ask("GET", "/live")).status == 200
        assert not evaluating.done()
        assert (await evaluating)["value"] == 1_000_000


async def test_one_works_some_wait_and_more_are_refused_until_those_are_done():
    bench, go, together = Bench(), threading.Event(), []

    def work() -> int:
        together.append(1)
        assert go.wait(10)
        assert len(together) == 1
        return together.pop()

    some = [asyncio.create_task(bench.work(work)) for _ in range(20)]
    await asyncio.sleep(0)
    with pytest.raises(ApiError, match="too many"):
        await bench.work(work)
    go.set()
    assert await asyncio.gather(*some) == [1] * 20
    assert await bench.work(work) == 1
    assert not bench.is_busy
