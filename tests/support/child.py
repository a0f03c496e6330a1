"""Processes of tests' own: Python text with what tests import, or with a limit where that is asked for."""

import threading

from support.forked import Forked, start


def child(body: str, *arguments: object, most_bytes: int | None = None) -> Forked:
    """Start a Python process; its output is text, its errors go with it.

    Args:
        body: a program; `sys.argv[1:]` are the arguments.
        most_bytes: no file may grow beyond that: a disk that is full, for this process.
    """
    return start(*arguments, program=body, most_bytes=most_bytes, is_merged=True)


def said(process: Forked, timeout_s: float = 30) -> tuple[int, str]:
    """Its exit code, and what it says from here to its end.

    Raises:
        TimeoutError: it did not end; it is killed.
    """
    killer = threading.Timer(timeout_s, process.kill)
    killer.start()
    try:
        text, _ = process.communicate()
        if not killer.is_alive():
            raise TimeoutError(f"it did not end within {timeout_s:g} s, and said: {text[-500:]}")
    finally:
        killer.cancel()
    return process.wait(), text
