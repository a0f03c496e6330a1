"""Freeze what the newest schema makes, once it is released: `python tests/store/sqlite/freeze.py`.

Writes schema/N.sql, the schema as SQLite tells it, and schema/N.db, a store as a killed process leaves it. Each
later headrace must bring both to its own schema, and go on (test_migration.py). Frozen files are never changed.
"""

import asyncio
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from headrace.store.sqlite import SqliteStore
from headrace.store.sqlite.migration import steps
from support.filled import fill

SCHEMA = Path(__file__).parent / "schema"


def schema_of(connection: sqlite3.Connection) -> str:
    """All tables and indexes, in the order of their making."""
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    return "".join(f"{sql};\n" for (sql,) in rows)


async def freeze(folder: Path) -> None:
    """Write both files."""
    number = len(steps())
    path = folder / f"{number}.db"
    path.unlink(missing_ok=True)
    store = await SqliteStore.open(path)
    await fill(store)
    left = sqlite3.connect(
        path
    )  # what lies there while the process lives is what it leaves when it is killed
    with sqlite3.connect(copy := path.with_suffix(".copy")) as to:
        left.backup(to)
    (folder / f"{number}.sql").write_text(schema_of(left), encoding="utf-8")
    left.close()
    to.close()
    await store.close()
    copy.replace(path)
    for lock in (locks := path.with_name(f"{path.name}.locks")).iterdir():
        lock.unlink()
    locks.rmdir()


if __name__ == "__main__":
    asyncio.run(freeze(SCHEMA))
