"""What a store offers whose flows several processes execute together."""

from collections.abc import AsyncIterator, Callable, Mapping, Set
from typing import Protocol

import msgspec

from headrace.store.journal.change import RunChange
from headrace.store.records import Attempt, RunRecord, TaskRecord

__all__ = ["Glance", "SharedChange", "Sharing"]


class SharedChange(msgspec.Struct, frozen=True):
    """What another process has decided.

    Attributes:
        run: about a run; None if it is about triggers: they were switched, or others may fire them now.
    """

    flow: str
    run: RunChange | None = None


class Glance(msgspec.Struct, frozen=True):
    """How it stands with a flow, as far as this process has heard.

    Attributes:
        version: whose triggers fire by themselves; else what was executed last; None if there is none.
        members: the ids of the processes that execute it; one that is dead may be among them.
        active: its unfinished runs by id, and how many errors of each are remembered.
        ended: the runs that ended last, the latest first, and when, Unix nanoseconds.
        letters: how many dead letters it has.
        switches: the triggers that a person has started or stopped.
    """

    version: str | None
    members: frozenset[str]
    active: Mapping[str, int]
    ended: Mapping[str, int]
    letters: int
    switches: Mapping[str, bool]

    @property
    def is_past(self) -> bool:
        """Whether nobody executes it, and no run of it is remembered."""
        return not (self.members or self.active or self.ended or self.letters)


class Sharing(Protocol):
    """Tasks are begun by one process at a time, and everybody is told of what the others decide.

    What does not wait tells what this process has heard so far; `claim` decides.

    Attributes:
        me: the id of this process.
        has_room: whether this process may execute more than it does; set by who executes. If so, it goes on
            with the first of the tasks that one makes which ends here.
    """

    me: str
    has_room: Callable[[], bool]

    async def follow(self, flow: str, version: str, changed_ns: int) -> None:
        """Say that this process fires a flow's triggers by themselves from now on; durable on return.

        That it does no more is said as far as that goes at once; others see later who is gone.

        Args:
            version: of the flow, that this process has; empty: it fires no more.
            changed_ns: when the file of that version was changed, Unix nanoseconds.

        Raises:
            StoreError: the store failed.
        """
        ...

    def fires(self, flow: str, version: str) -> bool:
        """Whether those with a version fire its triggers by themselves, and do what is asked of the flow.

        Of several versions that processes have it is the one whose file was changed last.
        """
        ...

    async def glance(self, flow: str) -> Glance:
        """How it stands with a flow, whoever executes it; cheap once it was asked for.

        Raises:
            StoreError: the store failed.
        """
        ...

    def members(self, *others: str) -> Set[str]:
        """The ids of the processes that execute the flows of this one, or some others; with itself."""
        ...

    async def say(self, subject: str, said: bytes) -> None:
        """Say something to all processes of the store that listen for such a subject; it may be lost."""
        ...

    def sayings(self, subject: str) -> AsyncIterator[tuple[str, bytes]]:
        """What processes say on a subject from now on, this one as well; with the id of each."""
        ...

    async def claim(self, task: TaskRecord, concurrency: int) -> Attempt | None:
        """Begin a task, unless another process has, or as many of its run are executed as may be.

        Args:
            task: an open one.
            concurrency: how many tasks of the run may execute at once, in all processes.

        Returns:
            The state of its attempts; None if it is not begun here.

        Raises:
            StoreError: the store failed.
        """
        ...

    def may_begin(self, task: TaskRecord) -> bool:
        """Whether a task is open, and no other process executes it."""
        ...

    def share_of(self, run: RunRecord, concurrency: int) -> int:
        """How many tasks of a run this process may execute at once: an equal share of what the others leave.

        Args:
            concurrency: how many may, in all processes.
        """
        ...

    def place_in(self, run: RunRecord) -> tuple[int, int]:
        """This process' place among those that execute the flow of a run, from 0, and how many these are."""
        ...

    def held(self, run_id: str) -> frozenset[str]:
        """Tasks of a run that this process has begun, or begins next."""
        ...

    def changes(self) -> AsyncIterator[SharedChange]:
        """What other processes decide about the flows that this one executes, in order, from now on."""
        ...
