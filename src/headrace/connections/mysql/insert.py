"""Inserts in MySQL: rows as literals, and what became of those that have keys."""

import re
from collections.abc import Iterator

import pymysql

from headrace.connections.mysql.connection import Session
from headrace.connections.mysql.table import COLUMNS_QUERY, KEYS_QUERY, Table, named, quoted
from headrace.connections.mysql.value import column_literal, literal
from headrace.errors import PermanentError, StatementError
from headrace.sdk.transaction import Insert, Result, Upserted

__all__ = ["insert_rows"]

_STATEMENT_BYTES = 1_000_000
"""How long a statement becomes, and one row more; servers take 16 MB at least (max_allowed_packet)."""

_DUPLICATES = re.compile(r"Duplicates: (\d+)")
_NO_SUBQUERY = 1242


def insert_rows(session: Session, insert: Insert) -> Result:
    """Insert rows within the transaction that is open.

    Raises:
        PermanentError: MySQL cannot hold a value, or a row has another row's value in a unique column.
        StatementError: the keys are not unique in the table.
        pymysql.Error: MySQL refuses.
    """
    table = session.tables.get(insert.table) or _look_up(session, insert.table)
    head, tail = _head(insert), _on_duplicate(insert, table)
    result = Result([], 0, "INSERT", Upserted() if insert.keys else None)
    try:
        for count, rows in _pieces(insert, table):
            affected = _execute(session, f"{head} {rows} {tail}")
            if result.upserted is None:
                result.row_count += affected
                continue
            updated = _updated(session, count, affected)
            inserted = affected - 2 * updated  # an update counts twice
            result.upserted += Upserted.of(count, inserted, inserted + updated)
            result.row_count += inserted + updated
    except pymysql.Error as error:
        session.tables.clear()  # they may have changed
        if insert.keys and error.args and error.args[0] == _NO_SUBQUERY:
            raise PermanentError(
                f"a row has in a unique column of `{insert.table}` what another row has; `key` is "
                f"{', '.join(insert.keys)}",
                code="1062",
            ) from error
        raise
    return result


def _look_up(session: Session, name: str) -> Table:
    schema, _, table = name.rpartition(".")
    place = {
        "schema": literal(schema, 1) if schema else "database()",
        "table": literal(table, 1),
    }
    with session.cursor() as cursor:
        cursor.execute(COLUMNS_QUERY.format(**place))
        types = {str(column): str(kind) for column, kind in cursor}
        cursor.execute(KEYS_QUERY.format(**place))
        keys: dict[str, set[str]] = {}
        for index, column in cursor:
            keys.setdefault(str(index), set()).add(str(column))
    found = session.tables[name] = Table(types, frozenset(map(frozenset, keys.values())))
    return found


def _head(insert: Insert) -> str:
    return f"INSERT INTO {named(insert.table)} ({', '.join(map(quoted, insert.columns))}) VALUES"


def _on_duplicate(insert: Insert, table: Table) -> str:
    """`ON DUPLICATE KEY UPDATE …`; empty without keys.

    MySQL takes the conflict with any unique index for that of the key, and would overwrite another row. Where
    the table has further ones, a subquery that fails keeps it from that. VALUES() and not an alias of the
    new row, which MariaDB does not know.
    """
    if not insert.keys:
        return ""
    key = frozenset(name.lower() for name in insert.keys)
    if table.types and key not in table.keys:
        raise StatementError(
            f"`key` ({', '.join(insert.keys)}) is no primary key and no unique index of `{insert.table}`",
            code="HR301",
        )
    names = [quoted(name) for name in insert.columns if name not in insert.keys]
    changes = [f"{name} = VALUES({name})" for name in names]
    first = quoted(insert.keys[0])
    if table.keys - {key}:
        same = " AND ".join(f"{name} <=> VALUES({name})" for name in map(quoted, insert.keys))
        changes.insert(0, f"{first} = IF({same}, {first}, (SELECT 1 UNION SELECT 2))")
    return "ON DUPLICATE KEY UPDATE " + ", ".join(changes or [f"{first} = {first}"])


def _pieces(insert: Insert, table: Table) -> Iterator[tuple[int, str]]:
    """The rows as literals, as many together as a statement takes, with their number."""
    types = [table.types.get(name.lower(), "") for name in insert.columns]
    texts: list[str] = []
    size = 0
    for row in insert.rows:
        values = [
            column_literal(value, n, kind) for n, (value, kind) in enumerate(zip(row, types, strict=True), 1)
        ]
        texts.append(f"({', '.join(values)})")
        size += len(texts[-1])
        if size > _STATEMENT_BYTES:
            yield len(texts), ", ".join(texts)
            texts, size = [], 0
    if texts:
        yield len(texts), ", ".join(texts)


def _execute(session: Session, sql: str) -> int:
    with session.cursor() as cursor:
        return int(cursor.execute(sql))


def _updated(session: Session, rows: int, affected: int) -> int:
    """How many rows the last statement updated: the server tells of several, and counts 2 for one."""
    match = _DUPLICATES.search(session.info)
    if match is not None:
        return int(match[1])
    return int(rows == 1 and affected == 2)
