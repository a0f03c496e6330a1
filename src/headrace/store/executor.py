"""Who executes a flow."""

import msgspec

__all__ = ["Executor"]


class Executor(msgspec.Struct, frozen=True):
    """A process that executes a flow.

    Attributes:
        process: its id; 0 if it is not known.
        host: the machine that the id is of; empty for this one.
        is_self: it is this process.
    """

    process: int
    host: str = ""
    is_self: bool = False

    def __str__(self) -> str:
        text = f"process {self.process}" if self.process else "another process"
        return f"{text} on {self.host}" if self.host else text
