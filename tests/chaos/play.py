"""What a campaign runs, and how its tables and counters must be in the end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["PAGES", "PAGE_SIZE", "REFERENCE", "Play"]

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE_SIZE, BATCH_SIZE = 100, 10
Rows: TypeAlias = Callable[[str], list[tuple[Any, ...]]]

_JOURNAL = """
    # A row a batch in a table without a key: what is written twice is seen.
    journal:
      component: database-module/connector
      settings: {setup: ["CREATE TABLE IF NOT EXISTS journal (sync_id bigint, page int, batch int, size int)"]}
      input:
        query: INSERT INTO journal (sync_id, page, batch, size) VALUES ($1, $2, $3, $4)
        parameters: ["{{$.context.syncId}}", "{{$.context.page}}", "{{$.batchNum}}", "{{len($.users)}}"]

  edges:
    - upsert:result -> journal:query
"""

_DONE = """
    # `done` once a run: the table has no key.
    done:
      component: database-module/connector
      settings:
        driver: postgres
        host: "{{$.secrets.dbHost}}"
        database: myapp
        username: "{{$.secrets.dbUser}}"
        setup: ["CREATE TABLE IF NOT EXISTS dones (pages int, items int, failed int)"]
      input:
        query: INSERT INTO dones (pages, items, failed) VALUES ($1, $2, $3)
        parameters: ["{{$.pages}}", "{{$.items}}", "{{$.failed}}"]

  edges:
    - pages:done -> done:query
"""


@dataclass(frozen=True)
class Play:
    """A flow, and what is left of undisturbed runs of it.

    Attributes:
        settings: of `--set`.
        in_flight: pages that one kill may have to be fetched again.
        tables: that are cleared before it begins.
        check: asserts what is particular to it, given the rows of a query in the target, the number of users,
            and the counters of each run that has ended.
        trigger: that begins a run.
    """

    flow: Path
    more: str
    settings: tuple[str, ...]
    in_flight: int
    tables: tuple[str, ...]
    check: Callable[[Rows, int, list[dict[str, int]]], None]
    trigger: str

    def text(self) -> str:
        """The flow file."""
        text = self.flow.read_text()
        assert text.count("\n  edges:\n") == 1
        return text.replace("\n  edges:\n", self.more)


def _check_reference(rows: Rows, users: int, runs: list[dict[str, int]]) -> None:
    pages = -(-users // PAGE_SIZE)
    logs = rows("SELECT sync_id, status, records_processed, pages, errors FROM sync_logs")
    assert [row[1:] for row in logs] == [("completed", users, pages, [])] * len(runs)
    assert len({row[0] for row in logs}) == len(runs)
    journal = rows("SELECT sync_id, page, batch, size FROM journal ORDER BY 1, 2, 3")
    assert journal == [
        (row[0], page, batch, BATCH_SIZE)
        for row in sorted(logs)
        for page in range(1, pages + 1)
        for batch in range(1, PAGE_SIZE // BATCH_SIZE + 1)
    ]
    for counted in runs:
        assert counted["iterate.items"] == users
        assert counted["journal.rows_written"] == users // BATCH_SIZE


def _check_pages(rows: Rows, users: int, runs: list[dict[str, int]]) -> None:
    """Each page writes `updated_at` anew: one that is written twice in a run is seen by its counts."""
    assert rows("SELECT pages, items, failed FROM dones") == [(-(-users // PAGE_SIZE), users, 0)] * len(runs)
    inserted = [counted.get("upsert.rows_inserted", 0) for counted in runs]
    updated = [counted.get("upsert.rows_updated", 0) for counted in runs]
    assert sorted(zip(inserted, updated, strict=True)) == [(0, users)] * (len(runs) - 1) + [(users, 0)]
    for counted in runs:
        assert counted["pages.items"] == counted["upsert.rows_written"] == users


REFERENCE = Play(
    EXAMPLES / "scheduled-data-sync" / "flow.yaml",
    _JOURNAL,
    ("nodes.api-client.settings.retryDelay=20ms",),
    1,
    ("users", "sync_logs", "journal"),
    _check_reference,
    "scheduler",
)
"""The flow of the reference page: one page after the other."""

PAGES = Play(
    EXAMPLES / "all-pages" / "flow.yaml",
    _DONE,
    ("nodes.pages.settings.retryDelay=20ms",),
    8,
    ("users", "dones"),
    _check_pages,
    "start",
)
"""Eight pages at once, whose upserts are one round trip with their commit."""
