"""What a process has used."""

import resource
import sys
from pathlib import Path

__all__ = ["peak_mib"]


def peak_mib() -> float:
    """The most memory that this process has had resident, in MiB.

    On Linux from `VmHWM`, since `ru_maxrss` survives exec there and so may be the parent's.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
