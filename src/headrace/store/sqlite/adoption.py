"""Becoming the process that executes a flow: what is found, and what is noted about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from headrace.errors import StoreError
from headrace.store.caller import Caller
from headrace.store.ledger import LeftRun
from headrace.store.records import TriggerRecord, VersionRecord
from headrace.store.sqlite import rows
from headrace.values import encode_json

__all__ = ["Found", "adopt", "take_over"]


class Found(msgspec.Struct, frozen=True):
    """What was there of a flow."""

    runs: list[LeftRun]
    triggers: dict[tuple[str, str], TriggerRecord]
    moved_from: str


def take_over(connection: sqlite3.Connection, flow: str) -> Found:
    """Count a flow's interrupted tasks, and read what is unfinished; to be called with the flow's lock."""
    with _transaction(connection):
        return _find(connection, flow, "")


def adopt(connection: sqlite3.Connection, version: VersionRecord, *, is_new: bool) -> Found:
    """Note path and version of a flow, count its interrupted tasks, and read what is unfinished.

    To be called with the flow's lock.

    Args:
        is_new: whether this process did not execute the flow before; else it knows the runs and triggers.

    Raises:
        StoreError: the flow has unfinished runs and came from another file (rule 20).
    """
    flow = version.flow
    with _transaction(connection):
        moved_from = _note_path(connection, version)
        connection.execute(
            "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?, ?)",
            (flow, version.version, version.path, version.name, version.text, encode_json(version.overrides)),
        )
        return _find(connection, flow, moved_from) if is_new else Found([], {}, moved_from)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _find(connection: sqlite3.Connection, flow: str, moved_from: str) -> Found:
    # The process that began them, and held connections, is dead (rules 9, 23): nobody else has the lock.
    connection.execute(
        "UPDATE runs SET caller = ? WHERE flow = ? AND caller = ?",
        (Caller.LOST.value, flow, Caller.WAITS.value),
    )
    connection.execute(
        """
        UPDATE tasks SET interruptions = interruptions + 1, is_executing = 0
        WHERE is_executing = 1 AND run_id IN (SELECT id FROM runs WHERE flow = ? AND status = 'running')
        """,
        (flow,),
    )
    return Found(rows.find_left_runs(connection, flow), rows.find_triggers(connection, flow), moved_from)


def _note_path(connection: sqlite3.Connection, version: VersionRecord) -> str:
    """Remember the flow's file; gives the one that it had before, if that was another."""
    row = connection.execute("SELECT path FROM flows WHERE name = ?", (version.flow,)).fetchone()
    old = version.path if row is None else str(row[0])
    if old != version.path:
        unfinished = connection.execute(
            "SELECT count(*) FROM runs WHERE flow = ? AND status = 'running'", (version.flow,)
        ).fetchone()[0]
        if unfinished:
            raise StoreError(
                f"flow `{version.flow}` of `{old}` has {unfinished} unfinished run(s) in this store, so "
                f"`{version.path}` cannot take its name; let them end there, cancel them with "
                "`headrace runs cancel`, or give this flow another `metadata.name` or --store",
                code="HR407",
            )
    connection.execute("INSERT OR REPLACE INTO flows VALUES (?, ?)", (version.flow, version.path))
    return old if old != version.path else ""
