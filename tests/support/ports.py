"""Ports for servers that must be told one before they begin, or that come back where they were."""

import random
import socket
from pathlib import Path

_LOWEST = 10_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""Where Linux says which ports it gives to connections and to servers that name none."""

_chance = random.SystemRandom()  # Hypothesis seeds the other one, and all processes would find the same ports
_given: set[int] = set()


def free_port() -> int:
    """A port of this machine on which nothing listens, and that the system gives to nobody meanwhile."""
    end = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    while True:
        port = _chance.randrange(_LOWEST, end)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:  # somebody has it
            return False
    return True
