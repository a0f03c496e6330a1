"""Files of a store, changed: it opens and works, or an error names the file. The same again for the same `Random`."""

import asyncio
import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, mkdtemp

from fuzz.mutation import VALUES, mutated_bytes, mutated_object
from headrace.errors import StoreError
from headrace.store import Outcome, Revival
from headrace.store.sqlite import SqliteStore
from support.filled import fill
from support.made import FLOW, fire_request

__all__ = ["Files", "recover", "stored_files"]

LONGEST_S = 30
_FRAME = 24 + 4096
_COLUMNS = (
    ("tasks", "task"), ("tasks", "task"), ("tasks", "attempt"), ("tasks", "due_at"), ("tasks", "run_id"), ("tasks", "interruptions"),
    ("runs", "vars"), ("runs", "counters"), ("runs", "status"), ("runs", "ends_as"), ("runs", "started_at"), ("runs", "tasks_done"),
    ("run_errors", "error"), ("task_groups", "body"), ("group_notes", "note"), ("dead_letters", "task"), ("dead_letters", "error"),
    ("triggers", "body"), ("triggers", "revision"), ("state", "value"), ("requests", "body"), ("versions", "overrides"),
    ("versions", "text"), ("flows", "path"),
)  # fmt: skip


@dataclass(frozen=True)
class Files:
    """What lies there: the file, and its log if there is one."""

    store: bytes
    log: bytes | None


@cache
def _seed() -> Files:
    """What a process leaves that is killed."""

    async def made(path: Path) -> Files:
        store = await SqliteStore.open(path)
        await fill(store)
        files = Files(path.read_bytes(), path.with_name(f"{path.name}-wal").read_bytes())
        await store.close()
        return files

    with TemporaryDirectory() as folder:
        return asyncio.run(made(Path(folder) / "store.db"))


@cache
def _whole() -> bytes:
    """The same in one file."""
    return _rewritten("SELECT 1", ())


def _rewritten(sql: str, values: tuple[object, ...]) -> bytes:
    """The seed in one file, after a statement that may fail."""
    with TemporaryDirectory(dir=_folder()) as folder:
        path = Path(folder) / "store.db"
        path.write_bytes(_seed().store)
        path.with_name("store.db-wal").write_bytes(_seed().log or b"")
        connection = sqlite3.connect(path)
        with suppress(sqlite3.Error, UnicodeError, OverflowError):
            connection.execute(sql, values)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return path.read_bytes()


def stored_files(random: Random) -> Files:
    """Files of a store with something wrong in them."""
    match random.randrange(6):
        case 0:
            return Files(mutated_bytes(random, _whole()), None)
        case 1:
            return Files(_flipped(random, _whole()), None)
        case 2:
            return Files(_seed().store, mutated_bytes(random, _seed().log or b""))
        case 3:
            log = _seed().log or b""
            return Files(
                _seed().store, log[: random.choice((random.randrange(len(log)), _end(random, len(log))))]
            )
        case 4:
            return Files(random.choice((b"", _whole())), random.randbytes(random.randrange(5000)))
        case _:
            return Files(_changed_row(random), None)


def _end(random: Random, size: int) -> int:
    return 32 + random.randrange(size // _FRAME) * _FRAME


def _flipped(random: Random, data: bytes) -> bytes:
    """A few bytes of one page, of which SQLite has no checksum."""
    changed, page = bytearray(data), random.randrange(len(data) // 4096) * 4096
    for _ in range(random.randrange(1, 6)):
        changed[page + random.randrange(random.choice((16, 120, 4096)))] = random.choice(
            (0, 1, 255, random.randrange(256))
        )
    return bytes(changed)


def _changed_row(random: Random) -> bytes:
    table, column = random.choice(_COLUMNS)
    return _rewritten(f"UPDATE {table} SET {column} = ?", (_changed_value(random, table, column),))


def _changed_value(random: Random, table: str, column: str) -> object:
    if random.random() < 0.15:
        return random.choice((None, 1, -1, 2**62, 1.5, "", "x", b"", b"\xff", "é\0"))
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(_whole_without_log())
        found = connection.execute(f"SELECT {column} FROM {table} ORDER BY random()").fetchone()
    finally:
        connection.close()
    old = found[0] if found else b"{}"
    if not isinstance(old, bytes):
        return random.choice((None, 0, -(2**63), 2**63 - 1, "1", "x" * 5000, b"1"))
    if random.random() < 0.3:
        return mutated_bytes(random, old)
    changed = mutated_object(random, [json.loads(old), *VALUES[:5]])
    return json.dumps(changed).encode(errors="surrogatepass")


@cache
def _whole_without_log() -> bytes:
    """As `deserialize` takes it: not in WAL mode."""
    data = bytearray(_whole())
    data[18:20] = b"\1\1"
    return bytes(data)


@cache
def _folder() -> Path:
    """In memory where there is such a place: nothing is tried here that a disk would do."""
    memory = Path("/dev/shm")
    return Path(mkdtemp(prefix="headrace-fuzz-", dir=memory if memory.is_dir() else None))


def recover(files: Files) -> None:
    """Open, adopt and go on; only the store's own error may come, and it names the file."""
    path = _folder() / "store.db"
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        path.with_name(name).unlink(missing_ok=True)
    path.write_bytes(files.store)
    if files.log is not None:
        path.with_name("store.db-wal").write_bytes(files.log)
    refused = None
    try:
        asyncio.run(asyncio.wait_for(_work(path), LONGEST_S))
    except StoreError as error:
        refused = error
    if refused is not None:
        check_refusal(refused, path)


def check_refusal(error: StoreError, path: Path) -> None:
    """It has one of the codes for it, and tells in one line which file it is about."""
    assert error.code in ("HR403", "HR404", "HR407", "HR408"), error
    assert str(path) in error.message or error.code in ("HR407", "HR408"), error
    assert "\n" not in error.message, error
    error.message.encode()


async def _work(path: Path) -> None:
    store = await SqliteStore.open(path, 0.2)
    try:
        adoption = await store.adopt(FLOW)
        for run in adoption.runs:
            for task, _ in run.tasks[:20]:
                await store.begin(task, durably=True)
                await store.commit(task, store.encode(Outcome()), 10**9, is_recorded=False)
        for letter in await store.dead_letters():
            await store.revive(Revival(letter.task.run_id, letter.task.id, "v1", {}))
        for run_ in await store.runs():
            await store.run(run_.id)
        await store.requests("test")
        await store.state("test", "cursor")
        await store.version("test", "v1")
        await store.activate("test", "ticker", "every hour", 10**9)
        await store.fire(fire_request("new"))
        await store.prune(0, 0, 10**18)
    finally:
        await store.close()
