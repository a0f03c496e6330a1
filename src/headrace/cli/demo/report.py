"""What the demo's database holds, as tables for people."""

import re

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from headrace.connections.embedded import SharedServer
from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.expr.text import to_text
from headrace.sdk import Json, Statement

__all__ = ["DATABASE", "RECENT_SYNCS", "USER", "DemoDatabase"]

DATABASE = "myapp"
USER = "headrace"
_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$")
"""A time in RFC 3339."""

_TABLE_WIDTH = 80

RECENT_SYNCS = """\
SELECT
    sync_id,
    status,
    records_processed,
    pages,
    duration_seconds,
    jsonb_array_length(errors) as error_count,
    completed_at
FROM sync_logs
ORDER BY completed_at DESC
LIMIT 10"""

_SOME_USERS = "SELECT external_id, email, name, status, updated_at FROM users ORDER BY external_id LIMIT 5"


class DemoDatabase:
    """The database that the demo's flow writes to."""

    def __init__(self, server: SharedServer) -> None:
        target = PostgresTarget(server.socket_folder, server.port, database=DATABASE, user=USER)
        self._pool = PostgresPool(target, max_size=1)

    async def count_users(self) -> int:
        """How many users the table has; 0 if there is no table yet."""
        found = await self._pool.execute(Statement("SELECT to_regclass('public.users') IS NOT NULL AS there"))
        if found.rows[0]["there"] is not True:
            return 0
        counted = await self._pool.execute(Statement("SELECT count(*) AS count FROM users"))
        count = counted.rows[0]["count"]
        return count if isinstance(count, int) else 0

    async def recent_syncs(self, width: int) -> RenderableType:
        """What the reference page's query gives, for a display of that many columns."""
        return await self._table(RECENT_SYNCS, "recent syncs", width)

    async def some_users(self, width: int) -> RenderableType:
        """The first few users."""
        return await self._table(_SOME_USERS, "users", width)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._pool.close()

    async def _table(self, sql: str, title: str, width: int) -> RenderableType:
        result = await self._pool.execute(Statement(sql))
        if width < _TABLE_WIDTH:
            return _list(title, result.rows)
        return _table(title, result.rows)


def _table(title: str, rows: list[dict[str, Json]]) -> Table:
    """Made for 80 columns: headings break at words, times are whole seconds."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for column in rows[0] if rows else ():
        is_number = all(isinstance(row[column], int | float | None) for row in rows)
        table.add_column(column.replace("_", "\n"), justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _list(title: str, rows: list[dict[str, Json]]) -> Text:
    """For narrow displays: a line for each value."""
    text = Text(title, style="bold")
    for row in rows:
        text.append("\n")
        for column, value in row.items():
            text.append(f"\n{column.replace('_', ' ')}: {_cell(value)}", style="not bold")
    return text


def _cell(value: Json) -> str:
    text = to_text(value)
    return _TIME.sub(r"\1 \2", text) if isinstance(value, str) else text
