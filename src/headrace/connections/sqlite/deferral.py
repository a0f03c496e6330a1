"""Deferred foreign keys: checked before a branch ends, so that they fail the branch and not the commit.

SQLite counts what is broken but tells the count to nobody; a COMMIT would, and commit. So the tables that
declare such keys are looked through with `PRAGMA foreign_key_check`.
"""

import sqlite3
from collections import Counter
from pathlib import Path

from headrace.errors import PermanentError

__all__ = ["check_deferred"]

_DEFERRING = """
    SELECT name FROM sqlite_schema
    WHERE type = 'table' AND sql LIKE '%DEFERRABLE%INITIALLY%DEFERRED%'
"""
# Of a violation: the table, the row's id, the table referred to, the number of the key.
_Violation = tuple[str, int | None, str, int]


def check_deferred(connection: sqlite3.Connection, path: Path) -> bool:
    """Raise if a deferred key is broken by the open transaction; what was broken before it does not count.

    Args:
        path: the file, from which another connection reads what was there before.

    Returns:
        Whether any table has such keys.

    Raises:
        PermanentError: a key is broken.
        sqlite3.Error: SQLite refuses.
    """
    tables = [name for (name,) in connection.execute(_DEFERRING)]
    broken = _violations(connection, tables)
    if broken:
        outside = sqlite3.connect(path)
        try:
            broken -= _violations(outside, [name for (name,) in outside.execute(_DEFERRING)])
        finally:
            outside.close()
    for table, row, parent, _ in broken:
        which = "a row" if row is None else f"row {row}"
        raise PermanentError(
            f"FOREIGN KEY constraint failed: {which} of `{table}` refers to none of `{parent}`",
            code="SQLITE_CONSTRAINT_FOREIGNKEY",
        )
    return bool(tables)


def _violations(connection: sqlite3.Connection, tables: list[str]) -> Counter[_Violation]:
    found: Counter[_Violation] = Counter()
    for table in tables:
        quoted = table.replace('"', '""')
        found.update(connection.execute(f'PRAGMA foreign_key_check("{quoted}")').fetchall())
    return found
