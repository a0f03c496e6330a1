"""The command on a pseudo-terminal, and what is to be seen there."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path


def on_terminal(columns: int, *arguments: str | Path, **environment: str) -> tuple[int, str]:
    """Run the command on a pseudo-terminal; gives its exit code and all that it wrote."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "headrace", *map(str, arguments)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**inherited, "TERM": "xterm", **environment},
        close_fds=True,
    )
    os.close(follower)
    written = b""
    try:
        while part := os.read(leader, 65536):
            written += part
    except OSError:
        pass  # EIO: the other end is closed
    finally:
        os.close(leader)
    return process.wait(), written.decode()


def last_frame(written: str) -> list[str]:
    """What stays on the screen from the last time that the table was drawn."""
    text = re.split(r"(?:\x1b\[1A\x1b\[2K)+", written)[-1]
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return [line.rstrip() for line in plain.replace("\r", "").splitlines()]
