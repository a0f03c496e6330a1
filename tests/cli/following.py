"""Processes that execute a flow while others look, and what they leave in the store."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.outcome import Outcome

from headrace.store.sqlite.lock import locking_process

SUM = """
    tick: {component: common-module/ticker, settings: {interval: 1h, emitOnStart: false}}
    start: {component: common-module/signal}
    add: {component: common-module/modify, input: {sum: "{{$.payload.a + 1}}"}}
    log: {component: common-module/debug}"""
SUM_EDGES = "[tick -> add, start -> add, add -> log]"

SLOW = """
    tick: {component: common-module/ticker, settings: {interval: 1h, emitOnStart: false}}
    start: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: 60s}}
    log: {component: common-module/debug}"""
SLOW_EDGES = "[tick -> wait, start -> wait -> log]"


def store_file() -> Path:
    return Path(os.environ["HEADRACE_HOME"]) / "store.db"


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for something that another process does."""
    deadline_s = time.monotonic() + 30
    while not (value := condition()):
        assert time.monotonic() < deadline_s, f"waited for {what}"
        time.sleep(0.02)
    return value


def rows(sql: str) -> list[tuple[Any, ...]]:
    """Ask the store's file; nothing while it is not there."""
    if not store_file().exists():
        return []
    connection = sqlite3.connect(store_file(), timeout=30)
    try:
        return connection.execute(sql).fetchall()
    except sqlite3.OperationalError:  # its tables are being made
        return []
    finally:
        connection.close()


def change(sql: str) -> None:
    """Make the store's file as a process leaves it that dies at a certain step."""
    connection = sqlite3.connect(store_file(), timeout=30)
    with connection:
        connection.execute(sql)
    connection.close()


@contextmanager
def executing(
    spawn: Callable[..., "subprocess.Popen[str]"], path: Path, *options: str
) -> Iterator["subprocess.Popen[str]"]:
    """A process that executes the flow `test`, killed at the end."""
    with spawn("run", path, *options) as process:
        try:
            until(lambda: locking_process(store_file(), "test") == process.pid, "the flow's lock")
            until(lambda: rows("SELECT 1 FROM flows WHERE name = 'test'"), "the flow's path")
            yield process
        finally:
            process.kill()


def ended(process: "subprocess.Popen[str]") -> str:
    """Stop a process; gives what its debug nodes logged and what else it said on standard error."""
    process.send_signal(signal.SIGTERM)
    return process.communicate()[1]


@contextmanager
def silent(process: "subprocess.Popen[str]") -> Iterator[None]:
    """The process is held, so that it answers nobody; it is killed at the end, which comes when asked for."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def asked() -> None:
    """Wait until a request waits for its answer."""
    until(lambda: rows("SELECT 1 FROM requests WHERE refusal IS NULL"), "a request")


def debug_lines(text: str) -> list[str]:
    """What debug nodes logged."""
    return [line.partition("headrace.debug: ")[2] for line in text.splitlines() if "headrace.debug" in line]


def failed_runs(process: Callable[..., Outcome], path: Path, *payloads: str) -> list[str]:
    """Runs of the flow with these payloads, all of which fail; their ids, the oldest first."""
    for payload in payloads:
        outcome = process("run", path, "--once", "--trigger", "start", "--data", payload)
        assert outcome.code == 1, outcome
    return [id_ for (id_,) in rows("SELECT id FROM runs ORDER BY started_at")]
