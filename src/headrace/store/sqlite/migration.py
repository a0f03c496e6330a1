"""The schema of a store's file, and the steps to it from each earlier one.

`schema/0001.sql` and on are applied in order, all missing ones in one transaction; `PRAGMA user_version`
says which was the last. A step that has been released is never changed.
"""

import sqlite3
from importlib.resources import files

from headrace.errors import InternalError, StoreError
from headrace.sdk.transaction import STORE_APPLICATION_ID

__all__ = ["Step", "check", "migrate", "steps"]

Step = str
"""The SQL of one step."""


def steps() -> list[Step]:
    """All steps, the first first."""
    folder = files(__package__) / "schema"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def migrate(connection: sqlite3.Connection, wanted: list[Step]) -> None:
    """Bring a file to the newest schema; two processes at once are fine.

    Raises:
        StoreError: the file is of a newer headrace, or no store at all.
        sqlite3.Error: SQLite refuses.
    """
    if _version(connection) == len(wanted) and _application(connection) == STORE_APPLICATION_ID:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        check(connection, len(wanted))
        version = _version(connection)
        for step in wanted[version:]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {STORE_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(wanted)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def check(connection: sqlite3.Connection, newest: int) -> bool:
    """Refuse a file that is not to be touched; only reads. Tells whether the file is new.

    Raises:
        StoreError: it is of a newer headrace, or no store at all.
    """
    application, version = _application(connection), _version(connection)
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application == STORE_APPLICATION_ID:
        if version > newest:
            raise StoreError(
                f"the file was written by a newer headrace (schema {version}; this one knows {newest}); "
                "upgrade headrace, or give another --store",
                code="HR404",
            )
        return False
    if application or version or tables:
        raise StoreError("the file is a database of something else, not a store of headrace", code="HR404")
    return True


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _application(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _statements(step: Step) -> list[str]:
    """The statements of a step: `executescript` would commit the transaction that is open."""
    found, current = [], ""
    for line in step.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current)
            current = ""
    if current.strip():
        raise InternalError(f"a step of the schema ends within a statement: {current.strip()!r}")
    return found
