"""A peer's packages, in a folder of their own: made at its first run, kept until its versions change."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from peers.peer import PEERS

__all__ = ["InstallationError", "cache", "installed"]

_NODE = PEERS / "node.txt"
"""Node.js as a wheel: not every machine has the version that the peers want."""

_LONGEST_S = 900

_TELLING = re.compile(r"no matching|not found|failed|command", re.IGNORECASE)
"""What a line has that says more than that there was an error."""


class InstallationError(Exception):
    """A peer's packages cannot be had here; says why in a line."""


def cache() -> Path:
    """Where all of them are."""
    chosen = os.environ.get("HEADRACE_BENCH_CACHE")
    return Path(chosen).absolute() if chosen else Path.home() / ".cache" / "headrace-bench"


def installed(files: Path) -> Path:
    """The folder with the packages that a peer's files ask for; made if it is not there.

    Of npm packages no script is run on install: some build what the work needs not, others would fetch it.
    What it needs is built by the `build` of `package.json`.

    Raises:
        InstallationError: they cannot be installed.
    """
    package = files / "package.json"
    requirements = _NODE if package.exists() else files / "requirements.txt"
    wanted = requirements.read_bytes() + (package.read_bytes() if package.exists() else b"")
    versions = hashlib.sha256(wanted + sys.version.encode()).hexdigest()[:12]
    home = cache() / f"{files.name}-{versions}"
    stamp = home / "installed"
    if stamp.exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    bin_ = home / "venv" / "bin"
    _run([sys.executable, "-m", "venv", str(home / "venv")], home)
    pip = [str(bin_ / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--requirement", str(requirements)], home)
    if package.exists():
        shutil.copy(package, home)
        npm = str(bin_ / "npm")
        quiet = ("--no-audit", "--no-fund", "--loglevel=error")
        _run([npm, "install", "--omit=dev", "--no-package-lock", "--ignore-scripts", *quiet], home)
        _run([npm, "run", "--if-present", "build", *quiet], home)
    stamp.touch()
    return home


def _run(command: list[str], home: Path) -> None:
    path = f"{home / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    try:
        subprocess.run(
            command,
            cwd=home,
            env={**os.environ, "PATH": path},
            check=True,
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        raise InstallationError(f"installing takes longer than {_LONGEST_S} s") from None
    except (OSError, subprocess.CalledProcessError) as error:
        raise InstallationError(_reason(error)) from None


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    """The line that says why."""
    if isinstance(error, OSError):
        return str(error)
    lines = [line.strip() for line in error.stderr.splitlines() if "error" in line.lower()]
    telling = [line for line in lines if _TELLING.search(line)] or lines or [str(error)]
    return telling[0]
