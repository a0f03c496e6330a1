"""SQLite files as databases: connections in threads of their own, transactions that take turns."""

from headrace.connections.sqlite.database import SqliteDatabase
from headrace.connections.sqlite.transaction import SqliteTransaction

__all__ = ["SqliteDatabase", "SqliteTransaction"]
