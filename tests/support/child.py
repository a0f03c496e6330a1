"""Processes of tests' own: Python text with what tests import, or with a limit where that is asked for."""

import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

_TESTS = Path(__file__).parents[1]


def child(body: str, *arguments: object, most_bytes: int | None = None) -> subprocess.Popen[str]:
    """Start a Python process; its output is text, its errors go with it.

    Args:
        body: a program; `sys.argv[1:]` are the arguments.
        most_bytes: no file may grow beyond that: a disk that is full, for this process.
    """

    def prepare() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))

    return subprocess.Popen(
        [sys.executable, "-c", body, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_TESTS), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=prepare,
    )


def said(process: subprocess.Popen[str], timeout_s: float = 30) -> tuple[int, str]:
    """Its exit code, and what it says from here to its end.

    Not by `communicate`, which loses what was read into the buffer together with an earlier line.

    Raises:
        TimeoutError: it did not end; it is killed.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    killer = threading.Timer(timeout_s, process.kill)
    killer.start()
    try:
        process.stdin.close()
        text = process.stdout.read()
        status = process.wait()
        if not killer.is_alive():
            raise TimeoutError(f"it did not end within {timeout_s:g} s, and said: {text[-500:]}")
    finally:
        killer.cancel()
        process.stdout.close()
    return status, text
