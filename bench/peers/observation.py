"""Running a peer, and what is seen of that from outside: the same ruler for all."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

__all__ = ["PeerError", "Usage", "observe"]

_EVERY_S = 0.1
_LONGEST_S = 600


class PeerError(Exception):
    """A peer did not do its work; says what it said last."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and those that it started have used.

    Attributes:
        cpu_s: of all that it waited for, start-up included.
        peak_mib: the most that they had resident at once, looked at ten times a second; memory that
            several of them share counts for each.
    """

    cpu_s: float
    peak_mib: float


def observe(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Usage:
    """Run a command to its end.

    Raises:
        PeerError: it failed, or takes too long.
    """
    with TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        usage = _watch(process)
        if process.returncode != 0:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise PeerError(f"exit code {process.returncode}: {said[-500:]}")
        return usage


def _watch(process: subprocess.Popen[bytes]) -> Usage:
    peak, ends_at = 0, time.monotonic() + _LONGEST_S
    while True:
        peak = max(peak, sum(map(_resident, _tree(process.pid))))
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return Usage(used.ru_utime + used.ru_stime, peak / (1 << 20))
        if time.monotonic() > ends_at:
            for child in reversed(_tree(process.pid)):
                os.kill(child, 9)
            process.wait()
            raise PeerError(f"not done within {_LONGEST_S} s")
        time.sleep(_EVERY_S)


def _tree(process_id: int) -> list[int]:
    """A process and all that came of it; as far as /proc knows."""
    found = [process_id]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:  # ended meanwhile
                continue
    return found


def _resident(process_id: int) -> int:
    """Bytes that a process has resident; 0 where there is no /proc."""
    try:
        return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
