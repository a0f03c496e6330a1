"""Callers who repeat their requests until they are answered, while the process is killed again and again (rule 23).

Each request is an INSERT without a key of its own: one that was carried out twice would be seen.
"""

import asyncio
import signal
import sqlite3
from pathlib import Path

from headrace.store import RunFilter, RunStatus
from headrace.store.sqlite import SqliteStore
from support.service import Service, post, service

REQUESTS, KILLS = 40, 3
FLOW = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: orders}
spec:
  nodes:
    hook:
      component: http-module/server
      settings: {path: /orders, dedupeKey: "{{$.request.headers['x-request-id']}}"}
    save:
      component: database-module/connector
      settings: {driver: sqlite, database: %s, setup: "CREATE TABLE IF NOT EXISTS orders (id TEXT, run TEXT)"}
      input: {query: "INSERT INTO orders VALUES ($1, $2)", parameters: ["{{$.request.bodyJson.id}}", "{{$run.id}}"]}
  edges:
    - hook -> save
    - from: save:result
      to: hook:response
      data: {statusCode: 201, body: {id: "{{$.request.bodyJson.id}}", run: "{{$run.id}}"}}
"""


class Place:
    """Where the service is now, if it is there."""

    def __init__(self) -> None:
        self._port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ask(self, number: int) -> str:
        """Repeat a request until it is answered; gives the run."""
        while True:
            try:
                status, _, answer = await post(
                    await self._port, "/orders", {"id": str(number)}, X_Request_Id=f"r{number}"
                )
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.02)
                continue
            assert status == 201, answer
            assert answer["id"] == str(number)
            return str(answer["run"])

    async def open(self, run: Service) -> None:
        """The service is there (again)."""
        self._port.set_result(await run.port())

    def close(self) -> None:
        """It is to be killed."""
        self._port = asyncio.get_running_loop().create_future()


async def test_rule_23_requests_that_are_repeated_through_kills_are_carried_out_once(tmp_path: Path) -> None:
    home, database = tmp_path / "home", tmp_path / "orders.db"
    flow = tmp_path / "flow.yaml"
    flow.write_text(FLOW % database)
    place = Place()
    answers = [asyncio.create_task(_at_leisure(place, number)) for number in range(REQUESTS)]
    for kill in range(KILLS + 1):
        async with service(flow, home) as run:
            await place.open(run)
            if kill == KILLS:
                runs = await asyncio.gather(*answers)
                assert await run.end() == 0
            else:
                done = sum(task.done() for task in answers)
                async with asyncio.timeout(30):
                    while sum(task.done() for task in answers) < min(done + 5, REQUESTS):
                        await asyncio.sleep(0.001)
                await run.end(signal.SIGKILL)
                place.close()
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT id, run FROM orders").fetchall()
    connection.close()
    assert sorted(rows) == sorted((str(number), runs[number]) for number in range(REQUESTS))
    store = await SqliteStore.open(home / "store.db")
    records = await store.runs(RunFilter(limit=1000))
    await store.close()
    assert {run.id for run in records} == set(runs)
    assert {run.status for run in records} == {RunStatus.SUCCEEDED}
    assert len(set(runs)) == REQUESTS


async def _at_leisure(place: Place, number: int) -> str:
    await asyncio.sleep(number * 0.03)
    return await place.ask(number)
