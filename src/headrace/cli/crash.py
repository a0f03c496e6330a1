"""What is said when headrace itself is wrong: a short text, and a file with the details."""

import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from headrace import __version__
from headrace.errors import HeadraceError

__all__ = ["report_crash"]


def report_crash(error: Exception, mask: Callable[[str], str]) -> int:
    """Write the traceback to a file below the home folder and say so; returns the exit code, 1.

    Args:
        error: what nobody expected.
        mask: takes secrets out of the text.
    """
    details = mask("".join(traceback.format_exception(error)))
    summary = mask(f"{type(error).__name__}: {error}".splitlines()[0][:300])
    print(f"error: this is a bug in headrace, and not your mistake: {summary}", file=sys.stderr)
    path = _write(f"headrace {__version__}, Python {sys.version}, {sys.platform}\n\n{details}")
    if path is not None:
        print(f"the details are in {path}; please report them", file=sys.stderr)
    return 1


def _write(text: str) -> Path | None:
    """The file that was written; None if none can be."""
    now = datetime.now(UTC)
    try:
        # Loaded when it is needed: it brings the engine with it, which `headrace --help` does without.
        home: Path = import_module("headrace.app.home").home_folder()
        folder = home / "crash"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{now:%Y%m%d-%H%M%S-%f}.txt"
        path.write_text(text, encoding="utf-8")
    except (OSError, ImportError, HeadraceError):
        print(text, file=sys.stderr)  # nowhere to write: better here than lost
        return None
    return path
