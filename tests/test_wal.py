"""Switching a new file to the write-ahead log while others use it."""

import sqlite3
import threading

import pytest

from headrace.wal import use_wal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new.db"


def opened(path):
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def test_it_waits_for_one_that_is_about_to_write(path):
    """SQLite itself refuses at once then."""
    other, ours, modes = opened(path), opened(path), []
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        ours.execute("PRAGMA journal_mode = WAL")
    waiting = threading.Thread(target=lambda: modes.append(use_wal(ours, patience_s=30)))
    waiting.start()
    waiting.join(0.05)
    assert (waiting.is_alive(), modes) == (True, [])
    other.execute("COMMIT")
    waiting.join()
    assert modes == ["wal"]


def test_it_waits_no_longer_than_it_is_told_to(path):
    other, ours = opened(path), opened(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        use_wal(ours, patience_s=0.05)


def test_another_error_is_not_waited_for(path):
    path.write_bytes(b"something else" * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        use_wal(opened(path), patience_s=30)
