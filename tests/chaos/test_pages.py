"""A process that fetches pages, several at once or one after the other, is killed at each step of each task.

The table has no key: a page that is written twice is seen, and one that is lost. `done` comes once.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.nursery import Nursery, nursery
from headrace.engine import Step
from support.listing import listing

PAGES = 4
ROWS = PAGES * 10 - 5

FLOW = """
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: pages}
spec:
  vars: {api: "none", target: "none"}
  defaults:
    database-module/connector: {url: "{{$.vars.target}}", maxOpenConns: 1}
  nodes:
    start: {component: common-module/signal}
    pages:
      component: http-module/pages
      settings:
        baseUrl: "{{$.vars.api}}"
        pagination: PAGINATION
        concurrency: 3
        incremental: {field: updatedAt, param: since}
      input: {url: /PATH}
    write:
      component: database-module/connector
      input:
        query: INSERT INTO pages (number, items) VALUES ($1, $2)
        parameters: ["{{$.page.number}}", "{{len($.items)}}"]
    log:
      component: database-module/connector
      input:
        query: INSERT INTO logs (pages, items, failed, watermark) VALUES ($1, $2, $3, $4)
        parameters: ["{{$.pages}}", "{{$.items}}", "{{$.failed}}", "{{$.watermark}}"]
  edges:
    - start -> pages
    - pages:page -> write
    - pages:done -> log
"""
KINDS = {
    "numbered": "{type: page, size: 10}",
    "cursor": "{type: cursor, size: 10, next: '{{$.response.bodyJson.next}}'}",
}
TASKS = 1 + 1 + PAGES + 2  # the firing, the beginning, the pages, the end and what `done` makes


class Target:
    """A table without a key, and a log of what `done` says."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "target.db"
        self.url = f"sqlite:///{self._file}"
        self.execute("CREATE TABLE pages (number int, items int)")
        self.execute("CREATE TABLE logs (pages int, items int, failed int, watermark text)")

    def execute(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self._file, isolation_level=None)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def check(self) -> None:
        """Every page is there once."""
        pages = [(number, 10 if number < PAGES else 5) for number in range(1, PAGES + 1)]
        assert self.execute("SELECT number, items FROM pages ORDER BY 1") == pages
        assert self.execute("SELECT * FROM logs") == [(PAGES, ROWS, 0, f"2024-01-01T00:00:{ROWS}Z")]

    def clear(self) -> None:
        self.execute("DELETE FROM pages")
        self.execute("DELETE FROM logs")


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("chaos") / "log") as made:
        yield made


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("step", [step.value for step in (Step.PERFORMED, Step.WRITTEN, Step.DECIDED)])
async def test_killed_at_a_step_of_any_task_each_page_is_written_once(
    path: str, step: str, processes: Nursery, tmp_path: Path
) -> None:
    target, flow = Target(tmp_path), tmp_path / "pages.yaml"
    flow.write_text(FLOW.replace("PAGINATION", KINDS[path]).replace("PATH", path))
    async with listing(ROWS) as api:
        for number in range(1, TASKS + (step != Step.DECIDED.value)):
            order = {
                "flow": str(flow),
                "home": str(tmp_path),
                "store": f"sqlite:///{tmp_path}/store-{number}.db",
                "set": {"vars.api": api.url, "vars.target": target.url},
            }
            killed = await asyncio.to_thread(processes.run, **order, kill=[step, number])
            assert killed["status"] == -9, f"{step} {number}"
            written = len(target.execute("SELECT * FROM pages"))
            api.requests.clear()
            ended = await asyncio.to_thread(processes.run, **order)
            assert ended["status"] == 0, f"{step} {number}: {processes.log.read_text()[-2000:]}"
            target.check()
            target.clear()
            assert len(api.requests) == PAGES - written, f"{step} {number}"
