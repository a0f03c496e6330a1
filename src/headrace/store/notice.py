"""What a flow tells others about how its runs go, to be sent at least once."""

from enum import Enum

import msgspec

from headrace.values import Json

__all__ = ["Notice", "NoticeKind"]


class NoticeKind(Enum):
    """Of one flow they take turns."""

    FAILURE = "failure"
    """So many runs in a row have failed."""
    RECOVERY = "recovery"
    """A run has succeeded after that."""


class Notice(msgspec.Struct, frozen=True):
    """One of them.

    Attributes:
        id: derives from the run that it is about, so a repeated one is the same.
        at_ns: when it was made.
        body: what is sent.
    """

    id: str
    flow: str
    kind: NoticeKind
    at_ns: int
    body: Json = None
