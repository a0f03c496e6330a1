"""A database that flows write to, looked at from outside headrace."""

import sqlite3
from typing import Any

import psycopg


class Target:
    """A database by its URL, PostgreSQL's or SQLite's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements, committed at once; gives the rows of the last."""
        connection: Any = (
            sqlite3.connect(self.url.removeprefix("sqlite:///"), isolation_level=None)
            if self.is_sqlite
            else psycopg.connect(self.url, autocommit=True)
        )
        try:
            for sql in statements:
                cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def rows(self, sql: str = "SELECT id, name FROM t ORDER BY id") -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return [tuple(row) for row in self.execute(sql)]


def table_in(url: str, table: str) -> Target:
    """A database with a table `t`, whose `name varchar(5)` SQLite, which takes any length, has as a check."""
    target = Target(url)
    if target.is_sqlite:
        table = table.replace("name varchar(5)", "name text CHECK (length(name) <= 5)")
    target.execute(table)
    return target
