"""Who waits for the answer of a run."""

from enum import Enum

__all__ = ["Caller"]


class Caller(Enum):
    """What became of the caller for whom a run was started (rule 23)."""

    NONE = "none"
    """Nobody waits for an answer."""
    WAITS = "waits"
    """Somebody holds the connection."""
    ANSWERED = "answered"
    """The response was sent, or how the run ended."""
    TIMED_OUT = "timed-out"
    """The caller was told that it takes too long."""
    HUNG_UP = "hung-up"
    """The caller closed the connection before there was an answer."""
    LOST = "lost"
    """The process that held the connection ended before there was an answer."""
