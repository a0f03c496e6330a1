"""A process is killed at each step of each task's life; what it wrote is there once.

The tables have no keys: what is written twice is seen. Not here: kills at random times.
"""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chaos.nursery import Nursery, nursery
from headrace.engine import Step

PAGES, SIZE = 3, 4

FLOW = """
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: kill}
spec:
  vars: {url: "none"}
  defaults:
    database-module/connector: {url: "{{$.vars.url}}"}
  nodes:
    start: {component: common-module/signal}
    page: {component: common-module/modify, input: {page: "{{$.page}}", items: "{{range(4)}}"}}
    batches:
      component: common-module/iterator
      settings: {batchSize: 2}
      input: {array: "{{$.items}}", context: "{{$.page}}"}
    write:
      component: database-module/connector
      input:
        query: INSERT INTO rows (page, batch, first) VALUES ($1, $2, $3)
        parameters: ["{{$.context}}", "{{$.batchNum}}", "{{$.items[0]}}"]
    later: {component: common-module/async}
    note:
      component: database-module/connector
      input: {query: INSERT INTO notes (page) VALUES ($1), parameters: ["{{$.context}}"]}
    more:
      component: common-module/router
      settings: {rules: [{when: "{{$.context < 3}}", outputPort: again}]}
    log:
      component: database-module/connector
      input: {query: INSERT INTO logs (run) VALUES ($1), parameters: ["{{$run.id}}"]}
  edges:
    - {from: start, to: page, data: {page: 1}}
    - page -> batches
    - batches:batch -> write
    - batches:done -> later -> note:query
    - batches:done -> more
    - {from: more:again, to: page, data: {page: "{{$.context + 1}}"}}
    - more:default -> log:query
"""
INSERT = """
        query: INSERT INTO rows (page, batch, first) VALUES ($1, $2, $3)
        parameters: ["{{$.context}}", "{{$.batchNum}}", "{{$.items[0]}}"]
"""
UPSERT = """
        {operation: upsert, table: rows, key: [page, batch],
         rows: [{page: "{{$.context}}", batch: "{{$.batchNum}}", first: "{{$.items[0]}}"}]}
"""
assert INSERT in FLOW
TABLES = (
    "CREATE TABLE rows (page int, batch int, first int)",
    "CREATE TABLE notes (page int)",
    "CREATE TABLE logs (run text)",
)
TASKS = 1 + PAGES * 2  # the firing; each page and its note; the log is written with the last page


class Target:
    """A database with the three tables."""

    def __init__(self, url: str, connect: Callable[[], Any]) -> None:
        self.url = url
        self._connect = connect

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = self._connect()
        try:
            found = connection.execute(sql)
            return list(found.fetchall()) if found.description else []
        finally:
            connection.close()

    def check(self) -> None:
        """Each row is there once."""
        assert self.rows("SELECT page, batch, first FROM rows ORDER BY 1, 2") == [
            (page, batch, (batch - 1) * 2) for page in range(1, PAGES + 1) for batch in (1, 2)
        ]
        assert self.rows("SELECT page FROM notes ORDER BY 1") == [(page,) for page in range(1, PAGES + 1)]
        assert len(self.rows("SELECT run FROM logs")) == 1


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("chaos") / "log") as made:
        yield made


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "kill.yaml"
    path.write_text(FLOW)
    return path


@pytest.fixture(params=["postgres", "sqlite"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    if request.param == "sqlite":
        file = tmp_path / "target.db"
        made = Target(f"sqlite:///{file}", lambda: sqlite3.connect(file, isolation_level=None))
    else:
        url = request.getfixturevalue("postgres_url")
        made = Target(url, lambda: psycopg.connect(url, autocommit=True))
    for sql in TABLES:
        connection = made._connect()
        connection.execute(sql)
        connection.close()
    return made


@pytest.mark.parametrize("write", [INSERT, UPSERT], ids=["insert", "upsert"])
@pytest.mark.parametrize("step", ["begun", "performed", "written", "decided"])
def test_killed_at_a_step_of_any_task_each_row_is_written_and_counted_once(
    step: str, write: str, target: Target, flow: Path, processes: Nursery, tmp_path: Path
) -> None:
    flow.write_text(FLOW.replace(INSERT, write))
    if write == UPSERT:
        target.rows("CREATE UNIQUE INDEX known ON rows (page, batch)")
        # One connection: it knows table and statement when the second page comes.
        flow.write_text(flow.read_text().replace('vars.url}}"}', 'vars.url}}", maxOpenConns: 1}'))
    # Killed after its last task was decided a run has ended, and the next process fires another.
    for number in range(1, TASKS + (step != Step.DECIDED.value)):
        order = {
            "flow": str(flow),
            "home": str(tmp_path),
            "store": f"sqlite:///{tmp_path}/store-{number}.db",
            "set": {"vars.url": target.url},
        }
        assert processes.run(**order, kill=[step, number])["status"] == -9, f"{step} {number}"
        assert processes.run(**order)["status"] == 0, f"{step} {number}: {processes.log.read_text()[-2000:]}"
        target.check()
        counted = _counters(tmp_path / f"store-{number}.db")
        assert counted["write.rows_written"] == 2 * PAGES
        assert counted.get("write.rows_inserted", 0) == (2 * PAGES if write == UPSERT else 0)
        for table in ("rows", "notes", "logs"):
            target.rows(f"DELETE FROM {table} RETURNING 1")


def _counters(store: Path) -> dict[str, int]:
    """Of the store's only run."""
    with contextlib.closing(sqlite3.connect(store)) as connection:
        ((counters,),) = connection.execute("SELECT counters FROM runs").fetchall()
    return json.loads(counters)


def test_killed_at_every_step_in_turn_a_run_comes_to_its_end(
    target: Target, flow: Path, processes: Nursery, tmp_path: Path
) -> None:
    """The second task that each process writes is its last; the next process finds both of them."""
    order = {
        "flow": str(flow),
        "home": str(tmp_path),
        "store": f"sqlite:///{tmp_path}/store.db",
        "set": {"vars.url": target.url},
    }
    killed = 0
    for _ in range(TASKS):
        if processes.run(**order, kill=[Step.WRITTEN.value, 2])["status"] != -9:
            break
        killed += 1
    assert killed >= 2
    target.check()
