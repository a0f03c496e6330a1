"""Processes that need not load headrace: forked from one that has everything loaded.

A process that is started here differs from `python -m headrace` by how it began alone: it has its own standard
streams, folder, environment and signals, and dies as any process does. When it ends by itself, what it loaded is
not taken apart, which would take longer than most calls. How a process begins and ends is tested elsewhere.

As a program, it takes orders from the socket whose number it is given: JSON of what to run and where, with the
standard streams and a pipe, to which it writes the process's number and, at its end, its status.
"""

import atexit
import gc
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

if __name__ == "__main__":  # all that is loaded before the fork
    from importlib import import_module

    from headrace.app import full_registry
    from headrace.cli import main

    for name in (
        *("headrace.cli.entry", "headrace.cli.run", "headrace.cli.runs.command", "headrace.cli.signal"),
        *("headrace.cli.validate", "headrace.cli.eval", "headrace.cli.explain", "headrace.cli.components"),
        *("headrace.cli.capture.command", "headrace.cli.demo.show", "headrace.cli.postgres"),
        *("headrace.connections.http", "headrace.connections.postgres", "headrace.connections.sqlite"),
        *("headrace.connections.embedded", "headrace.flow.report", "uvloop", "support.flows", "support.made"),
    ):
        import_module(name)

__all__ = ["Forked", "start"]

_LONGEST = 1 << 20


class Forked:
    """A process, with what tests use of `subprocess.Popen`."""

    def __init__(self, status: int, streams: Sequence[IO[str]]) -> None:
        self.stdin, self.stdout, self.stderr = streams
        self.returncode: int | None = None
        self._status = os.fdopen(status)
        self.pid = int(self._status.readline())

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that killed it; None while it lives."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The same at its end.

        Raises:
            TimeoutError: it lives on.
        """
        status = self._ended(timeout)
        if status is None:
            raise TimeoutError(f"process {self.pid} did not end within {timeout} s")
        return status

    def _ended(self, timeout_s: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout_s)[0]:
            self.returncode = int(self._status.readline())
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, text: str = "", timeout: float | None = None) -> tuple[str, str]:
        """Give it its input, and wait for its end; gives what it says from here on."""
        errors: list[str] = []
        reading = threading.Thread(target=lambda: errors.append(self.stderr.read()))
        reading.start()
        with suppress(BrokenPipeError):
            self.stdin.write(text)
        with suppress(BrokenPipeError):
            self.stdin.close()
        said = self.stdout.read()
        reading.join()
        self.wait(timeout)
        self._close()
        return said, errors[0]

    def _close(self) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            with suppress(BrokenPipeError):
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        self.wait()


def start(
    *arguments: object,
    program: str = "",
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    is_merged: bool = False,
    most_bytes: int | None = None,
) -> Forked:
    """Start a process.

    Args:
        arguments: without the program's name.
        program: Python text; the command if it is empty.
        folder: the present one if None.
        environment: the present one if None.
        is_merged: what it says as errors goes to its output.
        most_bytes: no file may grow beyond that.
    """
    order = {
        "arguments": [str(argument) for argument in arguments],
        "program": program,
        "folder": str(folder or Path.cwd()),
        "environment": {**(os.environ if environment is None else environment)},
        "most_bytes": most_bytes,
    }
    (stdin, ours_in), (ours_out, stdout), (ours_err, stderr), (status, telling) = (
        os.pipe() for _ in range(4)
    )
    theirs = [stdin, stdout, stdout if is_merged else stderr, telling]
    socket.send_fds(_orders(), [json.dumps(order).encode() + b"\n"], theirs)
    for descriptor in (stdin, stdout, stderr, telling):
        os.close(descriptor)
    return Forked(status, [os.fdopen(ours_in, "w"), os.fdopen(ours_out), os.fdopen(ours_err)])


@cache
def _orders() -> socket.socket:
    """Where the program takes orders; it is started at the first, and ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    number, tests = theirs.fileno(), str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (tests, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "support.forked", str(number)]
    process = subprocess.Popen(command, pass_fds=[number], cwd="/", env={**os.environ, "PYTHONPATH": path})
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def serve(orders: socket.socket) -> int:
    """Fork a process for each order, in which this returns its exit code; 0 when there are no more orders."""
    awake, wakeup = os.pipe()
    os.set_blocking(awake, False)
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    telling: dict[int, int] = {}
    gc.freeze()
    while True:
        ready, _, _ = select.select([orders, awake], [], [])
        if awake in ready:
            os.read(awake, 4096)
            _tell_ends(telling)
        if orders not in ready:
            continue
        text, descriptors, _, _ = socket.recv_fds(orders, _LONGEST, 4)
        if not text:
            return 0
        while not text.endswith(b"\n"):
            text += orders.recv(_LONGEST)
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (orders.detach(), awake, wakeup, descriptors.pop(), *telling.values()):
                os.close(descriptor)
            return _end(_carry_out(json.loads(text), descriptors))
        telling[child] = descriptors.pop()
        os.write(telling[child], f"{child}\n".encode())
        for descriptor in descriptors:
            os.close(descriptor)


def _tell_ends(telling: dict[int, int]) -> None:
    while telling:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        with suppress(BrokenPipeError):
            os.write(telling[child], f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(telling.pop(child))


def _carry_out(order: dict[str, Any], streams: list[int]) -> int:
    """What the process does: as Python begins, with streams that it makes anew."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    is_unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stdout.reconfigure(write_through=is_unbuffered)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    if order["most_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["most_bytes"], resource.RLIM_INFINITY))
    if not order["program"]:
        return main(order["arguments"])
    sys.argv = ["-c", *order["arguments"]]
    exec(compile(order["program"], "<string>", "exec"), {"__name__": "__main__"})
    return 0


def _end(code: int) -> int:
    """As Python ends, up to where it takes apart all modules; returns where it has something to say to that."""
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (OSError, ValueError, AttributeError):  # broken, closed, none: left to Python
        return code
    os._exit(code)


if __name__ == "__main__":
    list(full_registry())  # loads all components
    raise SystemExit(serve(socket.socket(fileno=int(sys.argv[1]))))
