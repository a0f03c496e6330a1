"""What the terminal can do: colours, and a display that is redrawn."""

import os
import re
import sys
from typing import TextIO

import click

__all__ = ["harmless", "has_color", "is_live", "paint"]

# Other than tab and newline: what would move the cursor, ring, recolour, or make text run backwards.
_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")


def harmless(text: str) -> str:
    """The text without what would steer a terminal; it may come from a server."""
    return _CONTROL.sub("\ufffd", text)


def has_color(stream: TextIO) -> bool:
    """Whether to write colours: to a terminal that has them, unless `NO_COLOR` is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_live() -> bool:
    """Whether standard output is a terminal on which a display can be redrawn in place."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def paint(text: str, on: bool, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
    """The text in a colour, where colours are on."""
    return click.style(text, fg=fg, bold=bold or None, dim=dim or None) if on and text else text
