"""One call of the command line."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Invocation"]


@dataclass
class Invocation:
    """What a command shares with the code that reports its errors.

    Attributes:
        mask: takes secrets out of a text for people; set as soon as a command has read secrets.
    """

    mask: Callable[[str], str] = str
