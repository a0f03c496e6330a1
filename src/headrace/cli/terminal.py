"""Standard streams, and what the terminal can do: colours, and a display that is redrawn."""

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TextIO

import click

__all__ = [
    "columns",
    "discard_output",
    "harmless",
    "has_color",
    "has_links",
    "is_live",
    "link",
    "open_streams",
    "paint",
]

# Other than tab and newline: what would move the cursor, ring, recolour, or make text run backwards.
_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")

# Terminals that show links in text (OSC 8), by what they say of themselves. Others might print the codes.
_LINKING_PROGRAMS = {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby"}
_LINKING_TERMS = ("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "contour")
_LINKING_VTE = 5000  # VTE 0.50: GNOME Terminal and its kin


def open_streams() -> None:
    """Make the standard streams usable: those that are closed become `/dev/null`.

    A terminal may not know every character; what it does not know is shown as `?`.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", errors="replace", closefd=False))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def discard_output() -> None:
    """Have the rest of standard output go nowhere: it cannot be written, or nobody reads it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def harmless(text: str) -> str:
    """The text without what would steer a terminal; it may come from a server."""
    return _CONTROL.sub("\ufffd", text)


def has_color(stream: TextIO) -> bool:
    """Whether to write colours: to a terminal that has them, unless `NO_COLOR` is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def has_links(stream: TextIO) -> bool:
    """Whether to write links to files: to a terminal on this machine that shows them.

    `FORCE_HYPERLINK=1` or `0` decides otherwise, as for other programs.
    """
    if not stream.isatty():
        return False
    if forced := os.environ.get("FORCE_HYPERLINK"):
        return forced != "0"
    if "SSH_CONNECTION" in os.environ:
        return False  # the file is here, and the terminal is not
    vte = os.environ.get("VTE_VERSION", "")
    return (
        (vte.isdecimal() and int(vte) >= _LINKING_VTE)
        or os.environ.get("TERM_PROGRAM") in _LINKING_PROGRAMS
        or os.environ.get("TERM", "").startswith(_LINKING_TERMS)
        or "KONSOLE_VERSION" in os.environ
    )


def columns() -> int:
    """How wide output may be: the terminal's columns; without a terminal, what no line reaches."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000


def is_live() -> bool:
    """Whether standard output is a terminal on which a display can be redrawn in place."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def paint(text: str, on: bool, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
    """The text in a colour, where colours are on."""
    return click.style(text, fg=fg, bold=bold or None, dim=dim or None) if on and text else text


def link(text: str, target: Path | None) -> str:
    """The text as a link to a file (OSC 8); the text itself if there is none."""
    return f"\x1b]8;;{target.as_uri()}\x1b\\{text}\x1b]8;;\x1b\\" if target is not None else text
