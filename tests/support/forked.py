"""The command in processes of its own that need not load it: forked from one that has everything loaded.

A process that is started here differs from `python -m headrace` by how it began alone: it has its own standard
streams, folder, environment and signals, and dies as any process does. How a process begins is tested elsewhere.

As a program, it takes orders from the socket whose number it is given: JSON of the arguments, the folder and the
environment, with the standard streams and a pipe, to which it writes the process's number and, at its end, status.
"""

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

if __name__ == "__main__":  # all that is loaded before the fork
    from importlib import import_module

    from headrace.app import full_registry
    from headrace.cli import main

    for name in (
        *("headrace.cli.entry", "headrace.cli.run", "headrace.cli.runs.command", "headrace.cli.signal"),
        *("headrace.cli.validate", "headrace.cli.eval", "headrace.cli.explain", "headrace.cli.components"),
        *("headrace.cli.capture.command", "headrace.cli.demo.show", "headrace.cli.postgres"),
        *("headrace.connections.http", "headrace.connections.postgres", "headrace.connections.sqlite"),
        *("headrace.connections.embedded", "headrace.flow.report", "uvloop"),
    ):
        import_module(name)

__all__ = ["Forked", "Forks", "forks"]

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


class Forks:
    """The program, as tests see it."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders

    def start(
        self,
        *arguments: str | Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        is_merged: bool = False,
    ) -> Forked:
        """Start the command.

        Args:
            arguments: without the program's name.
            folder: the present one if None.
            environment: the present one if None.
            is_merged: what it says as errors goes to its output.
        """
        order = {
            "arguments": [str(argument) for argument in arguments],
            "folder": str(folder or Path.cwd()),
            "environment": {**(os.environ if environment is None else environment)},
        }
        (stdin, ours_in), (ours_out, stdout), (ours_err, stderr), (status, telling) = (
            os.pipe() for _ in range(4)
        )
        theirs = [stdin, stdout, stdout if is_merged else stderr, telling]
        socket.send_fds(self._orders, [json.dumps(order).encode()], theirs)
        for descriptor in (stdin, stdout, stderr, telling):
            os.close(descriptor)
        return Forked(status, [os.fdopen(ours_in, "w"), os.fdopen(ours_out), os.fdopen(ours_err)])


@contextmanager
def forks() -> Iterator[Forks]:
    """Start the program; it ends when the block does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            number = theirs.fileno()
            process = subprocess.Popen([sys.executable, __file__, str(number)], pass_fds=[number])
        yield Forks(ours)
        ours.shutdown(socket.SHUT_RDWR)
        process.wait()


def serve(orders: socket.socket) -> int:
    """Fork a process for each order, in which this returns its exit code; 0 when there are no more orders."""
    awake, wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
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
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (orders.detach(), awake, wakeup, descriptors.pop(), *telling.values()):
                os.close(descriptor)
            return _carry_out(json.loads(text), descriptors)
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


def _carry_out(order: dict[str, object], streams: list[int]) -> int:
    """What the process does: as Python begins, with streams that it made anew."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.stdout.reconfigure(write_through=bool(os.environ.get("PYTHONUNBUFFERED")))
    return main(order["arguments"])


if __name__ == "__main__":
    full_registry()
    raise SystemExit(serve(socket.socket(fileno=int(sys.argv[1]))))
