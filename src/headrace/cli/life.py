"""The life of a command that executes a folder of flows until it is told to stop."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.cli.stopping import StopSignals
from headrace.cli.terminal import discard_output, harmless
from headrace.cli.wording import plural

if TYPE_CHECKING:
    from headrace.app.folder import Folder
    from headrace.web.server import Left

__all__ = ["left_text", "live", "tell_flows", "tell_stopping"]


async def live(work: "Callable[[StopSignals], Awaitable[Left]]") -> "tuple[Left, StopSignals]":
    """Do work until a signal ends it; gives what it leaves, and the signals."""
    stop = StopSignals()
    try:
        with stop.handled():
            return await work(stop), stop
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


def tell_flows(does: str, folder: "Folder", root: Path, where: str) -> None:
    """Say which flows of a folder a process executes, and where it says why it cannot execute others."""
    running = sum(file.program is not None for file in folder.files.values())
    others = len(folder.files) - running
    print(f"headrace {does} {plural(running, 'flow')} of {harmless(str(root))}")
    if not folder.files:
        print("no YAML file there has a line `apiVersion: headrace.dev/…`; one that comes is taken over")
    if others:
        print(f"{plural(others, 'file')} cannot be executed; the {where} says why")


def tell_stopping(runs: int, grace_s: float) -> None:
    """Say what becomes of open runs, now that it is told to stop."""
    if not runs:
        return
    try:
        print(f"stopping: running tasks have {grace_s:g} s to end; a second signal means at once", flush=True)
    except OSError:  # nobody reads it any more; what is executing is to end well all the same
        discard_output()


def left_text(left: "Left", *, is_lost: bool = False) -> str:
    """What a process says at its end."""
    if not left.runs:
        return "stopped"
    if left.others.executors:
        return f"stopped; {plural(left.runs, 'run goes', 'runs go')} on elsewhere ({left.others})"
    fate = "lost: the store is in memory" if is_lost else "left unfinished for the next start"
    return f"stopped; {plural(left.runs, 'run is', 'runs are')} {fate}"
