"""Running the server's programs, as its account."""

import os
import subprocess
import time
from pathlib import Path

from headrace.connections.embedded.folder import Folder
from headrace.errors import PermanentError

__all__ = ["await_children", "is_alive", "is_server", "launch", "read_tail", "run"]

_TAIL_BYTES = 4096
_CHILDREN_S = 10.0


def run(folder: Folder, *command: str | Path) -> tuple[int, str]:
    """Run a program to its end; gives its exit status and what it printed.

    It prints into a file: a server that it leaves behind would keep a pipe open.
    """
    account = folder.account
    output = folder.state / "last-command.log"
    with output.open("wb") as log:
        done = subprocess.run(  # noqa: S603 - our own programs
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder.log.parent,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            check=False,
            start_new_session=True,  # an interrupt at the terminal is not for the server
            umask=0o077,
            user=account.user_id if account else None,
            group=account.group_id if account else None,
            extra_groups=[] if account else None,
        )
    return done.returncode, read_tail(output)


def read_tail(path: Path) -> str:
    """The last lines of a log; empty if there is none."""
    try:
        with path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(log.tell() - _TAIL_BYTES, 0))
            return log.read().decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return ""


def is_alive(process_id: int) -> bool:
    """Whether there is a process of that number, whosoever."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_server(process_id: int, data: Path) -> bool:
    """Whether a process is a PostgreSQL server on this data folder, and not another with a reused number."""
    try:
        arguments = Path(f"/proc/{process_id}/cmdline").read_bytes().split(b"\0")
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        arguments = _listed(process_id).split(b" ")  # no /proc: macOS
    return arguments[0].rpartition(b"/")[2].startswith(b"postgres") and os.fsencode(data) in arguments


def _listed(process_id: int) -> bytes:
    listed = subprocess.run(  # noqa: S603 - a number and constants
        ["/bin/ps", "-o", "args=", "-p", str(process_id)], capture_output=True, check=False
    )
    return listed.stdout.strip()


def await_children(data: Path) -> None:
    """Wait until the children of a server that was killed are gone; they notice within moments.

    Raises:
        PermanentError: some still work on the data after `_CHILDREN_S` seconds.
    """
    deadline = time.monotonic() + _CHILDREN_S
    while any(_works_in(entry, data) for entry in Path("/proc").glob("[0-9]*")):
        if time.monotonic() > deadline:
            raise PermanentError(
                f"processes of a PostgreSQL server that was killed still work in `{data}`; end them",
                code="HR325",
            )
        time.sleep(0.05)


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder
    except OSError:  # gone meanwhile, or another user's
        return False


def launch(folder: Folder, pg_ctl: Path, options: str, timeout_s: float = 60.0) -> None:
    """Start the server and wait until it takes connections.

    Raises:
        PermanentError: it does not start; with the end of its log.
    """
    deadline = time.monotonic() + _CHILDREN_S
    while True:
        wait = ("-w", "-t", f"{timeout_s:.0f}")
        status, printed = run(
            folder, pg_ctl, "start", "-D", folder.data, "-l", folder.log, *wait, "-o", options
        )
        if status == 0:
            return
        log = read_tail(folder.log)
        # The children of a server that was killed go away by themselves, a moment later.
        if "shared memory block" not in log or time.monotonic() > deadline:
            raise PermanentError(
                f"the embedded PostgreSQL does not start{_cure(log)}\n{log or printed}", code="HR325"
            )
        folder.log.unlink(missing_ok=True)
        time.sleep(0.1)


def _cure(log: str) -> str:
    if "No space left" in log:
        return ": the disk is full"
    if "Cannot allocate memory" in log or "could not map anonymous shared memory" in log:
        return ": not enough memory"
    return ""
