"""Processes that run a flow and are killed: forked from one that has everything loaded, so that many fit a test.

As a program, it reads orders from standard input, a line of JSON each, and answers each with a line:

    {"flow", "store", "home", "set", "secrets", "kill": [step, number] or null, "delay_s": number or null}
    -> {"status": exit code, or minus the signal, "elapsed_s"}

Each order is a fresh process, as `headrace run FLOW --once` would be. It kills itself with SIGKILL when the
number-th task comes to a step, or is killed after a delay.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    import uvloop  # noqa: F401 - loaded before the fork

    from headrace.app import full_registry
    from headrace.app.secrets import Secrets
    from headrace.app.session import version_reader
    from headrace.cli.events import EventView
    from headrace.cli.session import Order, run_flow, run_loop
    from headrace.cli.watch import Watch
    from headrace.connections import http, postgres, sqlite  # noqa: F401 - loaded before the fork
    from headrace.flow.loader import read_flow, require
    from headrace.sdk import Registry

    class Deadly(Watch):
        """Kills its process when tasks have come to a step often enough."""

        def __init__(self, step: str, number: int) -> None:
            super().__init__()
            self._step = step
            self._left = number

        def task_reached(self, task: Any, step: Any, attempt: int) -> None:
            if step.value == self._step:
                self._left -= 1
                if self._left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)


def run_here(order: dict[str, Any], registry: "Registry") -> int:
    """What the forked process does."""
    flow = require(read_flow(order["flow"], registry, overrides=order.get("set") or {}))
    secrets = Secrets(order.get("secrets") or {})
    os.environ.update({f"HEADRACE_SECRET_{name}": value for name, value in secrets.values.items()})
    given = Order(
        flow=flow,
        secrets=secrets.values,
        mask=secrets.mask,
        home=Path(order["home"]),
        store=order["store"],
        trigger=flow.triggers[0].name,
        read_version=version_reader(registry, secrets),
    )
    watch = Deadly(*order["kill"]) if order.get("kill") else Watch()
    return run_loop(run_flow(given, EventView(), watch))


def serve() -> None:
    """Fork a process for each order."""
    registry = full_registry()
    list(registry)  # loads all components
    gc.freeze()  # else each process copies all memory that it looks through
    for line in sys.stdin:
        order = json.loads(line)
        started_s = time.monotonic()
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            status = 70
            try:
                status = run_here(order, registry)
            except BaseException:  # noqa: BLE001 - into the log; a fork must not go on as its parent
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        if order.get("delay_s") is not None:
            _kill_later(child, order["delay_s"])
        _, status = os.waitpid(child, 0)
        elapsed_s = time.monotonic() - started_s
        answer = {"status": os.waitstatus_to_exitcode(status), "elapsed_s": elapsed_s}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _kill_later(child: int, delay_s: float) -> None:
    deadline_s = time.monotonic() + delay_s
    while time.monotonic() < deadline_s:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.001)
    os.killpg(child, signal.SIGKILL)


class Nursery:
    """The program, as tests see it."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process = process
        self.log = log

    def run(self, **order: Any) -> dict[str, Any]:
        """Carry out an order; gives its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**order, "log": str(self.log)}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def nursery(log: Path) -> Iterator[Nursery]:
    """Start the program; what its processes print goes to a file."""
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:  # its pipes are closed at the end, and it ends when its input does
        yield Nursery(process, log)


if __name__ == "__main__":
    serve()
