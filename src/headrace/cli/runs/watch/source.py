"""Where a watcher looks: a server, or the store."""

from typing import Protocol

import msgspec

from headrace.app.executing import Executing
from headrace.monitor.meter import Snapshot
from headrace.store import RunRecord

__all__ = ["Kept", "Source", "SourceLost"]


class SourceLost(Exception):
    """There is no answer any more, or none that can be read; the message is for people."""


class Kept(msgspec.Struct, frozen=True):
    """What the store alone knows of an open run.

    Attributes:
        executing: who executes its flow.
        open_tasks: how many wait or are executed.
    """

    executing: Executing
    open_tasks: int


class Source(Protocol):
    """Tells of runs.

    Each method may raise `SourceLost`, or `StoreError` where the store failed.

    Attributes:
        about: what is looked at, for people.
    """

    about: str

    async def flows(self) -> list[str]:
        """The names of all flows."""

    async def active(self, flow: str | None) -> list[RunRecord]:
        """The runs that have not ended, without their errors, the latest first."""

    async def since(self, flow: str | None, after_ns: int) -> list[RunRecord]:
        """The runs that began after a time, without their errors, the latest first."""

    async def latest(self, flow: str | None) -> RunRecord | None:
        """The run that began last."""

    async def find(self, beginning: str) -> list[RunRecord]:
        """Some of the runs whose ids begin so, or the one whose id it is."""

    async def run(self, run_id: str) -> RunRecord | None:
        """A run with its errors."""

    async def counts(self, flow: str) -> Snapshot | None:
        """The counts of a flow, of those that are executed where they are counted."""

    async def kept(self, run: RunRecord) -> Kept | None:
        """What is known of an open run whose flow's counts are not."""

    async def close(self) -> None:
        """Look no more; safe to call twice."""
