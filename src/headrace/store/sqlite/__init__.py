"""A store in one SQLite file, for one machine.

store        what the engine asks
writer       the thread that writes: group commit
batch        what is written in one transaction
reader       the thread that reads
connection   connections to the file
rows         from rows to records
adoption     becoming the process that executes a flow
lock         the lock of that process
place        where the file may lie
migration    its schema, and that of earlier versions
prune        what is forgotten of history
failure      SQLite's errors in words
"""

from headrace.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
